"""What the probes of TCP, ping and mail find and say, against real servers on this machine."""

import asyncio
import ipaddress
import socket
import time

import pytest
from aiosmtpd.controller import Controller

from accounts.egress.guard import EgressRules
from monitors.probes import dialing, icmp, secure, smtp, tcp
from monitors.probes.trace import Outcome, Place
from tests.fakes.talker import hang, talking
from tests.monitors.authority import Signer
from tests.monitors.conftest import LOOPBACK

HERE = "127.0.0.1"


def closed_port():
    with socket.create_server((HERE, 0)) as server:
        return server.getsockname()[1]


def call(port, *, host=HERE, rules=LOOPBACK, timeout_s=3.0, **more):
    return asyncio.run(tcp.run(tcp.TcpCheck(Place(host, port, False), timeout_s, **more), rules))


# --- TCP


def test_a_port_that_takes_connections_is_good():
    with talking(hang) as server:
        trace = call(server.port)
    assert (trace.outcome, trace.sentence) == (Outcome.OK, "")
    assert 0 < trace.connect_us <= trace.total_us
    assert trace.dns_us == 0


def test_a_name_is_resolved_and_the_time_it_took_is_known():
    with talking(hang) as server:
        trace = call(server.port, host="localhost")
    assert trace.ok
    assert trace.dns_us > 0


def test_what_is_sent_arrives_and_what_is_expected_is_found_in_pieces():
    def echo(connection):
        said = connection.recv(100)
        connection.sendall(b"you said ")
        time.sleep(0.02)
        connection.sendall(said.upper())
        connection.recv(1)

    with talking(echo) as server:
        trace = call(server.port, send=b"hello\r\n", expect=b"said HELLO")
    assert trace.ok
    assert trace.wait_us >= 15_000


@pytest.mark.parametrize(
    ("talk", "code", "words"),
    [
        (lambda c: c.sendall(b"-ERR go away\r\n"), "expect", "ended without saying “+OK”; it said “-ERR go away”."),
        (lambda c: None, "expect", "it said nothing."),
        (hang, "timeout", "did not say what was expected within 0.4 s"),
        (lambda c: [c.sendall(b"x" * 10_000) for _ in range(1000)], "too_large", "sent more than 65,536 bytes"),
    ],
)
def test_an_answer_that_is_not_the_expected_one_is_told(talk, code, words):
    with talking(talk) as server:
        trace = call(server.port, expect=b"+OK", timeout_s=0.4)
    assert (trace.outcome, trace.code) == (Outcome.FAILED, code)
    assert words in trace.sentence


def test_nobody_there_is_refused():
    trace = call(closed_port())
    assert (trace.outcome, trace.code) == (Outcome.FAILED, "refused")
    assert trace.sentence.endswith("refused the connection.")


def test_a_name_that_does_not_exist_is_told():
    trace = call(80, host="nothing.invalid")
    assert (trace.code, trace.sentence) == ("dns", "The name nothing.invalid could not be resolved to an address.")


def test_a_resolver_that_hangs_ends_in_time_and_holds_nobody_up(monkeypatch):
    real = socket.getaddrinfo

    def slow(host, *more, **named):
        if host == "slow.example":
            time.sleep(2)
        return real(HERE if host == "quick.example" else host, *more, **named)

    monkeypatch.setattr(dialing.socket, "getaddrinfo", slow)

    async def many(port):
        hosts = ["slow.example"] * 40 + ["quick.example"]
        checks = [tcp.TcpCheck(Place(host, port, False), 0.4) for host in hosts]
        return await asyncio.gather(*(tcp.run(check, LOOPBACK) for check in checks))

    with talking(hang) as server:
        *stuck, quick = asyncio.run(many(server.port))
    assert {trace.code for trace in stuck} == {"timeout"}
    assert "was not resolved to an address within 0.4 s" in stuck[0].sentence
    assert quick.ok
    assert quick.total_us < 300_000


def test_the_second_address_is_tried_when_the_first_refuses(monkeypatch):
    found = [(socket.AF_INET6, 1, 6, "", ("::1", 0, 0, 0)), (socket.AF_INET, 1, 6, "", (HERE, 0))]
    monkeypatch.setattr(dialing.socket, "getaddrinfo", lambda *a, **k: found)
    rules = EgressRules(allowed=(*LOOPBACK.allowed, ipaddress.ip_network("::1/128")))
    with talking(hang) as server:
        assert call(server.port, host="both.example", rules=rules).ok


