"""The one writer of state changes: interval, signal and ledger entry, in the caller's transaction.

Hand-over, sweep, pause and resume all come here with what the judge decided, holding the monitor's state row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.hints import hint
from ledger.record import instant, record
from monitors.judge import TICK, Alarm, Change, Standing
from monitors.models import Monitor, MonitorState, Rule, Signal, StateInterval
from monitors.states import CAUSES, Cause, Event, State

DETAIL_MAX = 300


@dataclass(frozen=True, slots=True)
class Why:
    """What is told with a change. cause: of an unknown span. detail: the sentence of the last result."""

    cause: str = ""
    detail: str = ""
    code: str = ""
    status: int = 0


def standing_of(row: MonitorState) -> Standing:
    """The judge's memory out of its row."""
    return Standing(
        state=State(row.state),
        since=row.since,
        settled_at=row.settled_at,
        last_at=row.last_at,
        covered_until=row.covered_until,
        silent_at=row.silent_at,
        run=read_run(row.run),
        run_good=row.run_good,
        alarm=row.alarm,
    )


def remember(row: MonitorState, standing: Standing) -> None:
    """Put the judge's memory into its row, unsaved."""
    row.state, row.since, row.settled_at = standing.state.value, standing.since, standing.settled_at
    row.last_at, row.covered_until, row.silent_at = standing.last_at, standing.covered_until, standing.silent_at
    row.run = write_run(standing.run)
    row.run_good, row.alarm = standing.run_good, standing.alarm


def read_run(text: str) -> tuple[datetime, ...]:
    """The instants of an unconfirmed run out of their column."""
    return tuple(datetime.fromisoformat(part) for part in text.split()) if text else ()


def write_run(run: tuple[datetime, ...]) -> str:
    """The instants of an unconfirmed run as one text."""
    return " ".join(moment.isoformat() for moment in run) if run else ""


def lock_state(monitor_id: int) -> MonitorState:
    """A monitor's state row, locked as every hand-over locks it, so that a pause and a result go one by one.

    Without a join: after waiting for the lock PostgreSQL would look for the joined rows in a snapshot that is
    older than the interval the other worker made, and find nothing.
    """
    return MonitorState.objects.select_for_update().get(pk=monitor_id)


def begin(monitor: Monitor, *, now: datetime) -> MonitorState:
    """Open a monitor's first interval: its life begins unknown."""
    interval = StateInterval.objects.create(
        monitor=monitor,
        state=State.UNKNOWN.value,
        cause=Cause.NOT_YET.value,
        detail=CAUSES[Cause.NOT_YET],
        started_at=now,
        recorded_at=now,
        monitor_version=monitor.version,
    )
    return MonitorState.objects.create(
        monitor=monitor, interval=interval, state=interval.state, since=now, settled_at=now - TICK
    )


def apply(
    row: MonitorState, changes: tuple[Change, ...], *, monitor: Monitor, rule: Rule, why: Why, now: datetime
) -> None:
    """Write each change: close the open interval, open the next, raise or close the alarm, record it.

    `row.interval` is left pointing to the interval that is open afterwards; the caller saves the row.
    """
    for change in changes:
        before = row.interval
        interval = _turn(before, change, monitor=monitor, rule=rule, why=why, now=now)
        row.interval = interval
        signal = None
        if change.alarm is not Alarm.SAME:
            signal = _signal(change, monitor=monitor, rule=rule, why=why, interval=interval, now=now)
        _record(before.state, change, interval, signal, monitor=monitor, rule=rule, why=why, now=now)


def end(row: MonitorState, *, monitor: Monitor, rule: Rule, now: datetime) -> None:
    """Close the last interval of a monitor that is retired, and its alarm if one is open."""
    at = max(now, row.interval.started_at)
    change = Change(State(row.state), Event.PAUSE, effective_at=at, alarm=Alarm.CLOSES if row.alarm else Alarm.SAME)
    if at > row.interval.started_at:
        _close(row.interval, at, now)
    if row.alarm:
        row.alarm = False
        why = Why(detail="The monitor was retired.")
        _signal(change, monitor=monitor, rule=rule, why=why, interval=row.interval, now=now)


