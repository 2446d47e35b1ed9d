"""The fold: (terms, standing, pings, until) → (standing, turns, runs). Pure, standard library only.

What a heartbeat is follows from its stored pings and the time alone, never from when somebody looked: folded once
or a hundred times, the outcome is the same. The rules are in docs/heartbeats.md:

- a run that was expected and shows nothing by expected + start grace is down from that deadline;
- a run that said it began and does not end within the run limit is down from there;
- a failure is down at once; a success is up, and closes what began before it and is over its limit;
- before the first ping nothing is expected, and the state is unknown;
- each run is tracked by its run id; runs without one share one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from monitors.states import State

NEVER_ENDED = timedelta(hours=72)  # how long an end may still belong to its start
FIRST_LOOK_BACK = timedelta(minutes=10)
MOST_RUNS = 100  # open at once; the oldest is given up
MOST_DECIDED = 500  # runs decided in one fold; the rest in the next


class Timetable(Protocol):
    """What the fold needs of a schedule."""

    def after(self, instant: datetime) -> datetime | None:
        """The run after `instant`."""

    @property
    def fixed(self) -> bool:
        """Whether runs come at fixed instants."""


class Kind(StrEnum):
    """What a ping says."""

    SUCCESS = "success"
    START = "start"
    FAIL = "fail"
    LOG = "log"


class RunState(StrEnum):
    """What an expected run came to."""

    ON_TIME = "on_time"
    LATE = "late"
    MISSED = "missed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Terms:
    """Schedule and patience in force. early: how long before a fixed instant a ping already counts for it."""

    schedule: Timetable
    grace: timedelta
    limit: timedelta
    early: timedelta = timedelta(0)


class Ping(NamedTuple):
    """One stored ping. exit_status: of the process, None where none was told."""

    id: int
    at: datetime
    kind: Kind
    rid: str = ""
    exit_status: int | None = None


class Open(NamedTuple):
    """A run that began and has not ended. expected: the run it stands for, None for one off the timetable."""

    rid: str
    started: datetime
    expected: datetime | None
    over: bool = False


class Standing(NamedTuple):
    """What is remembered of a heartbeat.

    expected: the first run that is not decided, None before the first ping. overdue: its deadline has passed.
    """

    state: State
    alarm: bool = False
    expected: datetime | None = None
    overdue: bool = False
    open: tuple[Open, ...] = ()


class Turn(NamedTuple):
    """A change of state. code: missed, overran, failed or success. last_good: the ping before it that was good."""

    state: State
    at: datetime
    code: str
    words: str


class Run(NamedTuple):
    """One decided run. received: its first ping; None for one that was missed."""

    expected: datetime | None
    received: datetime | None
    state: RunState
    decided: datetime
    duration: timedelta | None = None
    rid: str = ""
    exit_status: int | None = None
    words: str = ""


class Folded(NamedTuple):
    """Where the heartbeat stands, what changed, what was decided, and how many of the pings were taken."""

    standing: Standing
    turns: tuple[Turn, ...]
    runs: tuple[Run, ...]
    taken: int


def fold(terms: Terms, standing: Standing, pings: Sequence[Ping], until: datetime) -> Folded:
    """Take pings, oldest first, and the time up to `until`.

    A ping behind a deadline that lies after `until` waits for the next fold: an older one may still be on its way
    into the database. So does everything after MOST_DECIDED runs.
    """
    work = _Fold(terms, standing)
    taken = 0
    for ping in pings:
        if not work.advance(ping.at, until):
            return work.done(taken)
        work.take(ping)
        taken += 1
    work.advance(until, until)
    return work.done(taken)


def next_look(terms: Terms, standing: Standing) -> datetime | None:
    """The next instant at which time alone changes something; None where it never does."""
    found = _next_timer(terms, standing)
    return found[0] if found else None


def resumed(terms: Terms, standing: Standing, now: datetime, *, known: bool) -> Standing:
    """Where a heartbeat stands that is watched again from `now`, or under new terms. known: it has pinged before.

    What was expected before is not asked for any more; runs that are open stay so only while they are watched.
    """
    expected = terms.schedule.after(now) if known else None
    return standing._replace(expected=expected, overdue=False, open=())


def rescheduled(terms: Terms, standing: Standing, now: datetime, last: datetime | None) -> Standing:
    """Where it stands under new terms: what was is not judged by them, so no deadline lies before `now`."""
    if standing.expected is None or last is None:
        return standing
    expected = terms.schedule.after(now if terms.schedule.fixed else last)
    if expected is not None:
        expected = max(expected, now)
    return standing._replace(expected=expected, overdue=False)


_Timer = tuple[datetime, int, Open | None]
_OVERDUE, _DECIDE, _OVERRAN, _LOST = range(4)


def _next_timer(terms: Terms, standing: Standing) -> _Timer | None:
    timers: list[_Timer] = []
    for run in standing.open:
        if not run.over:
            timers.append((run.started + terms.limit, _OVERRAN, run))
        timers.append((run.started + NEVER_ENDED, _LOST, run))
    if standing.expected is not None:
        deadline = standing.expected + terms.grace
        if not standing.overdue:
            timers.append((deadline, _OVERDUE, None))
        else:
            following = terms.schedule.after(standing.expected)
            if following is not None:
                timers.append((max(deadline, following), _DECIDE, None))
    return min(timers, key=lambda timer: timer[:2], default=None)


class _Fold:
    """The work of one fold."""

    def __init__(self, terms: Terms, standing: Standing) -> None:
        self.terms, self.now = terms, standing
        self.turns: list[Turn] = []
        self.runs: list[Run] = []

    def done(self, taken: int) -> Folded:
        return Folded(self.now, tuple(self.turns), tuple(self.runs), taken)

    def advance(self, moment: datetime, until: datetime) -> bool:
        """Let time pass up to `moment`; False if it may not go so far yet."""
        while (timer := _next_timer(self.terms, self.now)) is not None and timer[0] <= moment:
            if timer[0] > until or len(self.runs) >= MOST_DECIDED:
                return False
            self._ring(*timer)
        return True

    def take(self, ping: Ping) -> None:
        if ping.kind is Kind.LOG:
            return
        if self.now.expected is None:
            self.now = self.now._replace(expected=_first_expected(self.terms, ping.at))
        if ping.kind is Kind.START:
            self._start(ping)
        else:
            self._end(ping)

    def _ring(self, at: datetime, timer: int, run: Open | None) -> None:
        if timer == _OVERDUE:
            self.now = self.now._replace(overdue=True)
            self._turn(
                State.DOWN, at, "missed", f"No ping came within {_spelled(self.terms.grace)} of the expected run."
            )
        elif timer == _DECIDE:
            self._missed(at)
        elif run is not None and timer == _OVERRAN:
            self._reopen(run, run._replace(over=True))
            words = f"A run that began has not ended within {_spelled(self.terms.limit)}."
            self._turn(State.DOWN, at, "overran", words)
        elif run is not None:
            self._give_up(run, at, "never ended")

    def _missed(self, at: datetime) -> None:
        """The first undecided run is decided: nothing came."""
        expected = self.now.expected
        assert expected is not None  # noqa: S101 - only asked of an expected run
        self.runs.append(Run(expected, None, RunState.MISSED, at))
        self.now = self.now._replace(expected=self.terms.schedule.after(expected), overdue=False)

    def _start(self, ping: Ping) -> None:
        for run in self.now.open:
            if run.rid == ping.rid:
                self._give_up(run, ping.at, "began again without an end")
        if len(self.now.open) >= MOST_RUNS:
            self._give_up(self.now.open[0], ping.at, "too many runs at once")
        begun = Open(ping.rid, ping.at, self._consume(ping.at))
        self.now = self.now._replace(open=(*self.now.open, begun))

    def _end(self, ping: Ping) -> None:
        run = next((one for one in self.now.open if one.rid == ping.rid), None)
        if run is not None:
            self._reopen(run, None)
            expected, received, duration = run.expected, run.started, ping.at - run.started
        else:
            expected, received, duration = self._consume(ping.at), ping.at, None
        failed = ping.kind is Kind.FAIL
        state = RunState.FAILED if failed else self._timely(expected, received)
        words = _exit_words(ping) if failed else ""
        self.runs.append(Run(expected, received, state, ping.at, duration, ping.rid, ping.exit_status, words))
        if failed:
            self._turn(State.DOWN, ping.at, "failed", f"The job reported a failure: {words}.")
            return
        for stuck in [one for one in self.now.open if one.over]:
            self._give_up(stuck, ping.at, "never ended")
        self._turn(State.UP, ping.at, "success", "")

    def _consume(self, at: datetime) -> datetime | None:
        """The expected run that a ping at `at` stands for, None if it is off the timetable; the next is expected then."""
        schedule, expected = self.terms.schedule, self.now.expected
        if expected is None:
            return None
        if expected > at:
            stands = not schedule.fixed or expected - self.terms.early <= at
            if stands:
                self._expect(schedule.after(at if not schedule.fixed else expected))
            return expected if stands else None
        while (following := schedule.after(expected)) is not None and following <= at:
            self._missed(at)
            expected = following
        self._expect(schedule.after(at if not schedule.fixed else expected))
        return expected

    def _expect(self, moment: datetime | None) -> None:
        self.now = self.now._replace(expected=moment, overdue=False)

    def _timely(self, expected: datetime | None, received: datetime) -> RunState:
        late = expected is not None and received > expected + self.terms.grace
        return RunState.LATE if late else RunState.ON_TIME

    def _give_up(self, run: Open, at: datetime, words: str) -> None:
        """A run that will not end any more is decided as failed; the state follows from other rules."""
        self._reopen(run, None)
        self.runs.append(Run(run.expected, run.started, RunState.FAILED, at, None, run.rid, None, words))

    def _reopen(self, run: Open, instead: Open | None) -> None:
        held = [instead if one is run or one == run else one for one in self.now.open]
        self.now = self.now._replace(open=tuple(one for one in held if one is not None))

    def _turn(self, state: State, at: datetime, code: str, words: str) -> None:
        if self.now.state is not state:
            self.turns.append(Turn(state, at, code, words))
        self.now = self.now._replace(state=state, alarm=state is State.DOWN)


def _first_expected(terms: Terms, at: datetime) -> datetime | None:
    """What the very first ping may stand for: a run expected shortly before it, else the next one."""
    if not terms.schedule.fixed:
        return at
    expected = terms.schedule.after(at - min(terms.grace, FIRST_LOOK_BACK))
    while expected is not None and expected <= at:
        following = terms.schedule.after(expected)
        if following is None or following > at:
            return expected
        expected = following
    return expected


def _exit_words(ping: Ping) -> str:
    return "exit status " + str(ping.exit_status) if ping.exit_status else "it said so"


def _spelled(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
