"""When a job is expected: every so often, by cron, or by systemd's calendar. No database, no clock.

A schedule answers one question, what comes after an instant. All instants are in UTC; cron and calendar are read in
the schedule's zone, by the rules for clock changes in docs/heartbeats.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from monitors.heartbeats.oncalendar import CalendarError, Event, read_events

PERIOD, CRON, CALENDAR = "period", "cron", "oncalendar"
WAYS: dict[str, str] = {PERIOD: "Every so often", CRON: "Cron", CALENDAR: "systemd OnCalendar"}
DAY_S = 86_400
CRON_FIELDS = 5
EXPRESSION_MAX = 200
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)  # what has no run after it has none that matters


class ScheduleError(ValueError):
    """A schedule that cannot be read. field: the part that is wrong; sentence: why, for its author."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


@dataclass(frozen=True)
class Period:
    """Expected this long after the ping before: a clock that each run starts anew."""

    length: timedelta

    def after(self, instant: datetime) -> datetime | None:
        """The run after one at `instant`."""
        return instant + self.length

    @property
    def fixed(self) -> bool:
        """Whether runs are expected at fixed instants, whenever the last one came."""
        return False


@dataclass(frozen=True)
class Cron:
    """Five fields of cron in a zone."""

    expression: str
    zone: ZoneInfo

    def after(self, instant: datetime) -> datetime | None:
        """The first run later than `instant`; None if there is none any more."""
        found = next(CronSim(self.expression, instant.astimezone(self.zone)), None)
        return None if found is None else found.astimezone(UTC)

    @property
    def fixed(self) -> bool:
        """Whether runs are expected at fixed instants, whenever the last one came."""
        return True


@dataclass(frozen=True)
class Calendar:
    """Calendar events in a zone; the earliest of them is next."""

    events: tuple[Event, ...]
    zone: ZoneInfo

    def after(self, instant: datetime) -> datetime | None:
        """The first run later than `instant`; None if there is none any more."""
        return min((found for event in self.events if (found := event.after(instant, self.zone))), default=None)

    @property
    def fixed(self) -> bool:
        """Whether runs are expected at fixed instants, whenever the last one came."""
        return True


Schedule = Period | Cron | Calendar


def read_schedule(way: str, *, period_s: int, expression: str, zone: str) -> Schedule:
    """Read a schedule. Raises ScheduleError about `period_s`, `expression`, `zone` or `schedule`."""
    place, text = _zone(zone), expression.strip()  # its page shows the runs of a period in its zone too
    if way == PERIOD:
        return Period(timedelta(seconds=period_s))
    if way not in WAYS:
        raise ScheduleError("schedule", "Choose every so often, cron or systemd OnCalendar.")
    if not text or len(text) > EXPRESSION_MAX:
        example = "30 2 * * *" if way == CRON else "Mon..Fri *-*-* 02:30"
        raise ScheduleError(
            "expression", f"Write when it runs, as in {example}, in at most {EXPRESSION_MAX} characters."
        )
    return _cron(text, place) if way == CRON else _calendar(text, place)


def schedule_of(target: Mapping[str, Any]) -> Schedule:
    """The schedule that a heartbeat's stored target names. Raises ScheduleError."""
    return read_schedule(
        str(target.get("schedule", PERIOD)),
        period_s=int(target.get("period_s", DAY_S)),
        expression=str(target.get("expression", "")),
        zone=str(target.get("zone", "UTC")),
    )


def next_runs(schedule: Schedule, after: datetime, count: int) -> list[datetime]:
    """The next expected runs later than `after`, at most `count`."""
    found: list[datetime] = []
    moment = schedule.after(after)
    while moment is not None and len(found) < count:
        found.append(moment)
        moment = schedule.after(moment)
    return found


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ScheduleError("zone", f"There is no time zone {name!r}.") from None


def _cron(text: str, zone: ZoneInfo) -> Cron:
    if len(text.split()) != CRON_FIELDS:
        raise ScheduleError(
            "expression", "Cron has five fields: minute, hour, day, month, weekday, as in 30 2 * * 1-5."
        )
    try:
        found = next(CronSim(text, BEGINNING.astimezone(zone)), None)
    except CronSimError as error:
        raise ScheduleError("expression", f"Cron cannot read {text!r}: {str(error).lower()}.") from None
    if found is None:
        raise ScheduleError("expression", f"{text!r} never comes.")
    return Cron(text, zone)


def _calendar(text: str, zone: ZoneInfo) -> Calendar:
    try:
        found = Calendar(read_events(text), zone)
    except CalendarError as error:
        raise ScheduleError("expression", str(error)) from None
    if found.after(BEGINNING) is None:
        raise ScheduleError("expression", f"{text!r} never comes.")
    return found
