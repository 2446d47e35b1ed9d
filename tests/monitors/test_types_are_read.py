"""What the types beside HTTP take and refuse, with which words."""

import pytest
from django.core.exceptions import ValidationError

from accounts.egress.guard import EgressRules
from ledger.models import Entry
from monitors.dns_values import normal
from monitors.kinds import KINDS, TargetError
from monitors.kinds.tcp import as_bytes
from monitors.probes import icmp
from monitors.services import change_monitor, create_monitor
from tests.builders import NIGHT
from tests.monitors.conftest import LOOPBACK

LEAST = {
    "tls": {"host": "shop.example"},
    "dns": {"domain": "shop.example"},
    "tcp": {"host": "shop.example", "port": 25},
    "icmp": {"host": "shop.example"},
    "smtp": {"host": "mail.example"},
    "postgresql": {"host": "db.example", "user": "watcher"},
    "mysql": {"host": "db.example", "user": "watcher"},
    "redis": {"host": "cache.example"},
}


def read(name, secrets=None, **given):
    kind = KINDS[name]
    return kind.read_target({**LEAST[name], **given}, kind.read_secrets(secrets or {}))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("tls", "shop.example:443"),
        ("dns", "A shop.example"),
        ("tcp", "shop.example:25"),
        ("icmp", "shop.example"),
        ("smtp", "mail.example:25"),
        ("postgresql", "db.example:5432/postgres"),
        ("mysql", "db.example:3306"),
        ("redis", "cache.example:6379/0"),
    ],
)
def test_the_least_that_can_be_said_is_enough(name, address):
    assert read(name).address == address


