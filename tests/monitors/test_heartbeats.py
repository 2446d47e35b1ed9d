"""Heartbeats in the engine: pings and silence become intervals, signals and runs; nothing is lost while nobody looks."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet

from ledger.models import Entry
from monitors.beats import coming_of
from monitors.engine.beating import clear_bodies, judge_heartbeats
from monitors.engine.sweeping import sweep_silence
from monitors.heartbeats.address import read_address
from monitors.models import (
    Heartbeat,
    HeartbeatRun,
    Monitor,
    MonitorState,
    Ping,
    PingBody,
    PingKey,
    Signal,
    StateInterval,
)
from monitors.overview import state_now
from monitors.selfcheck import heartbeats_judged, monitors_seen, silence_written
from monitors.services import change_monitor, pause_monitor, resume_monitor, retire_monitor
from monitors.services.ping_keys import plain_key
from monitors.services.pinging import Call, receive
from tests import builders

T0 = datetime(2026, 3, 17, 2, tzinfo=UTC)
HOURLY = {"schedule": "cron", "expression": "0 * * * *", "grace_s": 600, "run_limit_s": 1800}


def at(minute):
    return T0 + timedelta(minutes=minute)


@pytest.fixture
def shop(db):
    return builders.service("Shop", now=T0)


@pytest.fixture
def job(shop):
    return heartbeat(shop)


def heartbeat(service, name="Nightly backup", **target):
    return builders.heartbeat(name, service=service, now=T0, **{**HOURLY, **target})


def ping(monitor, minute, act="", *, method="GET", body=b""):
    key = plain_key(PingKey.objects.get(monitor=monitor, ends_at__isnull=True))
    receive(read_address(f"{key}{act}"), Call(method, body=body), create=False, now=at(minute))


def tiles(monitor):
    """(state, from, to) in minutes; checks that they tile."""
    rows = list(StateInterval.objects.filter(monitor=monitor).order_by("started_at"))
    assert [row.ended_at for row in rows[:-1]] == [row.started_at for row in rows[1:]]
    assert rows[-1].ended_at is None
    return [(row.state, minute(row.started_at), minute(row.ended_at)) for row in rows]


def minute(moment):
    return None if moment is None else (moment - T0) / timedelta(minutes=1)


def runs(monitor):
    found = HeartbeatRun.objects.filter(monitor=monitor).order_by("id")
    return [(minute(run.expected_at), minute(run.received_at), run.state) for run in found]


def signals(monitor):
    found = Signal.objects.filter(monitor=monitor).order_by("id")
    return [("opens" if one.opens else "closes", minute(one.effective_at)) for one in found]


def test_a_missed_run_is_told_and_the_next_ping_ends_it(job):
    ping(job, 1)
    judge_heartbeats(at(2))
    judge_heartbeats(at(71))
    ping(job, 121)
    judge_heartbeats(at(122))
    assert tiles(job) == [("unknown", 0, 1), ("up", 1, 70), ("down", 70, 121), ("up", 121, None)]
    assert signals(job) == [("opens", 70), ("closes", 121)]
    assert runs(job) == [(0, 1, "on_time"), (60, None, "missed"), (120, 121, "on_time")]
    opened = Signal.objects.get(opens=True)
    assert opened.reason == "No ping came within 10 min of the expected run."
    assert Entry.objects.filter(kind="monitor.state_changed").count() == 3


def test_an_evaluator_stopped_for_an_hour_leaves_the_downtime_it_did_not_see(job):
    ping(job, 1)
    judge_heartbeats(at(2))
    # nobody looks from 02:02 to 04:00; the job missed 03:00 and came at 03:45
    ping(job, 105)
    judge_heartbeats(at(120))
    assert tiles(job) == [("unknown", 0, 1), ("up", 1, 70), ("down", 70, 105), ("up", 105, None)]
    assert signals(job) == [("opens", 70), ("closes", 105)]
    assert runs(job)[1] == (60, 105, "late")


def test_pings_that_came_while_nobody_looked_are_no_downtime(job):
    for came in (1, 61, 122, 180):
        ping(job, came)
    judge_heartbeats(at(185))
    assert tiles(job) == [("unknown", 0, 1), ("up", 1, None)]
    assert [run[2] for run in runs(job)] == ["on_time"] * 4


def test_what_is_claimed_ends_soon_after_nobody_looks_any_more(job):
    ping(job, 1)
    judge_heartbeats(at(2))
    read = Monitor.objects.select_related("standing").get(pk=job.pk)
    assert state_now(read, at(7))[0] == "up"
    assert state_now(read, at(9))[0] == "unknown"


def test_the_sweep_leaves_the_silence_of_heartbeats_to_their_own_step(job):
    ping(job, 1)
    judge_heartbeats(at(2))
    assert sweep_silence(at(300)) == 0
    assert tiles(job)[-1] == ("up", 1, None)
    assert silence_written(at(300)) is None
    assert monitors_seen(at(300)) is None


def test_a_ping_that_was_slow_into_the_database_is_not_called_down(job):
    ping(job, 1)
    judge_heartbeats(at(2))
    judge_heartbeats(at(70) + timedelta(seconds=0.5))
    ping(job, 69.9)
    judge_heartbeats(at(71))
    assert tiles(job) == [("unknown", 0, 1), ("up", 1, None)]


def test_a_failure_and_an_exit_status_are_down_at_once(job):
    ping(job, 1)
    ping(job, 2, "/3")
    judge_heartbeats(at(3))
    assert tiles(job)[-1] == ("down", 2, None)
    assert Signal.objects.get().reason == "The job reported a failure: exit status 3."
    assert HeartbeatRun.objects.get(state="failed").exit_status == 3


def test_a_run_is_timed_and_one_that_hangs_is_down(job):
    ping(job, 0, "/start")
    ping(job, 12)
    ping(job, 60, "/start")
    judge_heartbeats(at(95))
    assert HeartbeatRun.objects.get(state="on_time").duration_ms == 12 * 60_000
    assert tiles(job)[-1] == ("down", 90, None)
    assert Heartbeat.objects.get().open[0][3] is True


def test_only_post_counts_where_that_is_asked(job):
    change_monitor(job, {"target": {"methods": "POST"}}, now=at(0), reason="Link previews ping")
    ping(job, 1)
    ping(job, 2, method="POST")
    ping(job, 3, "/log", method="POST")
    judge_heartbeats(at(4))
    assert list(Ping.objects.order_by("id").values_list("verdict", flat=True)) == ["method", "counted", "log"]
    assert tiles(job) == [("unknown", 0, 2), ("up", 2, None)]


def test_while_paused_pings_are_stored_and_change_nothing(job):
    ping(job, 1)
    judge_heartbeats(at(2))
    pause_monitor(job, now=at(30), reason="Moving house")
    ping(job, 40, "/fail")
    judge_heartbeats(at(200))
    assert Ping.objects.get(kind="fail").verdict == "paused"
    resume_monitor(Monitor.objects.get(pk=job.pk), now=at(205), reason="Moved")
    judge_heartbeats(at(206))
    assert Heartbeat.objects.get().expected_at == at(240)
    judge_heartbeats(at(251))
    assert tiles(job)[1:] == [("up", 1, 30), ("paused", 30, 205), ("unknown", 205, 250), ("down", 250, None)]


def test_a_pause_first_writes_down_what_was_missed(job):
    ping(job, 1)
    judge_heartbeats(at(2))
    pause_monitor(job, now=at(100), reason="Moving house")
    assert tiles(job) == [("unknown", 0, 1), ("up", 1, 70), ("down", 70, 100), ("paused", 100, None)]


def test_new_terms_do_not_judge_the_past(job):
    ping(job, 1)
    judge_heartbeats(at(2))
    change_monitor(job, {"target": {"schedule": "period", "period_s": 600, "grace_s": 60}}, now=at(50), reason="Faster")
    judge_heartbeats(at(52))
    assert tiles(job) == [("unknown", 0, 1), ("up", 1, 51), ("down", 51, None)]


def test_a_retired_heartbeat_ends_and_closes_its_alarm(job):
    ping(job, 1)
    judge_heartbeats(at(80))
    retire_monitor(job, now=at(90), reason="The job is gone")
    assert StateInterval.objects.filter(monitor=job, ended_at__isnull=True).count() == 0
    assert signals(job)[-1] == ("closes", 90)
    assert judge_heartbeats(at(500)) == 0


def test_a_heartbeat_that_cannot_be_judged_stays_due_and_holds_nobody_up(job, shop):
    broken = heartbeat(shop, "Broken")
    QuerySet(Monitor).filter(pk=broken.pk).update(target={"schedule": "moon"})
    ping(job, 1)
    ping(broken, 1)
    judge_heartbeats(at(2))
    assert tiles(job)[-1] == ("up", 1, None)
    assert Ping.objects.get(judged_at__isnull=True).monitor_id == broken.pk
    assert "ping" in heartbeats_judged(at(5)).sentence


def test_a_deadline_that_nobody_looked_at_is_found_by_the_self_check(job):
    ping(job, 1)
    judge_heartbeats(at(2))
    assert heartbeats_judged(at(7)) is None
    breach = heartbeats_judged(at(60))
    assert job.public_id in breach.about
    judge_heartbeats(at(60))
    assert heartbeats_judged(at(60)) is None


def test_next_runs_are_those_that_are_waited_for(job):
    ping(job, 1)
    judge_heartbeats(at(2))
    found = coming_of(job, Heartbeat.objects.get(), at(2))
    assert [minute(run.at) for run in found] == [60, 120, 180, 240, 300]
    assert minute(found[0].deadline) == 70


def test_bodies_go_after_thirty_days_and_the_ping_stays(job):
    ping(job, 1, body=b"done")
    assert clear_bodies(at(0) + timedelta(days=29)) == 0
    assert clear_bodies(at(0) + timedelta(days=32)) == 1
    assert not PingBody.objects.exists()
    assert Ping.objects.get().body_bytes == 4


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ({"schedule": "cron", "expression": "nonsense"}, "expression"),
        ({"schedule": "period", "period_s": 1}, "period_s"),
        ({"schedule": "cron", "expression": "* * * * *", "grace_s": 30 * 86_400}, "grace_s"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"slug": "Not A Slug"}, "slug"),
        ({"run_limit_s": 4 * 86_400}, "run_limit_s"),
        ({"methods": "PUT"}, "methods"),
    ],
)
def test_settings_that_mean_nothing_are_refused(shop, target, field):
    with pytest.raises(ValidationError) as refused:
        heartbeat(shop, **target)
    assert list(refused.value.message_dict) == [field]


# --- at once, on PostgreSQL -------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_judge_one_deadline_once():
    service = builders.service("Shop", now=T0)
    jobs = [heartbeat(service, f"job {n}") for n in range(12)]
    for one in jobs:
        ping(one, 1)
    judge_heartbeats(at(2))
    gate, faults = threading.Barrier(3), []

    def work():
        try:
            gate.wait(5)
            judge_heartbeats(at(71))
        except Exception as fault:  # noqa: BLE001 - raised again below
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    assert {tuple(tiles(one)) for one in jobs} == {(("unknown", 0, 1), ("up", 1, 70), ("down", 70, None))}
    assert Signal.objects.count() == len(jobs)
    assert MonitorState.objects.filter(state="down").count() == len(jobs)
