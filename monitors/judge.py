"""The judge: (terms, standing, observations) → (standing, changes). Pure, standard library only.

The rules are in docs/monitoring.md:

- a state changes only when results of the other kind have come for as long as the rule asks, and the change
  is then dated back to the first of them;
- a result speaks until the next one is due; if the next is not there within two intervals and a timeout,
  the time after the first interval is unknown;
- results are judged in the order of their slots. One that comes after a newer result which settled the
  matter is late: it is stored, and changes nothing. A confirmed change stands;
- out of unknown, one good result is up at once, unless an alarm is open: then recovery is asked for as ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from monitors.states import MEASURED, Event, State, move

TICK = timedelta(microseconds=1)
SLACK = timedelta(seconds=5)  # by which two clocks may differ without one of them having been put


class Alarm(StrEnum):
    """What a change does to the alarm of its condition."""

    SAME = ""
    OPENS = "opens"
    CLOSES = "closes"


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a rule and its monitor the judge needs, in force when the results are judged."""

    confirmation: timedelta
    recovery: timedelta
    interval: timedelta
    timeout: timedelta

    @property
    def patience(self) -> timedelta:
        """How long after a result the next one still continues the state."""
        return 2 * self.interval + self.timeout


class Observation(NamedTuple):
    """One result: the instant of its slot, and whether it was good. None: nothing was observed."""

    at: datetime
    good: bool | None


class Standing(NamedTuple):
    """What the judge remembers of a monitor.

    since: where the state began. settled_at: results at or before it change nothing any more. last_at: the
    newest result judged; covered_until: until when it speaks; silent_at: when its silence makes unknown, both
    by the terms it was judged under. run: results that speak against the state and are not yet confirmed,
    oldest first; run_good: their kind. alarm: whether the condition's alarm is open, which unknown and
    paused keep.
    """

    state: State
    since: datetime
    settled_at: datetime
    last_at: datetime | None = None
    covered_until: datetime | None = None
    silent_at: datetime | None = None
    run: tuple[datetime, ...] = ()
    run_good: bool = False
    alarm: bool = False

    @property
    def verifying(self) -> bool:
        """A change is suspected and not confirmed."""
        return bool(self.run)


@dataclass(frozen=True, slots=True)
class Change:
    """One confirmed change. onset_earliest: the last result that still spoke for the old state.

    first_result, last_result: the slots that prove it; None for silence.
    """

    state: State
    event: Event
    effective_at: datetime
    onset_earliest: datetime | None = None
    first_result: datetime | None = None
    last_result: datetime | None = None
    alarm: Alarm = Alarm.SAME


Verdict = tuple[Standing, tuple[Change, ...]]


def judge(terms: Terms, standing: Standing, observations: Iterable[Observation]) -> Verdict:
    """Fold observations, in any order, into the standing; return it with the changes, oldest first."""
    changes: tuple[Change, ...] = ()
    if standing.state is State.PAUSED:
        return standing, changes
    for observation in sorted(observations, key=_instant):
        standing, made = _weigh(terms, standing, observation)
        changes += made
    return standing, changes


def silence(standing: Standing, at: datetime) -> Verdict:
    """What a silence that lasts until `at` makes of the standing: unknown from where the last result ends.

    No unconfirmed run reaches across a silence. Nothing changes while the last result is still recent.
    """
    if standing.silent_at is None or at <= standing.silent_at:
        return standing, ()
    if standing.state not in MEASURED or standing.covered_until is None:
        return standing._replace(run=()), ()
    end = standing.covered_until
    change = Change(move(standing.state, Event.SILENCE), Event.SILENCE, effective_at=end)
    return standing._replace(state=change.state, since=end, settled_at=end - TICK, run=()), (change,)


def pause(standing: Standing, now: datetime) -> Verdict:
    """Stop watching at `now`. What was silent already is unknown until then. Raises IllegalMove if paused.

    An open alarm stays open: not looking is no recovery.
    """
    standing, fell = silence(standing, now)
    return _leave(standing, Event.PAUSE, now, fell)


def resume(standing: Standing, now: datetime) -> Verdict:
    """Watch again from `now`, unknown until the first result. Raises IllegalMove if not paused."""
    return _leave(standing, Event.RESUME, now, ())


