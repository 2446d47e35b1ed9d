"""The one place where a heartbeat's pings become states: folded under its row's lock, written by `transitions.apply`.

The engine's step, pause, resume, change and retirement all come here, so that each sees what the time up to its own
instant has already decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from ledger.ids import snowflake
from monitors.engine.bulk import stored
from monitors.heartbeats import fold as pure
from monitors.heartbeats.address import slug_of
from monitors.heartbeats.schedules import schedule_of
from monitors.judge import TICK, Alarm, Change
from monitors.models import Heartbeat, HeartbeatRun, Monitor, MonitorState, Ping, Rule, StateInterval
from monitors.services.transitions import Why, apply
from monitors.states import MEASURED, Event, State

# A heartbeat is looked at this often even when nothing is due, so that its state never speaks further than that.
LOOK_EVERY = timedelta(minutes=5)
SILENT_AFTER = timedelta(seconds=60)
# Pings on their way into the database are not silence.
SLACK = timedelta(seconds=1)
MOST_PINGS = 500  # of one heartbeat in one transaction
COUNTED, NOT_COUNTED, WHILE_PAUSED, LOGGED = "counted", "method", "paused", "log"
DETAIL_MAX = 120
_JUDGED = "UPDATE monitors_ping SET judged_at = %s, verdict = %s WHERE day = %s AND id = %s AND judged_at IS NULL"


def terms_of(target: Any) -> pure.Terms:
    """The terms that a heartbeat's stored target names. Raises ScheduleError."""
    return pure.Terms(
        schedule=schedule_of(target),
        grace=timedelta(seconds=target.get("grace_s", 3_600)),
        limit=timedelta(seconds=target.get("run_limit_s", 3_600)),
        early=timedelta(seconds=target.get("early_s", 0)),
    )


def standing_of(row: MonitorState, beat: Heartbeat) -> pure.Standing:
    """The fold's memory out of its rows."""
    return pure.Standing(
        state=State(row.state),
        alarm=row.alarm,
        expected=beat.expected_at,
        overdue=beat.overdue,
        open=tuple(
            pure.Open(rid, datetime.fromisoformat(began), _instant(expected), over)
            for rid, began, expected, over in beat.open
        ),
    )


def look_at(monitor_ids: Sequence[int], *, now: datetime, until: datetime) -> int:
    """Judge what came and what did not come up to `until`, in the caller's transaction; return how many states changed."""
    rows = MonitorState.objects.select_for_update().filter(pk__in=monitor_ids).order_by("pk")
    held = {row.pk: row for row in rows}
    monitors = Monitor.objects.in_bulk(list(held))
    return _judge([(row, monitors[pk]) for pk, row in held.items()], now=now, until=until)


def settle(row: MonitorState, monitor: Monitor, *, now: datetime) -> int:
    """The same for one heartbeat whose row the caller has locked, up to `now`; the row is saved."""
    return _judge([(row, monitor)], now=now, until=now)


def _judge(held: Sequence[tuple[MonitorState, Monitor]], *, now: datetime, until: datetime) -> int:
    ids = [monitor.pk for _, monitor in held]
    beats = Heartbeat.objects.in_bulk(ids)
    waiting: dict[int, list[Ping]] = {pk: [] for pk in ids}
    unjudged = Ping.objects.filter(monitor_id__in=ids, judged_at__isnull=True)
    for ping in unjudged.order_by("received_at", "id")[:MOST_PINGS]:
        waiting[ping.monitor_id].append(ping)
    record = _Record([], [])
    turns = sum(
        _judge_one(row, monitor, beats[monitor.pk], waiting[monitor.pk], record, now=now, until=until)
        for row, monitor in held
    )
    HeartbeatRun.objects.bulk_create(record.runs)
    _write_judged(record.judged, now)
    return turns


@dataclass(frozen=True, slots=True)
class _Record:
    """What is written for all heartbeats of a turn together."""

    runs: list[HeartbeatRun]
    judged: list[tuple[Ping, str]]


