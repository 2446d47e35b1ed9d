"""What the DNS probe asks, accepts and says, against a real server that answers what a test wrote down."""

import asyncio
import socket
import time

import pytest

from accounts.egress.guard import EgressRules
from monitors.dns_values import normal
from monitors.probes import dns
from monitors.probes.trace import Outcome, Place
from tests.fakes.dns import FakeDns
from tests.monitors.conftest import LOOPBACK


@pytest.fixture
def server():
    with FakeDns() as running:
        yield running


def ask(server, name, record="A", *expected, match="any", timeout_s=3.0, rules=LOOPBACK, host="127.0.0.1"):
    wanted = tuple(normal(record, one) for one in expected)
    check = dns.DnsCheck(name, record, Place(host, server.port, False), timeout_s, wanted, match)
    return asyncio.run(dns.run(check, rules))


@pytest.mark.parametrize(
    ("record", "held", "found"),
    [
        ("A", ["192.0.2.2", "192.0.2.1"], ("192.0.2.1", "192.0.2.2")),
        ("AAAA", ["2001:DB8::1"], ("2001:db8::1",)),
        ("CNAME", ["Edge.Example.net."], ("edge.example.net",)),
        ("MX", ["10 Mail.example.com.", "20 mail2.example.com."], ("10 mail.example.com", "20 mail2.example.com")),
        ("TXT", ['"v=spf1 " "-all"'], ("v=spf1 -all",)),
        ("NS", ["ns1.example.net."], ("ns1.example.net",)),
        ("CAA", ['0 issue "ca.example"'], ('0 issue "ca.example"',)),
    ],
)
def test_values_of_every_record_come_in_one_form(server, record, held, found):
    server.say("shop.example", record, *held)
    trace = ask(server, "shop.example", record)
    assert (trace.outcome, trace.sentence) == (Outcome.OK, "")
    assert trace.answers.values == found
    assert trace.answers.resolver == f"127.0.0.1:{server.port}"
    assert 0 < trace.wait_us <= trace.total_us


def test_an_alias_is_followed_to_its_address(server):
    server.say("shop.example", "CNAME", "edge.example.")
    server.say("edge.example", "A", "192.0.2.7")
    assert ask(server, "shop.example").answers.values == ("192.0.2.7",)


@pytest.mark.parametrize(
    ("match", "expected", "words"),
    [
        ("equals", ["192.0.2.1", "192.0.2.2"], ""),
        ("equals", ["192.0.2.1"], "hold 192.0.2.2, which nobody expected"),
        ("equals", ["192.0.2.1", "192.0.2.2", "192.0.2.3"], "lack 192.0.2.3; they are 192.0.2.1, 192.0.2.2"),
        ("contains", ["192.0.2.2"], ""),
        ("contains", ["192.0.2.9"], "lack 192.0.2.9"),
        ("any", [], ""),
    ],
)
def test_what_was_expected_is_compared_as_a_set(server, match, expected, words):
    server.say("shop.example", "A", "192.0.2.2", "192.0.2.1")
    trace = ask(server, "shop.example", "A", *expected, match=match)
    assert trace.ok is not bool(words)
    assert words in trace.sentence
    assert trace.answers.expected is trace.ok


def test_a_name_that_is_not_there_is_not_a_name_without_the_record(server):
    server.say("shop.example", "A", "192.0.2.1")
    gone, bare = ask(server, "gone.example"), ask(server, "shop.example", "AAAA")
    assert (gone.code, gone.answers.values) == ("nxdomain", ())
    assert "gone.example does not exist" in gone.sentence
    assert (bare.code, bare.answers.values) == ("no_record", ())
    assert "has no AAAA record" in bare.sentence


@pytest.mark.parametrize(
    ("rcode", "words"),
    [
        ("SERVFAIL", "could not find an answer (SERVFAIL) for shop.example"),
        ("REFUSED", "refused to answer (REFUSED) for shop.example"),
        ("NOTIMP", "answered NOTIMP"),
    ],
)
def test_a_resolver_that_fails_is_named_and_says_nothing_of_the_values(server, rcode, words):
    server.fail("shop.example", rcode)
    trace = ask(server, "shop.example")
    assert (trace.outcome, trace.code, trace.answers) == (Outcome.FAILED, "dns", None)
    assert words in trace.sentence


def test_silence_ends_in_time(server):
    server.silent = True
    began = time.monotonic()
    trace = ask(server, "shop.example", timeout_s=0.4)
    assert time.monotonic() - began < 1.2
    assert trace.code == "timeout"
    assert "did not answer for shop.example within 0.4 s" in trace.sentence


def test_an_answer_too_long_for_one_packet_is_fetched_over_tcp(server):
    server.truncate = True
    server.say("shop.example", "A", "192.0.2.1")
    assert ask(server, "shop.example").ok
    assert [transport for _, _, transport in server.asked] == ["udp", "tcp"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254"])
def test_a_resolver_that_the_guard_forbids_is_not_asked(server, host):
    trace = ask(server, "shop.example", rules=EgressRules(), host=host)
    assert trace.outcome is Outcome.BLOCKED
    assert server.asked == []


def test_without_a_chosen_resolver_the_system_is_asked(server, tmp_path, monkeypatch):
    made = dns.dns.asyncresolver.Resolver

    def of_the_system(configure):
        resolver = made(configure=False)
        resolver.nameservers = [dns.dns.nameserver.Do53Nameserver("127.0.0.1", server.port)]
        assert configure
        return resolver

    monkeypatch.setattr(dns.dns.asyncresolver, "Resolver", of_the_system)
    server.say("shop.example", "A", "192.0.2.1")
    trace = ask(server, "shop.example", host="", rules=EgressRules())
    assert trace.ok
    assert trace.answers.resolver == "the system's resolver"


def test_nobody_there_is_a_failure_of_the_resolver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    check = dns.DnsCheck("shop.example", "A", Place("127.0.0.1", port, False), 0.5)
    assert asyncio.run(dns.run(check, LOOPBACK)).code in ("dns", "timeout")