def test_the_address_that_was_guarded_is_the_one_that_is_called(monkeypatch):
    """A name that turns private between two looks is looked up once."""
    answers = iter(["192.0.2.1", HERE, HERE])
    asked = []

    def flip(host, *more, **named):
        asked.append(host)
        return [(socket.AF_INET, 1, 6, "", (next(answers), 0))]

    monkeypatch.setattr(dialing.socket, "getaddrinfo", flip)
    with talking(hang) as server:
        trace = call(server.port, host="flips.example", rules=EgressRules(), timeout_s=0.3)
        assert trace.outcome is not Outcome.OK
        assert (asked, server.seen) == (["flips.example"], 0)


@pytest.mark.parametrize("host", [HERE, "localhost", "::ffff:127.0.0.1", "::ffff:7f00:1"])
def test_a_private_address_that_nobody_allowed_is_not_called(host):
    with talking(hang) as server:
        trace = call(server.port, host=host, rules=EgressRules())
        assert (trace.outcome, trace.code) == (Outcome.BLOCKED, "blocked")
        assert server.seen == 0


@pytest.mark.parametrize("host", [HERE, "::ffff:127.0.0.1", "localhost", "127.9.9.9"])
def test_our_own_redis_is_refused_even_where_its_network_is_allowed(host):
    with talking(hang) as our_redis:
        address = ipaddress.ip_address(HERE)
        own = frozenset({our_redis.port})
        rules = EgressRules(LOOPBACK.allowed, own=frozenset({(address, our_redis.port)}), own_ports=own)
        trace = call(our_redis.port, host=host, rules=rules, send=b"FLUSHALL\r\n", expect=b"+OK")
        assert trace.outcome is Outcome.BLOCKED
        assert trace.sentence.endswith("belongs to Watchbook itself, which it never calls.")
        assert our_redis.seen == 0


@pytest.mark.parametrize("host", ["metadata.google.internal", "169.254.169.254"])
def test_metadata_services_are_never_called(host):
    assert call(80, host=host).outcome is Outcome.BLOCKED


# --- ping


@pytest.mark.skipif(icmp.self_test() is None, reason="this machine may not send pings")
def test_a_host_that_answers_pings_is_good():
    trace = asyncio.run(icmp.run(icmp.IcmpCheck(Place(HERE, 0, False), 3.0, packets=2), LOOPBACK))
    assert (trace.outcome, trace.sentence) == (Outcome.OK, "")
    assert 0 < trace.wait_us < 100_000


def test_a_host_that_answers_no_ping_ends_in_time(monkeypatch):
    async def lost(address, *, count, interval, timeout, privileged):
        await asyncio.sleep(timeout * count + 5)

    monkeypatch.setattr(icmp, "self_test", lambda: False)
    monkeypatch.setattr(icmp.icmplib, "async_ping", lost)
    began = time.monotonic()
    trace = asyncio.run(icmp.run(icmp.IcmpCheck(Place(HERE, 0, False), 0.3), LOOPBACK))
    assert time.monotonic() - began < 1
    assert trace.sentence == "127.0.0.1 did not answer a ping within 0.3 s."
    made = dialing.Call(Place("shop.example", 0, False), 1.0, LOOPBACK)
    with pytest.raises(dialing.Fault, match="answered none of 3 pings"):
        icmp._judge(made, icmp.IcmpCheck(made.place, 1.0), icmp.icmplib.Host(HERE, 3, []))


def test_lost_pings_count_from_the_share_that_is_allowed():
    made = dialing.Call(Place("shop.example", 0, False), 1.0, LOOPBACK)
    check = icmp.IcmpCheck(made.place, 1.0, packets=4, lost_most=50)
    icmp._judge(made, check, icmp.icmplib.Host(HERE, 4, [1.0, 3.0]))
    assert made.trace.wait_us == 2000
    with pytest.raises(dialing.Fault, match=r"lost 3 of 4 pings; at most 50 % may be lost\."):
        icmp._judge(made, check, icmp.icmplib.Host(HERE, 4, [1.0]))


