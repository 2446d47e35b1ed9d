"""The hand-over: results, states, intervals and signals of a batch in one short transaction.

It holds the state row of every monitor in the batch, so two workers with results of one monitor judge one
after the other. A result delivered twice is stored once and judged once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ledger.actors import SYSTEM, acting_as
from ledger.failpoints import fail_point
from monitors.engine import bulk
from monitors.engine.bulk import read_instant, stored
from monitors.engine.causes import cause_of_silence
from monitors.engine.findings import Finding
from monitors.judge import Change, Observation, Standing, Terms, judge, retry_gap
from monitors.models import Monitor, MonitorState, ProbePlan
from monitors.probes.trace import OBSERVED, Outcome
from monitors.services.monitors import down_rule
from monitors.services.transitions import Why, apply, read_run, remember, write_run
from monitors.states import MEASURED, Event, State


@dataclass(frozen=True, slots=True)
class _Row:
    """One locked state row, read."""

    monitor_id: int
    interval_id: int
    seen_at: datetime | None
    standing: Standing
    terms: Terms
    watched: bool


def hand_over(findings: Sequence[Finding], *, now: datetime, ended_plans: Iterable[int] = ()) -> int:
    """Store and judge findings; return how many states changed. ended_plans: plans whose last result this is."""
    changed = 0
    plans = list(ended_plans)
    by_monitor: dict[int, list[Finding]] = {}
    for finding in findings:
        by_monitor.setdefault(finding.monitor_id, []).append(finding)
    with acting_as(SYSTEM), transaction.atomic():
        rows = [_read(raw) for raw in bulk.lock_states(by_monitor)] if by_monitor else []
        bulk.insert_results(findings, now)
        changed = _judge_all(rows, by_monitor, now)
        if plans:
            ProbePlan.objects.filter(pk__in=plans).delete()
        fail_point("judge.before_commit")
    fail_point("judge.after_commit")
    return changed


def _judge_all(rows: list[_Row], by_monitor: dict[int, list[Finding]], now: datetime) -> int:
    remembered, covered, seen, earlier = [], [], [], []
    store = bulk.adapter()
    changed = 0
    for row in rows:
        findings = by_monitor[row.monitor_id]
        newest = max(findings, key=_planned)
        if row.seen_at is None or newest.planned_at >= row.seen_at:
            seen.append(_seen(newest, store))
        if not row.watched:
            continue
        observed = [Observation(f.planned_at, OBSERVED[f.trace.outcome]) for f in findings]
        standing, changes = judge(row.terms, row.standing, observed)
        if changes:
            _turn(row, standing, changes, findings, now)
            changed += len(changes)
        elif standing is not row.standing:
            remembered.append(_remembered(standing, row.monitor_id, store))
            speaks = standing.covered_until
            if speaks is not None and standing.state in MEASURED and speaks != row.standing.covered_until:
                covered.append((store(speaks), row.interval_id))
        retry = _retry_at(row, standing)
        if retry is not None:
            earlier.append((retry, row.monitor_id))
    bulk.remember(remembered)
    bulk.cover(covered)
    bulk.show(seen)
    bulk.bring_forward(earlier)
    return changed


def _turn(row: _Row, standing: Standing, changes: tuple[Change, ...], findings: list[Finding], now: datetime) -> None:
    """The rare way: a confirmed change, with all that it writes."""
    monitor = Monitor.objects.defer("secrets").get(pk=row.monitor_id)
    state = MonitorState.objects.select_related("interval").get(pk=row.monitor_id)
    cause = ""
    if any(change.event is Event.SILENCE for change in changes):
        cause = cause_of_silence(state, now=now).value
    apply(state, changes, monitor=monitor, rule=down_rule(monitor), why=_why(findings, cause), now=now)
    remember(state, standing)
    state.save()
    if standing.state in MEASURED:
        bulk.cover([(stored(standing.covered_until), state.interval_id)])


def _why(findings: list[Finding], cause: str) -> Why:
    """What the newest failure of the batch says."""
    failed = [f.trace for f in sorted(findings, key=_planned) if f.trace.outcome is Outcome.FAILED]
    if not failed:
        return Why(cause=cause)
    return Why(cause=cause, detail=failed[-1].sentence, code=failed[-1].code, status=failed[-1].status)


def _retry_at(row: _Row, standing: Standing) -> datetime | None:
    """When to look again while a change is unconfirmed; None if the timetable is soon enough."""
    gap = retry_gap(row.terms, standing)
    if gap is None or gap >= row.terms.interval or standing.last_at is None:
        return None
    return standing.last_at + gap


def _read(raw: tuple[Any, ...]) -> _Row:
    monitor_id, interval_id, seen_at, state, since, settled, last, covered, silent, run, run_good, alarm = raw[:12]
    interval_s, timeout_s, paused_at, retired_at, confirmation_s, recovery_s = raw[12:]
    settled_at, since_at = read_instant(settled), read_instant(since)
    if settled_at is None or since_at is None:
        raise ValueError(f"the state row of monitor {monitor_id} has no beginning")
    standing = Standing(
        state=State(state),
        since=since_at,
        settled_at=settled_at,
        last_at=read_instant(last),
        covered_until=read_instant(covered),
        silent_at=read_instant(silent),
        run=read_run(run),
        run_good=bool(run_good),
        alarm=bool(alarm),
    )
    terms = Terms(
        confirmation=timedelta(seconds=confirmation_s or 0),
        recovery=timedelta(seconds=recovery_s or 0),
        interval=timedelta(seconds=interval_s),
        timeout=timedelta(seconds=timeout_s),
    )
    watched = paused_at is None and retired_at is None and confirmation_s is not None
    return _Row(monitor_id, interval_id, read_instant(seen_at), standing, terms, watched)


def _remembered(standing: Standing, monitor_id: int, store: Callable[[datetime], Any]) -> tuple[Any, ...]:
    last, covered, silent = standing.last_at, standing.covered_until, standing.silent_at
    return (
        store(standing.settled_at),
        last and store(last),
        covered and store(covered),
        silent and store(silent),
        write_run(standing.run),
        standing.run_good,
        monitor_id,
    )


def _seen(finding: Finding, store: Callable[[datetime], Any]) -> tuple[Any, ...]:
    trace = finding.trace
    return (
        store(finding.planned_at),
        trace.outcome.value,
        trace.code,
        trace.sentence[:300],
        trace.status,
        trace.total_us,
        finding.monitor_id,
    )


def _planned(finding: Finding) -> datetime:
    return finding.planned_at