def _judge_one(
    row: MonitorState,
    monitor: Monitor,
    beat: Heartbeat,
    waiting: list[Ping],
    record: _Record,
    *,
    now: datetime,
    until: datetime,
) -> int:
    if monitor.retired_at is not None or monitor.paused_at is not None:
        record.judged.extend((ping, WHILE_PAUSED) for ping in waiting)
        Heartbeat.objects.filter(pk=monitor.pk).update(look_at=None)
        return 0
    verdicts = [(ping, _verdict(ping, monitor.target)) for ping in waiting]
    counted = [ping for ping, verdict in verdicts if verdict != NOT_COUNTED]
    terms = terms_of(monitor.target)
    folded = pure.fold(terms, standing_of(row, beat), [_pure(ping) for ping in counted], until)
    stops = counted[folded.taken].pk if folded.taken < len(counted) else None
    record.judged.extend(_before(verdicts, stops))
    record.runs.extend(_kept(run, monitor, now) for run in folded.runs)
    _turn(row, folded, monitor, now)
    _remember(row, beat, folded, counted[: folded.taken], terms, now)
    return len(folded.turns)


def begin_heartbeat(monitor: Monitor) -> Heartbeat:
    """Make the memory of a new heartbeat: nothing is expected before the first ping."""
    return Heartbeat.objects.create(monitor=monitor, slug=slug_for(monitor))


def slug_for(monitor: Monitor) -> str:
    """The slug of a heartbeat: the one it was given, else one made of its name."""
    return str(monitor.target.get("slug") or slug_of(monitor.name))


def stop(monitor: Monitor) -> None:
    """Ask for nothing any more: it is paused or retired. What was open is not awaited."""
    Heartbeat.objects.filter(pk=monitor.pk).update(look_at=None, expected_at=None, overdue=False, open=[])


def go_on(row: MonitorState, monitor: Monitor, *, now: datetime) -> None:
    """Ask for pings again from `now`, as far as there ever was one."""
    beat = Heartbeat.objects.get(pk=monitor.pk)
    standing = pure.resumed(terms_of(monitor.target), standing_of(row, beat), now, known=beat.last_ping_at is not None)
    _ask(beat, standing, now)


def change_terms(row: MonitorState, monitor: Monitor, *, now: datetime) -> None:
    """Ask under the monitor's new terms. What was is not judged by them."""
    beat = Heartbeat.objects.get(pk=monitor.pk)
    beat.slug = slug_for(monitor)
    if monitor.paused_at is not None:
        beat.save()
        return
    standing = pure.rescheduled(terms_of(monitor.target), standing_of(row, beat), now, beat.last_ping_at)
    _ask(beat, standing, now)


def _ask(beat: Heartbeat, standing: pure.Standing, now: datetime) -> None:
    beat.expected_at, beat.overdue, beat.open = standing.expected, standing.overdue, _written(standing.open)
    beat.look_at = now
    beat.save()


def _verdict(ping: Ping, target: Any) -> str:
    if ping.kind == pure.Kind.LOG:
        return LOGGED
    return NOT_COUNTED if target.get("methods") == "POST" and ping.method != "POST" else COUNTED


def _pure(ping: Ping) -> pure.Ping:
    return pure.Ping(ping.id, ping.received_at, pure.Kind(ping.kind), ping.rid, ping.exit_status)


def _before(verdicts: Sequence[tuple[Ping, str]], stops: Any) -> list[tuple[Ping, str]]:
    """What was judged: everything before the first ping that has to wait."""
    judged: list[tuple[Ping, str]] = []
    for ping, verdict in verdicts:
        if ping.pk == stops:
            break
        judged.append((ping, verdict))
    return judged


