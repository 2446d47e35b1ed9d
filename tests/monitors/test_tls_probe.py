"""What the TLS probe finds in a chain: the good one, and every way in which one can be broken."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from accounts.egress.guard import EgressRules
from monitors.probes import secure, tls
from monitors.probes.trace import Outcome, Place
from tests.fakes.talker import hang, talking
from tests.monitors.authority import Signer, shake, weak_key
from tests.monitors.conftest import LOOPBACK

HERE = "127.0.0.1"


@pytest.fixture(scope="module")
def root():
    return Signer("Test root", ca=True, days=3000)


@pytest.fixture(scope="module")
def middle(root):
    return Signer("Test intermediate", by=root, ca=True, days=200)


@pytest.fixture(autouse=True)
def trust(root, tmp_path, monkeypatch):
    """This machine trusts the test's root and nobody else."""
    bundle = tmp_path / "roots.pem"
    bundle.write_bytes(root.pem)
    monkeypatch.setattr(secure, "ca_file", lambda: str(bundle))


def look(talk, *, host=HERE, timeout_s=5.0, rules=LOOPBACK):
    with talking(talk) as server:
        return asyncio.run(tls.run(tls.TlsCheck(Place(host, server.port, True), timeout_s), rules))


def test_a_chain_in_order_is_good_and_its_weakest_certificate_counts(tmp_path, root):
    short = Signer("Short intermediate", by=root, ca=True, days=20)
    leaf = Signer(HERE, by=short, days=90)
    trace = look(shake(leaf.context(tmp_path, short)))
    assert (trace.outcome, trace.sentence) == (Outcome.OK, "")
    assert [link.subject for link in trace.chain] == [HERE, "Short intermediate", "Test root"]
    assert [link.sent for link in trace.chain] == [True, True, False]
    assert {(link.chain_ok, link.hostname_ok) for link in trace.chain} == {(True, True)}
    assert secure.weakest(trace.chain).subject == "Short intermediate"
    assert secure.days_left(trace.chain, datetime.now(UTC)) == 20
    first = trace.chain[0]
    assert (first.issuer, first.sans, first.key_type) == ("Short intermediate", (HERE,), "EC secp256r1")
    assert first.serial == f"{leaf.certificate.serial_number:x}"
    assert trace.tls_us > 0
    assert trace.connect_us + trace.tls_us <= trace.total_us


def broken(kind, folder, root, middle):
    """A server's context with one fault, and a piece of the sentence that names it."""
    if kind == "expired":
        return Signer(HERE, by=middle, days=-3).context(folder, middle), "has expired (on 20"
    if kind == "not yet valid":
        return Signer(HERE, by=middle, since=5).context(folder, middle), "is not valid yet (from 20"
    if kind == "self-signed":
        return Signer(HERE).context(folder), "is self-signed"
    if kind == "wrong host":
        made = Signer("other.example", by=middle, names=["other.example", "www.other.example"])
        return made.context(folder, middle), "it is for other.example, www.other.example"
    if kind == "name in the subject only":
        return Signer(HERE, by=middle, names=[]).context(folder, middle), "it is for no name at all"
    if kind == "missing intermediate":
        return Signer(HERE, by=middle).context(folder), "was issued by somebody who is not trusted"
    if kind == "expired intermediate":
        old = Signer("Old intermediate", by=root, ca=True, days=-2)
        return Signer(HERE, by=old).context(folder, old), "Old intermediate, has expired (on 20"
    if kind == "unknown root":
        strange = Signer("Strange root", ca=True)
        return Signer(HERE, by=strange).context(folder, strange), "ends in a root that is not trusted"
    if kind == "not an authority":
        leaf = Signer("shop.example", by=middle)
        return Signer(HERE, by=leaf).context(folder, leaf, middle), "is not accepted"
    assert kind == "weak key"
    return Signer(HERE, by=middle, key=weak_key()).context(folder, middle), "has a key that is too weak"


@pytest.mark.parametrize(
    "kind",
    ["expired", "not yet valid", "self-signed", "wrong host", "name in the subject only", "missing intermediate",
     "expired intermediate", "unknown root", "not an authority", "weak key"],
)  # fmt: skip
def test_a_broken_chain_is_named_and_still_shown(kind, tmp_path, root, middle):
    context, words = broken(kind, tmp_path, root, middle)
    trace = look(shake(context))
    assert (trace.outcome, trace.code) == (Outcome.FAILED, "tls"), trace
    assert words in trace.sentence
    assert trace.chain, "the chain can be looked at although it is not trusted"


@pytest.mark.parametrize(
    ("kind", "chain_ok", "hostname_ok"),
    [("expired", False, True), ("self-signed", False, None), ("wrong host", None, False)],
)
def test_what_was_not_judged_is_neither_good_nor_bad(kind, chain_ok, hostname_ok, tmp_path, root, middle):
    trace = look(shake(broken(kind, tmp_path, root, middle)[0]))
    assert (trace.chain[0].chain_ok, trace.chain[0].hostname_ok) == (chain_ok, hostname_ok)


@pytest.mark.parametrize(
    ("talk", "code", "words"),
    [
        (lambda connection: connection.sendall(b"220 mail.example ESMTP\r\n"), "tls", "does not speak TLS"),
        (lambda connection: connection.recv(4096), "tls", "during the TLS handshake"),
    ],
)
def test_what_is_no_tls_is_said(talk, code, words):
    trace = look(talk)
    assert (trace.outcome, trace.code) == (Outcome.FAILED, code)
    assert words in trace.sentence


def test_a_server_that_never_answers_ends_in_time():
    began = time.monotonic()
    trace = look(hang, timeout_s=0.3)
    assert time.monotonic() - began < 1
    assert (trace.outcome, trace.code) == (Outcome.FAILED, "timeout")
    assert "did not finish the TLS handshake within 0.3 s" in trace.sentence
    assert 250_000 < trace.tls_us <= trace.total_us


def test_an_address_nobody_allowed_is_not_called():
    with talking(hang) as server:
        trace = asyncio.run(tls.run(tls.TlsCheck(Place(HERE, server.port, True), 2.0), EgressRules()))
        assert (trace.outcome, trace.code) == (Outcome.BLOCKED, "blocked")
        assert server.seen == 0
