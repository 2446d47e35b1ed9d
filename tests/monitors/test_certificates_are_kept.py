"""The register of certificates: every one is kept, renewals are counted, and somebody is told before one ends."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from hypothesis import given
from hypothesis import strategies as st

from ledger import clock
from ledger.models import Entry
from monitors.engine.findings import Finding
from monitors.engine.observing import observe
from monitors.engine.ticks import claim
from monitors.expiry import days_left, remaining, warning
from monitors.models import Certificate, MonitorState, Rule, Signal
from monitors.probes import secure
from monitors.probes.trace import Link, Trace
from monitors.queries import open_conditions
from monitors.registers import certificates_in_use, chain_in_use, renewals_of, shown
from monitors.services import create_monitor, retire_monitor
from tests.builders import NIGHT
from tests.fakes.talker import talking
from tests.monitors.authority import Signer, shake
from tests.monitors.conftest import settle

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
USUAL = (30, 14, 7, 1)


@pytest.fixture
def monitor(shop):
    return watch(shop)


def watch(shop, name="Certificate", **target):
    given = {"host": "shop.example", **target}
    return create_monitor(service=shop, name=name, kind="tls", target=given, now=NIGHT, reason="Test")


def link(name="shop.example", *, ends, position=0, **more):
    told = {"issuer": "Test CA", "serial": "1f", "sha256": f"{name} {ends:%Y-%m-%d}", "key_type": "EC secp256r1"}
    told |= {"sans": (name,), "not_before": ends - 90 * DAY, "not_after": ends, "chain_ok": True, "hostname_ok": True}
    return Link(position=position, subject=name, **{**told, **more})


def chain(ends, *, intermediate=NIGHT + 900 * DAY):
    return (link(ends=ends), link("Test CA", ends=intermediate, position=1))


def see(monitor, links, at):
    finding = Finding(monitor.pk, monitor.version, 1, at, False, 0, Trace(chain=tuple(links)))
    observe([finding], now=at + timedelta(seconds=1))


def told(monitor):
    return [(s.opens, s.severity, s.urgency) for s in Signal.objects.filter(monitor=monitor).order_by("pk")]


def test_a_certificate_is_kept_once_from_first_to_last_sight(monitor):
    links = chain(NIGHT + 80 * DAY)
    for hours in (0, 1, 5):
        see(monitor, links, NIGHT + hours * HOUR)
    own, other = Certificate.objects.order_by("position")
    assert (own.host, own.port, own.subject, own.position) == ("shop.example", 443, "shop.example", 0)
    assert (own.first_seen_at, own.last_seen_at) == (NIGHT, NIGHT + 5 * HOUR)
    assert (own.chain_ok, own.hostname_ok, own.renewed_at) == (True, True, None)
    assert (other.subject, other.position) == ("Test CA", 1)
    assert Entry.objects.filter(kind="certificate.seen").count() == 2
    assert [one.subject for one in chain_in_use(monitor)] == ["shop.example", "Test CA"]


def test_a_late_sight_moves_nothing_back(monitor):
    links = chain(NIGHT + 80 * DAY)
    see(monitor, links, NIGHT + 2 * HOUR)
    see(monitor, [replace(one, chain_ok=False) for one in links], NIGHT + HOUR)
    own = Certificate.objects.get(position=0)
    assert (own.last_seen_at, own.chain_ok) == (NIGHT + 2 * HOUR, True)


def test_a_renewal_says_how_many_days_were_left(monitor):
    see(monitor, chain(NIGHT + 20 * DAY), NIGHT)
    see(monitor, chain(NIGHT + 100 * DAY), NIGHT + 5 * DAY)
    new, old = renewals_of(Certificate.objects.first())
    assert (old.renewed_at, old.days_left) == (NIGHT + 5 * DAY, 15)
    assert (new.renewed_at, new.days_left) == (None, None)
    assert list(certificates_in_use()) == [new]
    line = Entry.objects.get(kind="certificate.renewed").line
    assert '"days_left":15' in line
    assert "shop.example" not in line
    assert Certificate.objects.filter(position=1).count() == 1, "what it rests on is the same"


def test_one_replaced_after_its_end_has_days_below_nothing(monitor):
    see(monitor, chain(NIGHT + DAY), NIGHT)
    see(monitor, chain(NIGHT + 90 * DAY), NIGHT + 3 * DAY)
    assert Certificate.objects.get(renewed_at__isnull=False).days_left == -2


def test_two_hosts_and_two_ports_are_apart(shop, monitor):
    links = chain(NIGHT + 80 * DAY)
    see(monitor, links, NIGHT)
    see(watch(shop, "Mail", port=8443), links, NIGHT)
    see(watch(shop, "Other", host="other.example"), links, NIGHT)
    assert certificates_in_use().count() == 3
    assert not Certificate.objects.exclude(renewed_at=None).exists()


def test_each_threshold_is_told_louder_than_the_one_before_and_a_renewal_ends_it(monitor):
    ends = NIGHT + 40 * DAY
    for left in (31, 30, 29, 15, 14, 10, 7, 2, 1, 0):
        see(monitor, chain(ends), ends - left * DAY)
    opened = [(True, 4, "low"), (True, 3, "low"), (True, 2, "low"), (True, 1, "high")]
    assert [one for one in told(monitor) if one[0]] == opened
    signal = Signal.objects.filter(monitor=monitor, opens=True).first()
    assert signal.reason.startswith(f"The certificate has 30 days left: it is good until {ends:%Y-%m-%d}")
    see(monitor, chain(ends + 90 * DAY), ends)
    assert told(monitor)[-1][0] is False
    assert open_conditions([monitor]) == {}


def test_the_one_that_ends_first_counts_wherever_it_stands(monitor):
    see(monitor, chain(NIGHT + 80 * DAY, intermediate=NIGHT + 6 * DAY), NIGHT)
    (held,) = open_conditions([monitor])[monitor.pk]
    assert held.reason.startswith("Test CA, which the certificate rests on, has 6 days left")
    assert held.severity == 2


def test_thresholds_are_the_monitors_own(shop):
    early = watch(shop, "Early", warn_days="60 20")
    see(early, chain(NIGHT + 50 * DAY), NIGHT)
    assert told(early) == [(True, 4, "low")]


def test_a_rule_louder_than_usual_makes_every_warning_louder(monitor):
    rule = Rule.objects.get(monitor=monitor, condition="certificate")
    rule.severity = 2
    rule.save(now=NIGHT, reason="Test")
    see(monitor, chain(NIGHT + 20 * DAY), NIGHT)
    assert told(monitor) == [(True, 3, "low")]


def test_a_certificate_monitor_has_its_rule_from_the_beginning(monitor):
    assert set(Rule.objects.filter(monitor=monitor).values_list("condition", flat=True)) == {"down", "certificate"}


def test_what_a_monitor_saw_that_was_retired_or_changed_since_is_left_out(monitor):
    before = monitor.version
    finding = Finding(monitor.pk, before + 7, 1, NIGHT, False, 0, Trace(chain=chain(NIGHT + 5 * DAY)))
    observe([finding], now=NIGHT)
    retire_monitor(monitor, now=NIGHT, reason="Test")
    see(monitor, chain(NIGHT + 5 * DAY), NIGHT)
    assert not Certificate.objects.exists()


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({}, ("up", "In order")),
        ({"ends": NIGHT + 20 * DAY}, ("degraded", "Ends soon")),
        ({"ends": NIGHT - HOUR}, ("down", "Ended")),
        ({"chain_ok": False, "hostname_ok": None}, ("down", "Not trusted")),
        ({"chain_ok": None, "hostname_ok": False}, ("down", "Wrong name")),
        ({"chain_ok": None, "hostname_ok": None}, ("unknown", "Not judged")),
    ],
)
def test_a_certificate_is_shown_as_what_it_is(monitor, more, state):
    see(monitor, [link(**{"ends": NIGHT + 90 * DAY, **more})], NIGHT)
    row = shown(Certificate.objects.all(), NIGHT)[0]
    assert (row.state, row.word) == state


@given(st.integers(-400 * 24, 400 * 24), st.sets(st.integers(1, 365), min_size=1, max_size=6))
def test_warnings_only_get_louder_as_the_end_comes_near(hours, days):
    end = NIGHT + hours * HOUR
    now, later = warning(end, NIGHT, tuple(days)), warning(end, NIGHT + HOUR, tuple(days))
    assert (now is None) == (end - NIGHT > max(days) * DAY)
    if now is not None:
        assert later.severity <= now.severity
        assert (later.urgency, now.urgency) != ("low", "high")


@pytest.mark.parametrize(
    ("left", "words", "days"),
    [
        (30 * DAY, "has 30 days left", 30),
        (DAY, "has 1 day left", 1),
        (HOUR, "has less than a day left", 0),
        (-HOUR, "ended today", -1),
        (-3 * DAY, "ended 3 days ago", -3),
    ],
)
def test_what_is_left_is_said_in_words(left, words, days):
    assert (remaining(NIGHT + left, NIGHT), days_left(NIGHT + left, NIGHT)) == (words, days)
    assert (warning(NIGHT + left, NIGHT, USUAL) is None) is False


@pytest.mark.django_db(transaction=True)
def test_the_engine_puts_what_a_real_server_shows_into_the_register(engine, loopback, shop, tmp_path, monkeypatch):
    root = Signer("Test root", ca=True, days=900)
    bundle = tmp_path / "roots.pem"
    bundle.write_bytes(root.pem)
    monkeypatch.setattr(secure, "ca_file", lambda: str(bundle))
    leaf = Signer("127.0.0.1", by=root, days=10)
    now = clock.now()
    with talking(shake(leaf.context(tmp_path))) as server:
        target = {"host": "127.0.0.1", "port": server.port}
        made = create_monitor(service=shop, name="Real", kind="tls", target=target, now=now, reason="Test")
        claim(now)
        settle()
    assert MonitorState.objects.get(pk=made.pk).seen_outcome == "ok"
    own = Certificate.objects.get(position=0)
    assert (own.serial, own.chain_ok, own.hostname_ok) == (f"{leaf.certificate.serial_number:x}", True, True)
    assert open_conditions([made])[made.pk][0].reason.startswith("The certificate has 10 days left")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_monitors_of_one_host_that_look_at_the_same_instant_keep_it_once(shop):
    """Both know nothing yet; one writes, the other finds it written."""
    barrier, faults = threading.Barrier(2), []

    def look(monitor):
        barrier.wait()
        try:
            see(monitor, chain(NIGHT + 80 * DAY), NIGHT)
        except DatabaseError as error:
            faults.append(error)
        finally:
            connection.close()

    lookers = [threading.Thread(target=look, args=(watch(shop, name),)) for name in ("One", "Other")]
    for one in lookers:
        one.start()
    for one in lookers:
        one.join(20)
    assert faults == []
    assert Certificate.objects.count() == 2
    assert Entry.objects.filter(kind="certificate.seen").count() == 2