def interrupt(standing: Standing, at: datetime, judged_from: datetime) -> Verdict:
    """Nothing that was measured speaks any more from `at` on: the clock was put. Unknown until the next result.

    An interval that began later than `at` cannot end there; it becomes unknown as a whole. Results with slots
    before `judged_from` change nothing any more. An open alarm stays open: not knowing is no recovery.
    """
    if standing.state not in MEASURED:
        return standing, ()
    spoken_to = at if standing.covered_until is None else min(at, standing.covered_until)
    since = max(spoken_to, standing.since)
    change = Change(move(standing.state, Event.SILENCE), Event.SILENCE, effective_at=since)
    after = Standing(change.state, since=since, settled_at=judged_from - TICK, alarm=standing.alarm)
    return after, (change,)


def retry_gap(terms: Terms, standing: Standing) -> timedelta | None:
    """How soon after the last result the next check should run while a change is unconfirmed."""
    if not standing.run:
        return None
    period = terms.recovery if standing.run_good else terms.confirmation
    return max(timedelta(seconds=5), period / 3)


def _leave(standing: Standing, event: Event, now: datetime, before: tuple[Change, ...]) -> Verdict:
    at = max(now, standing.since)
    change = Change(move(standing.state, event), event, effective_at=at)
    return Standing(change.state, since=at, settled_at=at - TICK, alarm=standing.alarm), (*before, change)


def _instant(observation: Observation) -> datetime:
    return observation.at


def _weigh(terms: Terms, standing: Standing, observation: Observation) -> Verdict:
    at, good = observation.at, observation.good
    if good is None or at <= standing.settled_at or at in standing.run:
        return standing, ()
    standing, fell = silence(standing, at)
    if standing.last_at is None or at > standing.last_at:
        speaks, patience = at + terms.interval, at + terms.patience
        standing = standing._replace(last_at=at, covered_until=speaks, silent_at=patience)
    standing, made = _take(terms, standing, at, good)
    return standing, fell + made


def _take(terms: Terms, standing: Standing, at: datetime, good: bool) -> Verdict:
    """One observed result, newer than all that is settled."""
    if standing.state in MEASURED and good == (standing.state is not State.DOWN):
        return standing._replace(settled_at=at, run=_after(standing.run, at)), ()
    standing = _add_to_run(standing, at, good)
    if not _confirmed(terms, standing):
        return standing, ()
    return _confirm(standing)


def _add_to_run(standing: Standing, at: datetime, good: bool) -> Standing:
    """Add to the trailing run. A result of the other kind, possible out of unknown, cuts the run."""
    if not standing.run or standing.run_good == good:
        return standing._replace(run=tuple(sorted((*standing.run, at))), run_good=good)
    if at > standing.run[-1]:
        return standing._replace(settled_at=standing.run[-1], run=(at,), run_good=good)
    return standing._replace(settled_at=at, run=_after(standing.run, at))


def _confirmed(terms: Terms, standing: Standing) -> bool:
    if standing.run_good and standing.state is State.UNKNOWN and not standing.alarm:
        return True
    period = terms.recovery if standing.run_good else terms.confirmation
    return standing.run[-1] - standing.run[0] >= period


def _confirm(standing: Standing) -> Verdict:
    first, last, good = standing.run[0], standing.run[-1], standing.run_good
    event = Event.GOOD if good else Event.BAD
    alarm = _alarm(standing.alarm, good)
    change = Change(
        state=move(standing.state, event),
        event=event,
        effective_at=first,
        onset_earliest=standing.settled_at if standing.state in MEASURED else standing.since,
        first_result=first,
        last_result=last,
        alarm=alarm,
    )
    after = standing._replace(state=change.state, since=first, settled_at=last, run=(), alarm=not good)
    return after, (change,)


def _alarm(is_open: bool, good: bool) -> Alarm:
    if good:
        return Alarm.CLOSES if is_open else Alarm.SAME
    return Alarm.SAME if is_open else Alarm.OPENS


def _after(run: tuple[datetime, ...], at: datetime) -> tuple[datetime, ...]:
    return tuple(instant for instant in run if instant > at) if run else run
