"""Why monitoring did not run for a while: told from the last signs of life and from what this process saw.

Pure, standard library only. The causes in words are in docs/gaps.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Scope(StrEnum):
    """What did not run."""

    ALL = "all"
    LOCATION = "location"
    MONITOR = "monitor"


class GapCause(StrEnum):
    """Why it did not run."""

    DEPLOY = "deploy"
    CRASH = "crash"
    HOST_DOWN = "host_down"
    DATABASE = "db"
    CLOCK_STEP = "clock_step"
    NETWORK = "probe_network"
    PAUSED = "paused"
    NO_MONITOR = "no_monitor"
    UNKNOWN = "unknown"


SCOPES: dict[str, str] = {
    Scope.ALL: "All monitoring",
    Scope.LOCATION: "One location",
    Scope.MONITOR: "One monitor",
}
CAUSES: dict[str, str] = {
    GapCause.DEPLOY: "The engine was stopped on purpose",
    GapCause.CRASH: "The engine ended by itself",
    GapCause.HOST_DOWN: "The machine was down or asleep",
    GapCause.DATABASE: "The database did not answer",
    GapCause.CLOCK_STEP: "The clock was put",
    GapCause.NETWORK: "Our own network was gone",
    GapCause.PAUSED: "Paused by a person",
    GapCause.NO_MONITOR: "No monitor watched it",
    GapCause.UNKNOWN: "Not known",
}
# A component, and the signs of life that are its own. Whatever was written proves that the database took it.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "engine": ("engine", "watchdog"),
    "beat": ("engine",),
    "prober": ("probe",),
    "sender": ("send",),
    "web": ("web",),
    "database": ("engine", "watchdog", "probe", "send", "web"),
}
ENGINE, PROBER = "engine", "prober"
SUSPENDED = timedelta(seconds=5)


def scope_choices() -> list[tuple[str, str]]:
    """Choices as a callable, so that a new scope never makes a migration."""
    return list(SCOPES.items())


def cause_choices() -> list[tuple[str, str]]:
    """Choices as a callable, so that a new cause never makes a migration."""
    return list(CAUSES.items())


@dataclass(frozen=True, slots=True)
class Before:
    """The last sign of life before a silence. stopped: the process had said that it ends."""

    seen_at: datetime
    boot: str = ""
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Witness:
    """What the process that ended the silence knows. alive_since: since when it has been running.

    database_away: it met a database that did not answer meanwhile. asleep: how long the machine slept.
    """

    alive_since: datetime
    boot: str = ""
    database_away: bool = False
    asleep: timedelta = timedelta(0)


def cause_of_stop(before: Before, witness: Witness) -> GapCause:
    """Why nobody ticked between the last sign of life and now.

    A process that lived through the silence knows more than one that was started after it. An orderly stop is told as
    such also when the machine was started anew: somebody had decided it.
    """
    if witness.asleep >= SUSPENDED:
        return GapCause.HOST_DOWN
    if witness.database_away:
        return GapCause.DATABASE
    if witness.alive_since <= before.seen_at:
        return GapCause.UNKNOWN
    if before.stopped:
        return GapCause.DEPLOY
    if before.boot and witness.boot and before.boot != witness.boot:
        return GapCause.HOST_DOWN
    return GapCause.CRASH


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of three clocks. wall: the time we write down; mono: seconds this machine ran; boot: with its sleep."""

    wall: datetime
    mono: float
    boot: float


@dataclass(frozen=True, slots=True)
class Step:
    """The clock was put between two readings: from `before` to `after`, by so much more than time went by."""

    before: datetime
    after: datetime
    by: timedelta

    @property
    def forward(self) -> bool:
        """Whether time was left out; else some of it comes twice."""
        return self.by > timedelta(0)

    @property
    def doubtful(self) -> tuple[datetime, datetime]:
        """The span of the record that did not happen, or happened twice."""
        return (self.before, self.after) if self.forward else (self.after, self.before)


def step_between(last: Reading, this: Reading, tolerance: timedelta) -> Step | None:
    """Whether the clock was put between two readings. A machine that slept has no step: that time did go by."""
    went_by = timedelta(seconds=this.boot - last.boot)
    by = (this.wall - last.wall) - went_by
    return Step(last.wall, this.wall, by) if abs(by) >= tolerance else None


def slept_between(last: Reading, this: Reading) -> timedelta:
    """How long the machine slept between two readings."""
    return timedelta(seconds=max(0.0, (this.boot - last.boot) - (this.mono - last.mono)))


def covered_s(spans: list[tuple[datetime, datetime]], start: datetime, end: datetime) -> int:
    """Seconds of `[start, end)` that lie in at least one of the spans."""
    total, reached = timedelta(0), start
    for first, last in sorted(spans):
        first, last = max(first, reached), min(last, end)
        if first < last:
            total, reached = total + (last - first), last
    return int(total.total_seconds())