def _turn(row: MonitorState, folded: pure.Folded, monitor: Monitor, now: datetime) -> None:
    if not folded.turns:
        return
    rule = Rule.objects.in_force().get(monitor=monitor, condition="down")
    for turn in folded.turns:
        good = turn.state is State.UP
        alarm = Alarm.CLOSES if good and row.alarm else Alarm.OPENS if not good and not row.alarm else Alarm.SAME
        change = Change(
            state=turn.state,
            event=Event.GOOD if good else Event.BAD,
            effective_at=max(turn.at, row.interval.started_at),
            alarm=alarm,
        )
        why = Why(detail=turn.words or "A ping says that the job went well.", code=turn.code)
        apply(row, (change,), monitor=monitor, rule=rule, why=why, now=now)
        row.state, row.since, row.alarm = turn.state.value, change.effective_at, not good
        row.settled_at = change.effective_at - TICK


def _kept(run: pure.Run, monitor: Monitor, now: datetime) -> HeartbeatRun:
    return HeartbeatRun(
        day=run.decided.date(),
        id=snowflake(),
        monitor_id=monitor.pk,
        monitor_version=monitor.version,
        expected_at=run.expected,
        received_at=run.received,
        state=run.state.value,
        duration_ms=None if run.duration is None else round(run.duration.total_seconds() * 1000),
        exit_status=run.exit_status,
        rid=run.rid,
        detail=run.words[:DETAIL_MAX],
        decided_at=run.decided,
        recorded_at=now,
    )


def _write_judged(judged: Sequence[tuple[Ping, str]], now: datetime) -> None:
    if judged:
        day = str if connection.vendor == "sqlite" else (lambda value: value)
        at = stored(now)
        with connection.cursor() as cursor:
            cursor.executemany(_JUDGED, [(at, verdict, day(ping.day), ping.id) for ping, verdict in judged])


def _remember(
    row: MonitorState, beat: Heartbeat, folded: pure.Folded, taken: Sequence[Ping], terms: pure.Terms, now: datetime
) -> None:
    standing = folded.standing
    timer = pure.next_look(terms, standing)
    until = min(now + LOOK_EVERY, timer) if timer else now + LOOK_EVERY
    beat.expected_at, beat.overdue, beat.open = standing.expected, standing.overdue, _written(standing.open)
    beat.look_at = until + SLACK
    for ping in taken:
        beat.last_ping_at = ping.received_at
        if ping.kind == pure.Kind.SUCCESS:
            beat.last_good_at = ping.received_at
    beat.save()
    row.last_at = beat.last_ping_at
    if folded.turns or not _speaks_on(row, until, now):
        _cover(row, until)
    _show(row, folded, taken)
    row.save()


def _speaks_on(row: MonitorState, until: datetime, now: datetime) -> bool:
    """Whether what is written still speaks far enough, and not too far: a heartbeat that pings often writes less."""
    return row.covered_until is not None and now + LOOK_EVERY / 2 <= row.covered_until <= until


def _cover(row: MonitorState, until: datetime) -> None:
    """Let the state speak until it is looked at again; a state that nothing was measured for speaks of nothing."""
    if State(row.state) not in MEASURED:
        row.covered_until = row.silent_at = None
        return
    row.covered_until, row.silent_at = max(until, row.since), until + SILENT_AFTER
    StateInterval.objects.filter(pk=row.interval_id, ended_at__isnull=True).update(covered_until=row.covered_until)


def _show(row: MonitorState, folded: pure.Folded, taken: Sequence[Ping]) -> None:
    """What lists show of the last ping: when, what it said, and how long the newest run took."""
    if not taken:
        return
    last = taken[-1]
    row.seen_at, row.seen_code = last.received_at, last.kind
    row.seen_outcome = "failed" if last.kind == pure.Kind.FAIL else "ok"
    row.seen_detail = f"exit status {last.exit_status}" if last.exit_status else last.kind
    took = [run.duration for run in folded.runs if run.duration is not None]
    row.seen_total_us = round(took[-1].total_seconds() * 1_000_000) if took else 0


def _written(runs: Sequence[pure.Open]) -> list[list[Any]]:
    return [
        [run.rid, run.started.isoformat(), run.expected.isoformat() if run.expected else None, run.over] for run in runs
    ]


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


__all__ = [
    "begin_heartbeat", "change_terms", "go_on", "look_at", "settle", "standing_of", "stop", "terms_of",
]  # fmt: skip
