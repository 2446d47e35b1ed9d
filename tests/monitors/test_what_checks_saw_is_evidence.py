"""CT-1 and CT-2: certificates and values of names in a pack, compared with figures worked out by hand."""

import json
from datetime import timedelta

import pytest

from ledger.link import link_entries
from ledger.tables import Scope
from monitors.engine.findings import Finding
from monitors.engine.observing import observe
from monitors.evidence_seen import seen_ids, seen_tables
from monitors.models import Signal
from monitors.probes.trace import Answers, Trace
from monitors.remote.plain import as_plain, of_plain
from monitors.services import create_monitor
from tests.builders import NIGHT
from tests.monitors.test_certificates_are_kept import chain

DAY = timedelta(days=1)


def see(monitor, at, **found):
    observe([Finding(monitor.pk, monitor.version, 1, at, False, 0, Trace(**found))], now=at)


def told(query, monitor, start, end):
    link_entries()
    scope = Scope("period", "test", end, start, end)
    table = next(table for table in seen_tables(scope, [monitor]) if table.query == query)
    return [dict(zip(table.header, row, strict=True)) for row in table.rows()]


@pytest.fixture
def certificates(shop):
    target = {"host": "shop.example"}
    monitor = create_monitor(service=shop, name="C", kind="tls", target=target, now=NIGHT, reason="Test")
    see(monitor, NIGHT, chain=chain(NIGHT + 40 * DAY))
    see(monitor, NIGHT + 12 * DAY, chain=chain(NIGHT + 40 * DAY))
    see(monitor, NIGHT + 27 * DAY, chain=chain(NIGHT + 40 * DAY))
    see(monitor, NIGHT + 30 * DAY, chain=chain(NIGHT + 130 * DAY))
    return monitor


def test_a_renewal_is_in_ct1_with_its_lead_time_and_the_warnings_before_it(certificates):
    rows = told("certificates", certificates, NIGHT, NIGHT + 31 * DAY)
    old, authority, new = sorted(rows, key=lambda row: (row["first_seen_at"], row["position"]))
    assert (old["domain"], old["port"], old["issuer"], old["sans"]) == (
        "shop.example",
        443,
        "Test CA",
        ["shop.example"],
    )
    assert (old["first_seen_at"], old["last_seen_at"]) == (NIGHT, NIGHT + 27 * DAY)
    assert (old["renewed_at"], old["days_left_at_renewal"]) == (NIGHT + 30 * DAY, 10)
    assert (old["chain_ok"], old["hostname_ok"], old["key_type"]) == (True, True, "EC secp256r1")
    opened = Signal.objects.filter(monitor=certificates, opens=True).order_by("pk")
    assert [one.reason.split(":")[0] for one in opened] == [
        "The certificate has 28 days left",
        "The certificate has 13 days left",
    ]
    assert old["signal_ids"] == [one.public_id for one in opened]
    assert (new["days_left_at_renewal"], new["signal_ids"]) == (None, [])
    assert (authority["position"], authority["last_seen_at"]) == (1, NIGHT + 30 * DAY)
    assert all(row["ledger_seq_first"] for row in rows)
    assert old["ledger_seq_last"] > old["ledger_seq_first"], "its renewal is a line too"


def test_ct1_has_what_was_seen_in_the_window_only(certificates):
    assert [row["position"] for row in told("certificates", certificates, NIGHT + 28 * DAY, NIGHT + 29 * DAY)] == [1]
    assert told("certificates", certificates, NIGHT - 2 * DAY, NIGHT) == []


def test_ct2_has_each_change_of_values_and_whether_it_was_wanted(shop):
    target = {"domain": "shop.example", "match": "equals", "expected": ["192.0.2.1"]}
    monitor = create_monitor(service=shop, name="D", kind="dns", target=target, now=NIGHT, reason="Test")
    for days, value in ((0, "192.0.2.1"), (1, "192.0.2.1"), (3, "203.0.113.9"), (5, "192.0.2.1")):
        found = Answers("shop.example", "A", "9.9.9.9:53", (value,), value == "192.0.2.1")
        see(monitor, NIGHT + days * DAY, answers=found)
    rows = told("dns_observations", monitor, NIGHT, NIGHT + 6 * DAY)
    assert [
        (row["value_set"], row["expected"], row["first_seen_at"] - NIGHT, row["last_seen_at"] - NIGHT) for row in rows
    ] == [
        (["192.0.2.1"], True, 0 * DAY, DAY),
        (["203.0.113.9"], False, 3 * DAY, 3 * DAY),
        (["192.0.2.1"], True, 5 * DAY, 5 * DAY),
    ]
    assert {(row["name"], row["type"], row["resolver"]) for row in rows} == {("shop.example", "A", "9.9.9.9:53")}
    assert all(row["ledger_seq_first"] for row in rows)
    scope = Scope("period", "test", NIGHT, NIGHT, NIGHT + 6 * DAY)
    assert seen_ids(scope, [monitor]) == [("dnsobservation", row["observation_id"]) for row in rows]


def test_what_a_remote_probe_saw_comes_through_the_broker_whole():
    answers = Answers("shop.example", "A", "9.9.9.9:53", ("192.0.2.1",), True)
    trace = Trace(chain=chain(NIGHT + 40 * DAY), answers=answers)
    assert of_plain(Trace, json.loads(json.dumps(as_plain(trace)))) == trace
