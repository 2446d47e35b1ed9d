"""The hand-over: results, states, intervals and signals of a batch in short transactions.

It holds the state row of every monitor in the batch, so two workers with results of one monitor judge one
after the other. A result delivered twice is stored once and judged once. What several locations say of one monitor is merged
on the way to the judge (merging.py); a monitor with one location is judged as its results come.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import transaction

from ledger.actors import SYSTEM, acting_as
from ledger.failpoints import fail_point
from monitors.conditions import DOWN
from monitors.engine import bulk, health, merging
from monitors.engine.bulk import read_instant
from monitors.engine.causes import cause_of_silence
from monitors.engine.findings import Finding
from monitors.engine.observing import observe
from monitors.judge import Change, Observation, Standing, Terms, judge, retry_gap
from monitors.models import Monitor, MonitorState, ProbePlan, Rule
from monitors.probes.trace import OBSERVED, Outcome
from monitors.quorum import Vote
from monitors.samples import LATE_AFTER
from monitors.services.transitions import Why, apply, read_run, write_run
from monitors.states import MEASURED, Event, State

TURNS = 10  # monitors whose states change in one transaction, of about 2 ms each
TOLD = 4  # dependencies in a health document with news that cost as much as a change of state


@dataclass(frozen=True, slots=True)
class _Row:
    """One locked state row, read."""

    monitor_id: int
    interval_id: int
    seen_at: datetime | None
    standing: Standing
    terms: Terms
    watched: bool
    voters: merging.Voters = ()


class _Judged(NamedTuple):
    """A row with its findings in the order of their slots, and what the judge made of them."""

    row: _Row
    findings: list[Finding]
    standing: Standing
    changes: tuple[Change, ...]


def hand_over(
    findings: Sequence[Finding],
    *,
    now: datetime,
    ended_plans: Iterable[int] = (),
    rest: Callable[[float], None] | None = None,
) -> int:
    """Store and judge findings; return how many states changed. ended_plans: plans whose last result this is.

    Results that change nothing are one transaction. Those that do, or that bring a health document with something new,
    write far more, so they follow a few monitors at a time: a thousand monitors that fall at once must not keep an
    acknowledge waiting.
    rest: called between transactions with the seconds that the last one took, to leave as much to others.
    """
    by_monitor: dict[int, list[Finding]] = {}
    for finding in findings:
        by_monitor.setdefault(finding.monitor_id, []).append(finding)
    turned = 0
    with acting_as(SYSTEM):
        telling = _store(by_monitor, now, quiet=True) if by_monitor else []
        for some in _parts(telling, by_monitor):
            began = time.monotonic()
            turned += len(_store(some, now, quiet=False))
            if rest is not None:
                rest(time.monotonic() - began)
        observe(findings, now=now)
        plans = list(ended_plans)
        if plans:
            ProbePlan.objects.filter(pk__in=plans).delete()
    return turned


def _parts(monitor_ids: Iterable[int], by_monitor: dict[int, list[Finding]]) -> Iterator[dict[int, list[Finding]]]:
    """The monitors that have something to tell, as many at a time as make one short transaction; at least one."""
    some: dict[int, list[Finding]] = {}
    weight = 0
    for pk in monitor_ids:
        its = 1 + sum(len(one.trace.dependencies or ()) for one in by_monitor[pk]) // TOLD
        if some and weight + its > TURNS:
            yield some
            some, weight = {}, 0
        some[pk] = by_monitor[pk]
        weight += its
    if some:
        yield some


def _store(by_monitor: dict[int, list[Finding]], now: datetime, *, quiet: bool) -> list[int]:
    """One transaction; return the monitors whose results change their state.

    quiet: leave these out, and those with a health document that says something new, and return them all.
    """
    with transaction.atomic():
        rows = [_read(raw) for raw in bulk.lock_states(by_monitor)]
        before = _earlier_votes(rows, by_monitor)
        judged = [_judge(row, by_monitor, before.get(row.monitor_id, ()), now) for row in rows]
        heard = health.hear(_documents(judged, now))
        turning = [one for one in judged if one.changes or (quiet and one.row.monitor_id in heard.news)]
        if quiet:
            judged = [one for one in judged if not one.changes and one.row.monitor_id not in heard.news]
        bulk.insert_results([finding for one in judged for finding in one.findings], now)
        intervals = {} if quiet else _turn(turning, now)
        _remember(judged, intervals)
        health.keep(heard, [one.row.monitor_id for one in judged], now=now)
        fail_point("judge.before_commit")
    fail_point("judge.after_commit")
    return [one.row.monitor_id for one in turning]


def _documents(judged: Iterable[_Judged], now: datetime) -> list[health.Document]:
    """Health documents of the batch, of monitors that are watched."""
    return [
        told
        for one in judged
        if one.row.watched
        for told in health.documents(one.findings, one.row.terms.patience, now)
    ]


def _earlier_votes(rows: list[_Row], by_monitor: dict[int, list[Finding]]) -> dict[int, list[Vote]]:
    """What other locations said of the slots of this batch; no question is asked unless a monitor has several."""
    several = [row.monitor_id for row in rows if row.voters]
    return merging.earlier_votes((pk, one.planned_at) for pk in several for one in by_monitor[pk])


def _judge(row: _Row, by_monitor: dict[int, list[Finding]], before: Iterable[Vote], now: datetime) -> _Judged:
    findings = sorted(by_monitor[row.monitor_id], key=_planned)
    # what is later than that is stored as late: it is in no pack, and no state follows from it
    in_time = [finding for finding in findings if now - finding.planned_at <= LATE_AFTER]
    if not row.watched or not in_time:
        return _Judged(row, findings, row.standing, ())
    if row.voters:
        observed = merging.merge(in_time, before, row.voters)
    else:
        observed = [Observation(finding.planned_at, OBSERVED[finding.trace.outcome]) for finding in in_time]
    return _Judged(row, findings, *judge(row.terms, row.standing, observed))


def _turn(turning: list[_Judged], now: datetime) -> dict[int, int]:
    """Write the changes; return the interval that is open afterwards, by monitor."""
    ids = [one.row.monitor_id for one in turning]
    monitors = Monitor.objects.defer("secrets").in_bulk(ids)
    rules = {rule.monitor_id: rule for rule in Rule.objects.in_force().filter(monitor__in=ids, condition=DOWN)}
    states = MonitorState.objects.select_related("interval").in_bulk(ids)
    for one in turning:
        pk, cause = one.row.monitor_id, ""
        if any(change.event is Event.SILENCE for change in one.changes):
            cause = cause_of_silence(states[pk], now=now).value
        why = _why(one.findings, cause, one.row.voters)
        apply(states[pk], one.changes, monitor=monitors[pk], rule=rules[pk], why=why, now=now)
    return {pk: state.interval_id for pk, state in states.items()}


def _remember(judged: list[_Judged], intervals: dict[int, int]) -> None:
    """Keep what the judge remembers, what the last check showed, how far the open interval is covered."""
    store = bulk.adapter()
    remembered, gone_on, covered, shown, earlier = [], [], [], [], []
    _hear(judged)
    for one in judged:
        row, standing, newest = one.row, one.standing, one.findings[-1]
        seen = _seen(newest, store) if row.seen_at is None or newest.planned_at >= row.seen_at else None
        if standing is not row.standing and seen is not None and not one.changes and _as_it_was(row.standing, standing):
            gone_on.append((*_settled(standing, store), *seen))
        else:
            if seen is not None:
                shown.append(seen)
            if standing is row.standing:
                continue
            interval = intervals.get(row.monitor_id, row.interval_id)
            remembered.append(_remembered(standing, interval, row.monitor_id, store))
        speaks = standing.covered_until
        if speaks is not None and standing.state in MEASURED and (one.changes or speaks != row.standing.covered_until):
            covered.append((store(speaks), intervals.get(row.monitor_id, row.interval_id)))
        retry = _retry_at(row, standing)
        if retry is not None:
            earlier.append((retry, row.monitor_id))
    bulk.remember(remembered)
    bulk.go_on(gone_on)
    bulk.cover(covered)
    bulk.show(shown)
    bulk.bring_forward(earlier)


def _as_it_was(before: Standing, after: Standing) -> bool:
    """Whether an ordinary result came: nothing is suspected, and the state goes on."""
    return (
        after.state is before.state
        and after.since == before.since
        and not after.run
        and not before.run
        and after.run_good == before.run_good
        and after.alarm == before.alarm
    )


def _hear(judged: list[_Judged]) -> None:
    """Keep what each of several locations last said; a monitor with one says it by its state."""
    several = [one for one in judged if one.row.voters]
    if several:
        heard = {one.row.monitor_id: (one.row.voters, one.row.terms.patience) for one in several}
        merging.remember_voices(heard, [finding for one in several for finding in one.findings])


def _why(findings: list[Finding], cause: str, voters: merging.Voters) -> Why:
    """What the newest failure of the batch says; of several locations, how many had to agree."""
    failed = [finding.trace for finding in findings if finding.trace.outcome is Outcome.FAILED]
    if not failed:
        return Why(cause=cause)
    detail = merging.agreed(voters) + failed[-1].sentence
    return Why(cause=cause, detail=detail, code=failed[-1].code, status=failed[-1].status)


def _retry_at(row: _Row, standing: Standing) -> datetime | None:
    """When to look again while a change is unconfirmed; None if the timetable is soon enough."""
    gap = retry_gap(row.terms, standing)
    if gap is None or gap >= row.terms.interval or standing.last_at is None:
        return None
    return standing.last_at + gap


def _read(raw: tuple[Any, ...]) -> _Row:
    monitor_id, interval_id, seen_at, state, since, settled, last, covered, silent, run, run_good, alarm = raw[:12]
    interval_s, timeout_s, paused_at, retired_at, confirmation_s, recovery_s, voters = raw[12:]
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
    terms = _terms(confirmation_s or 0, recovery_s or 0, interval_s, timeout_s)
    watched = paused_at is None and retired_at is None and confirmation_s is not None
    places = merging.read_voters(voters)
    return _Row(monitor_id, interval_id, read_instant(seen_at), standing, terms, watched, places)


@lru_cache(maxsize=256)
def _terms(confirmation_s: int, recovery_s: int, interval_s: int, timeout_s: int) -> Terms:
    """The terms of a monitor; most monitors share a few."""
    return Terms(
        confirmation=timedelta(seconds=confirmation_s),
        recovery=timedelta(seconds=recovery_s),
        interval=timedelta(seconds=interval_s),
        timeout=timedelta(seconds=timeout_s),
    )


def _remembered(
    standing: Standing, interval_id: int, monitor_id: int, store: Callable[[datetime], Any]
) -> tuple[Any, ...]:
    return (
        interval_id,
        standing.state.value,
        store(standing.since),
        *_settled(standing, store),
        write_run(standing.run),
        standing.run_good,
        standing.alarm,
        monitor_id,
    )


def _settled(standing: Standing, store: Callable[[datetime], Any]) -> tuple[Any, ...]:
    """GONE_ON of a standing."""
    last, covered, silent = standing.last_at, standing.covered_until, standing.silent_at
    return (
        store(standing.settled_at),
        last and store(last),
        covered and store(covered),
        silent and store(silent),
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