def _turn(
    before: StateInterval, change: Change, *, monitor: Monitor, rule: Rule, why: Why, now: datetime
) -> StateInterval:
    values = _values(change, monitor=monitor, rule=rule, why=why, now=now)
    if change.effective_at <= before.started_at:
        # nothing was in between: the open row, which has no length yet, takes the new state
        StateInterval.objects.filter(pk=before.pk, ended_at__isnull=True).update(**values)
        for name, value in values.items():
            setattr(before, name, value)
        return before
    _close(before, change.effective_at, now)
    return StateInterval.objects.create(monitor=monitor, started_at=change.effective_at, **values)


def _close(interval: StateInterval, at: datetime, now: datetime) -> None:
    open_row = StateInterval.objects.filter(pk=interval.pk, ended_at__isnull=True)
    open_row.update(ended_at=at, covered_until=at, closed_recorded_at=now)


def _values(change: Change, *, monitor: Monitor, rule: Rule, why: Why, now: datetime) -> dict[str, Any]:
    unknown = change.state is State.UNKNOWN
    cause = (
        (Cause.RESUMED.value if change.event is Event.RESUME else why.cause or Cause.NO_RESULT.value) if unknown else ""
    )
    return {
        "state": change.state.value,
        "cause": cause or (why.code if change.state is State.DOWN else ""),
        "detail": CAUSES[cause] if unknown else _detail(change, why),
        "recorded_at": now,
        "covered_until": None,
        "onset_earliest_at": change.onset_earliest,
        "first_result_at": change.first_result,
        "last_result_at": change.last_result,
        "monitor_version": monitor.version,
        "rule_version": rule.version,
    }


def _detail(change: Change, why: Why) -> str:
    return why.detail[:DETAIL_MAX] if change.state is State.DOWN else ""


def _signal(
    change: Change, *, monitor: Monitor, rule: Rule, why: Why, interval: StateInterval, now: datetime
) -> Signal:
    signal = Signal(
        monitor=monitor,
        rule=rule,
        condition=rule.condition,
        opens=change.alarm is Alarm.OPENS,
        effective_at=change.effective_at,
        recorded_at=now,
        severity=rule.severity,
        urgency=rule.urgency,
        rule_version=rule.version,
        reason=_reason(change, why)[:DETAIL_MAX],
        interval=interval,
    )
    signal.save()
    hint("intake")
    return signal


def _reason(change: Change, why: Why) -> str:
    if change.first_result is None or change.last_result is None:
        return why.detail
    lasted = f"{(change.last_result - change.first_result).total_seconds():g} s"
    if change.alarm is Alarm.CLOSES:
        return f"Good again for {lasted}."
    return f"Failing for {lasted}: {why.detail}" if why.detail else f"Failing for {lasted}."


def _record(
    state_before: str,
    change: Change,
    interval: StateInterval,
    signal: Signal | None,
    *,
    monitor: Monitor,
    rule: Rule,
    why: Why,
    now: datetime,
) -> None:
    moments = {
        "effective_at": change.effective_at,
        "onset_earliest_at": change.onset_earliest,
        "first_result_at": change.first_result,
        "last_result_at": change.last_result,
    }
    data: dict[str, Any] = {
        "from": state_before,
        "to": change.state.value,
        "event": change.event.value,
        **{name: instant(moment) for name, moment in moments.items() if moment is not None},
        "cause": interval.cause,
        "status": why.status,
        "monitor_version": monitor.version,
        "rule": rule.public_id,
        "rule_version": rule.version,
        "signal": signal.public_id if signal else "",
    }
    subjects = [monitor, interval, signal] if signal else [monitor, interval]
    record("monitor.state_changed", subjects, data, now=now)
