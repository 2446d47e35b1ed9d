"""HB-1, the heartbeats of a pack: a row for each run, that fits what is told elsewhere of pings, states and alerts."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from incidents.evidence import incident_tables, period_tables, surroundings
from incidents.models import Alert, Incident
from incidents.ticks import intake
from ledger.tables import Scope
from monitors.engine.beating import judge_heartbeats
from monitors.heartbeats.address import read_address
from monitors.models import HeartbeatRun, Ping, PingKey, Signal, StateInterval
from monitors.services import create_system, set_systems
from monitors.services.ping_keys import plain_key
from monitors.services.pinging import Call, receive
from tests import builders

T0 = datetime(2026, 3, 17, 2, tzinfo=UTC)
PATH = "15_heartbeats/heartbeats"


def at(minute):
    return T0 + timedelta(minutes=minute)


@pytest.fixture
def night(db):
    """A job that is hourly: on time, missed, late, failed with an exit status, on time again."""
    builders.organisation(now=T0)
    service = builders.service("Warehouse", now=T0)
    system = create_system(name="db-01", now=T0, reason="Test")
    set_systems(service, [system], now=T0, reason="Test")
    job = builders.heartbeat("Export", service=service, now=T0, schedule="cron", expression="0 * * * *", grace_s=600)
    builders.heartbeat("Silent", service=service, now=T0)
    key = plain_key(PingKey.objects.get(monitor=job))
    came = [(1, "/start"), (8, ""), (145, "/start"), (150, ""), (181, "/2"), (241, "")]
    for minute, act in came:
        receive(read_address(key + act), Call("GET"), create=False, now=at(minute))
    for minute in range(0, 250, 5):
        judge_heartbeats(at(minute))
        intake(at(minute))
    job.system = system
    return job


def told(tables):
    table = next(one for one in tables if one.path == PATH)
    return [dict(zip(table.header, row, strict=True)) for row in table.rows()]


def test_every_run_of_the_window_is_a_row_that_ties_out_with_pings_intervals_and_alerts(night):
    rows = told(period_tables(Scope("period", "x", at(250), T0, at(250))))
    assert {row["heartbeat_id"] for row in rows} == {night.public_id}
    assert all(row["system_ids"] == [night.system.public_id] for row in rows)
    states = [(row["expected_at"], row["state"]) for row in rows]
    assert states == [
        (at(0), "on_time"), (at(60), "missed"), (at(120), "late"), (at(180), "failed"), (at(240), "on_time"),
    ]  # fmt: skip
    # runs: every row is one decided run, none is left out
    assert len(rows) == HeartbeatRun.objects.count()
    # pings: what was received is when a ping came, and lateness is their difference
    pings = set(Ping.objects.values_list("received_at", flat=True))
    received = [row for row in rows if row["received_at"]]
    assert {row["received_at"] for row in received} <= pings
    assert all(row["lateness_s"] == (row["received_at"] - row["expected_at"]).total_seconds() for row in received)
    assert [row["duration_s"] for row in rows] == [420.0, None, 300.0, None, None]
    # states: each deadline that was missed lies where a down interval begins, or in one
    down = list(StateInterval.objects.filter(monitor=night, state="down").values_list("started_at", "ended_at"))
    for row in rows:
        if row["state"] in ("missed", "late"):
            deadline = row["expected_at"] + timedelta(minutes=10)
            assert any(start <= deadline and (end is None or deadline < end) for start, end in down)
    # alerts: every bad run names the signal that was open and the alert that it opened
    bad = [row for row in rows if row["state"] != "on_time"]
    assert {row["signal_id"] for row in bad} == set(
        Signal.objects.filter(opens=True).values_list("public_id", flat=True)
    )
    assert {row["alert_id"] for row in bad} == set(Alert.objects.values_list("public_id", flat=True))
    assert all(row["alert_id"] is None for row in rows if row["state"] == "on_time")
    assert bad[-1]["exit_info"] == "exit status 2"
    assert Counter(row["state"] for row in rows)["on_time"] == 2


def test_the_pack_of_an_incident_has_the_runs_around_it(night):
    incident = Incident.objects.order_by("pk").first()
    around = surroundings(incident, now=at(250))
    rows = told(incident_tables(incident, around))
    assert "missed" in {row["state"] for row in rows}
    assert all(around.scope.start <= row["decided_at"] < around.scope.end for row in rows)


def test_a_period_without_heartbeats_has_the_table_with_its_header(night):
    table = next(
        one
        for one in period_tables(Scope("period", "x", T0, T0 - timedelta(days=2), T0 - timedelta(days=1)))
        if one.path == PATH
    )
    assert list(table.rows()) == []
    assert table.header[:4] == ("heartbeat_id", "system_ids", "monitor_version", "expected_at")
