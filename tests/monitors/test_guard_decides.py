"""Which addresses may be called, line by line."""

import ipaddress
import socket

import pytest

from accounts.egress import rules as egress
from accounts.egress.guard import METADATA, OWN, PRIVATE, UNREADABLE, EgressRules, decide, refuse_name
from accounts.models import AllowedNetwork

NOTHING = EgressRules()
EVERYTHING = EgressRules(allowed=(ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")))
TEN = EgressRules(allowed=(ipaddress.ip_network("10.0.0.0/8"),))

METADATA_IN_ALL_SPELLINGS = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",  # IPv4-mapped
    "::169.254.169.254",  # IPv4-compatible
    "2002:a9fe:a9fe::1",  # 6to4
    "64:ff9b::a9fe:a9fe",  # NAT64
    "64:ff9b:1::a9fe:a9fe",  # a site's own NAT64
]
NOT_THE_INTERNET = [
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "0.0.0.0",
    "::",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.1.1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fd12:3456::1",
    "100.64.0.1",  # CGNAT: for the standard library neither private nor global
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",  # multicast: global for the standard library
    "ff02::1",
    "240.0.0.1",
    "255.255.255.255",
    "::ffff:10.0.0.1",
    "2002:0a00:0001::1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", METADATA_IN_ALL_SPELLINGS)
def test_metadata_is_refused_whatever_an_admin_allowed(address):
    assert decide(address, 80, NOTHING) is not None
    assert decide(address, 80, EVERYTHING).kind == METADATA


@pytest.mark.parametrize("address", NOT_THE_INTERNET)
def test_what_is_not_the_internet_is_refused(address):
    assert decide(address, 443, NOTHING).kind == PRIVATE


@pytest.mark.parametrize("address", NOT_THE_INTERNET)
def test_an_allowed_network_opens_it(address):
    assert decide(address, 443, EVERYTHING) is None


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "64:ff9b::101:101"])
def test_the_internet_may_be_called(address):
    assert decide(address, 443, NOTHING) is None


def test_a_ping_which_has_no_port_is_guarded_too():
    assert decide("127.0.0.1", 0, NOTHING).kind == PRIVATE
    assert decide("10.1.2.3", 0, TEN) is None


def test_an_allowed_network_opens_no_other():
    assert decide("10.9.9.9", 80, TEN) is None
    assert decide("::ffff:10.9.9.9", 80, TEN) is None
    assert decide("192.168.1.1", 80, TEN).kind == PRIVATE
    assert decide("fd12::1", 80, TEN).kind == PRIVATE


@pytest.mark.parametrize("address", ["", "not an address", "999.1.1.1", "0x7f.1"])
def test_what_cannot_be_read_is_refused(address):
    assert decide(address, 80, EVERYTHING).kind == UNREADABLE


def test_our_own_places_are_refused_whatever_an_admin_allowed():
    ours = EgressRules(
        allowed=EVERYTHING.allowed,
        own=frozenset({(ipaddress.ip_address("10.0.0.5"), 5432)}),
        own_ports=frozenset({8000}),
        local=frozenset({ipaddress.ip_address("192.168.1.7")}),
    )
    assert decide("10.0.0.5", 5432, ours).kind == OWN
    assert decide("10.0.0.5", 80, ours) is None
    for ourselves in ("127.0.0.1", "127.0.0.2", "::1", "0.0.0.0", "::", "192.168.1.7", "::ffff:192.168.1.7"):
        assert decide(ourselves, 8000, ours).kind == OWN, ourselves
    assert decide("192.168.1.8", 8000, ours) is None


def test_a_provider_may_be_private_and_still_not_be_metadata_or_ours():
    rules = EgressRules(own_ports=frozenset({6379}), private_port=9000)
    assert decide("127.0.0.1", 9000, rules) is None
    assert decide("127.0.0.1", 9001, rules).kind == PRIVATE
    assert decide("169.254.169.254", 9000, rules).kind == METADATA
    assert decide("127.0.0.1", 6379, EgressRules(own_ports=frozenset({6379}), private_port=6379)).kind == OWN


@pytest.mark.parametrize("name", ["metadata.google.internal", "METADATA.GOOGLE.INTERNAL.", "instance-data"])
def test_names_of_metadata_services_are_refused(name):
    assert refuse_name(name).kind == METADATA
    assert refuse_name("shop.example.com") is None


def test_sentences_name_the_address():
    assert "169.254.169.254" in str(decide("::ffff:169.254.169.254", 80, NOTHING))
    assert "10.0.0.1" in str(decide("10.0.0.1", 80, NOTHING))


def test_rules_know_our_web_database_and_broker(db, settings):
    settings.PORT = 8123
    settings.DATABASE_URL = "postgres://user:secret@127.0.0.1:5433/watchbook"
    settings.REDIS_URL = "redis://10.20.30.40/0"
    egress._own_places.cache_clear()
    try:
        AllowedNetwork(cidr="10.0.0.0/8").save(now=None, reason="Test")
        rules = egress.current_rules()
    finally:
        egress._own_places.cache_clear()
    assert decide("127.0.0.1", 8123, rules).kind == OWN
    assert decide("::1", 5433, rules).kind == OWN
    assert decide("10.20.30.40", 6379, rules).kind == OWN
    assert decide("10.20.30.40", 80, rules) is None
    assert decide("192.168.0.1", 80, rules).kind == PRIVATE


def test_a_retired_network_opens_nothing(db, now):
    network = AllowedNetwork(cidr="10.0.0.0/8")
    network.save(now=now, reason="Test")
    assert decide("10.1.1.1", 80, egress.current_rules()) is None
    network.retire(now=now, reason="Test")
    assert decide("10.1.1.1", 80, egress.current_rules()).kind == PRIVATE


def test_a_database_on_a_unix_socket_has_no_place(db, settings):
    settings.DATABASE_URL = "sqlite:////var/lib/watchbook.sqlite3"
    settings.REDIS_URL = ""
    egress._own_places.cache_clear()
    try:
        assert egress.current_rules().own == frozenset()
    finally:
        egress._own_places.cache_clear()


def test_every_loopback_address_of_this_machine_is_known(db):
    egress._own_places.cache_clear()
    assert ipaddress.ip_address(socket.gethostbyname("localhost")) in egress.current_rules().local