def test_where_pings_are_forbidden_the_reason_is_told(monkeypatch):
    monkeypatch.setattr(icmp, "self_test", lambda: None)
    assert "CAP_NET_RAW" in icmp.refusal()
    trace = asyncio.run(icmp.run(icmp.IcmpCheck(Place(HERE, 0, False), 1.0), LOOPBACK))
    assert (trace.outcome, trace.code) == (Outcome.BLOCKED, "not_offered")


def test_a_private_host_is_not_pinged():
    assert asyncio.run(icmp.run(icmp.IcmpCheck(Place(HERE, 0, False), 1.0), EgressRules())).code == "blocked"


# --- mail


@pytest.fixture(scope="module")
def root():
    return Signer("Mail root", ca=True)


@pytest.fixture(autouse=True)
def trust(root, tmp_path, monkeypatch):
    bundle = tmp_path / "roots.pem"
    bundle.write_bytes(root.pem)
    monkeypatch.setattr(secure, "ca_file", lambda: str(bundle))


def mail(port, *, security="starttls", timeout_s=3.0):
    return asyncio.run(smtp.run(smtp.SmtpCheck(Place(HERE, port, security == "tls"), timeout_s, security), LOOPBACK))


@pytest.fixture
def mail_server():
    running = []

    def start(context, **more):
        controller = Controller(object(), hostname=HERE, port=closed_port(), tls_context=context, **more)
        controller.start()
        running.append(controller)
        return controller.port

    yield start
    for controller in running:
        controller.stop()


def test_a_mail_server_with_a_good_certificate_is_good(mail_server, root, tmp_path):
    trace = mail(mail_server(Signer(HERE, by=root).context(tmp_path)))
    assert (trace.outcome, trace.sentence) == (Outcome.OK, "")
    assert trace.chain[0].sans == (HERE,)
    assert trace.tls_us > 0
    assert trace.wait_us > 0


def test_the_certificate_of_a_mail_server_is_verified(mail_server, tmp_path):
    trace = mail(mail_server(Signer(HERE).context(tmp_path)))
    assert (trace.outcome, trace.code) == (Outcome.FAILED, "tls")
    assert "is self-signed" in trace.sentence


def test_a_mail_server_without_starttls_is_told(mail_server):
    port = mail_server(None)
    assert mail(port).sentence == f"{HERE}:{port} does not offer STARTTLS."
    assert mail(port, security="none").ok


def test_mail_in_tls_from_the_first_byte(root, tmp_path):
    context = Signer(HERE, by=root).context(tmp_path)

    def talk(connection):
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.sendall(b"220 mail.example ready\r\n")
            secured.recv(100)
            secured.sendall(b"250-mail.example\r\n250 SIZE 1000\r\n")
            secured.recv(100)
            secured.sendall(b"221 bye\r\n")

    with talking(talk) as server:
        assert mail(server.port, security="tls").ok


def injected(connection):
    """Words in plain text behind the answer to STARTTLS, where somebody in between would put them."""
    connection.sendall(b"220 hi\r\n")
    connection.recv(100)
    connection.sendall(b"250-hi\r\n250 STARTTLS\r\n")
    connection.recv(100)
    connection.sendall(b"220 go\r\n250 forged\r\n")
    connection.recv(100)


@pytest.mark.parametrize(
    ("talk", "code", "words"),
    [
        (lambda c: c.sendall(b"554 no service\r\n"), "answer", "was “554 no service”, not 220"),
        (lambda c: c.sendall(b"SSH-2.0-OpenSSH\r\n"), "protocol", "does not speak SMTP: its greeting was “SSH-2.0-"),
        (lambda c: None, "protocol", "its greeting was nothing"),
        (hang, "timeout", "did not send its greeting within 0.4 s"),
        (injected, "protocol", "in plain text after STARTTLS"),
    ],
)
def test_what_is_no_mail_server_is_told(talk, code, words):
    with talking(talk) as server:
        trace = mail(server.port, timeout_s=0.4)
    assert (trace.outcome, trace.code) == (Outcome.FAILED, code)
    assert words in trace.sentence