@pytest.mark.parametrize(
    ("name", "given", "field"),
    [
        *[(name, {"host": host}, "host") for name in LEAST if name != "dns" for host in ("", "a b", "0x7f.1", "-a.example")],
        *[(name, {"port": port}, "port") for name in ("tls", "tcp", "redis") for port in (0, 65_536, "x", True)],
        ("tcp", {"port": None}, "port"),
        ("tls", {"warn_days": "30, soon"}, "warn_days"),
        ("tls", {"warn_days": "0"}, "warn_days"),
        ("tls", {"warn_days": "400"}, "warn_days"),
        ("dns", {"domain": ""}, "domain"),
        ("dns", {"record": "PTR"}, "record"),
        ("dns", {"match": "equals"}, "expected"),
        ("dns", {"expected": ["192.0.2.1"]}, "match"),
        ("dns", {"match": "equals", "expected": ["2001:db8::1"]}, "expected"),
        ("dns", {"match": "equals", "record": "MX", "expected": ["mail.example"]}, "expected"),
        ("dns", {"match": "equals", "record": "CAA", "expected": ["ca.example"]}, "expected"),
        ("dns", {"resolver": "dns.example"}, "resolver"),
        ("dns", {"resolver": "9.9.9.9:0"}, "resolver"),
        ("tcp", {"send": r"\q"}, "send"),
        ("tcp", {"expect": "\\"}, "expect"),
        ("icmp", {"packets": 0}, "packets"),
        ("icmp", {"lost_most": 100}, "lost_most"),
        ("smtp", {"security": "maybe"}, "security"),
        ("postgresql", {"user": " "}, "user"),
        ("postgresql", {"sslmode": "allow"}, "sslmode"),
        ("postgresql", {"query": "DROP TABLE orders"}, "query"),
        ("postgresql", {"query": " ; "}, "query"),
        ("mysql", {"query": " \n"}, "query"),
        ("mysql", {"query": "SELECT 1; SELECT 2"}, "query"),
        ("mysql", {"query": "SELECT " + "1" * 1000}, "query"),
        ("redis", {"user": "watcher"}, "password"),
        ("redis", {"expected": "fine"}, "key"),
        ("redis", {"database": -1}, "database"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_at_its_field(name, given, field):
    with pytest.raises(TargetError) as refused:
        read(name, **given)
    assert refused.value.field == field
    assert refused.value.sentence.endswith(".")


@pytest.mark.parametrize("name", ["postgresql", "mysql", "redis"])
def test_a_password_is_a_secret_of_which_only_its_being_there_is_told(name):
    kind = KINDS[name]
    secrets = kind.read_secrets({"password": "s3cret-pa55"})
    target = kind.read_target(LEAST[name], secrets)
    assert secrets.as_json() == {"password": "s3cret-pa55"}
    assert target.signs_in is True
    assert "s3cret" not in str(target.as_json())
    assert read(name).signs_in is False


@pytest.mark.parametrize("name", ["tls", "dns", "tcp", "icmp", "smtp"])
def test_types_without_secrets_take_none(name):
    with pytest.raises(TargetError):
        read(name, secrets={"password": "x"})


@pytest.mark.parametrize(
    ("given", "kept", "host", "port"),
    [
        ("", "", "", 53),
        ("9.9.9.9", "9.9.9.9:53", "9.9.9.9", 53),
        ("192.0.2.53:5353", "192.0.2.53:5353", "192.0.2.53", 5353),
        ("2001:DB8::53", "[2001:db8::53]:53", "2001:db8::53", 53),
        ("[2001:db8::53]:5353", "[2001:db8::53]:5353", "2001:db8::53", 5353),
    ],
)
def test_a_resolver_is_an_address_with_its_port(given, kept, host, port):
    target = read("dns", resolver=given)
    assert (target.resolver, target.host, target.port) == (kept, host, port)


@pytest.mark.parametrize(
    ("record", "text", "form"),
    [
        ("A", " 192.0.2.1 ", "192.0.2.1"),
        ("AAAA", "2001:0DB8:0::1", "2001:db8::1"),
        ("CNAME", "Edge.Example.", "edge.example"),
        ("MX", "010 Mail.Example.", "10 mail.example"),
        ("TXT", "v=spf1 -ALL", "v=spf1 -ALL"),
        ("CAA", "0 Issue ca.example", '0 issue "ca.example"'),
        ("MX", "0 .", "0 ."),
    ],
)
def test_values_are_kept_in_one_form(record, text, form):
    assert normal(record, text) == form
    assert normal(record, form) == form


def test_days_are_kept_most_first():
    assert read("tls", warn_days="7;30 1,14").warn_days == "30, 14, 7, 1"


def test_names_beyond_ascii_are_asked_for_as_the_resolver_knows_them():
    assert read("dns", domain="Bücher.Example.").domain == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("text", "meant"),
    [(r"PING\r\n", b"PING\r\n"), (r"\x00\xff\\x", b"\x00\xff\\x"), ("é", "é".encode()), (r"\0\t", b"\0\t"), ("", b"")],
)
def test_escapes_stand_for_single_bytes(text, meant):
    assert as_bytes("send", text) == meant


def test_a_check_aimed_at_our_own_redis_cannot_even_be_saved(shop, monkeypatch):
    ours = EgressRules(LOOPBACK.allowed, own_ports=frozenset({6379}))
    monkeypatch.setattr("monitors.services.definition.current_rules", lambda: ours)
    with pytest.raises(ValidationError) as refused:
        create_monitor(service=shop, name="Ours", kind="tcp", target={"host": "127.0.0.1", "port": 6379}, now=NIGHT)
    assert refused.value.message_dict == {
        "host": ["127.0.0.1:6379 belongs to Watchbook itself, which it never calls."],
    }


def test_pings_are_not_offered_where_this_machine_may_not_send_them(shop, monkeypatch):
    monkeypatch.setattr(icmp, "self_test", lambda: None)
    with pytest.raises(ValidationError) as refused:
        create_monitor(service=shop, name="Ping", kind="icmp", target={"host": "shop.example"}, now=NIGHT)
    assert "CAP_NET_RAW" in refused.value.message_dict["host"][0]


def test_a_password_is_encrypted_and_in_no_version_of_the_monitor(shop):
    target = {"host": "db.example", "user": "watcher"}
    made = create_monitor(
        service=shop, name="Orders", kind="postgresql", target=target, secrets={"password": "s3cret-pa55"}, now=NIGHT
    )
    assert made.secrets == {"password": "s3cret-pa55"}
    assert made.target["signs_in"] is True
    told = [str(row.__dict__) for row in made.history.all()] + list(Entry.objects.values_list("line", flat=True))
    assert not any("s3cret" in one for one in told)
    changed = change_monitor(made, {"target": {"database": "orders"}}, now=NIGHT)
    assert changed.secrets == {"password": "s3cret-pa55"}
