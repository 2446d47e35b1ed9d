"""Reads for locations: whether each is heard, and how those of a monitor stand. `now` is always an argument."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, Min

from monitors.conditions import BELOW_QUORUM
from monitors.models import (
    Location,
    LocationLife,
    Monitor,
    MonitorLocation,
    MonitorState,
    ProbeSlot,
    RemoteRefusal,
    Rule,
    Voice,
)
from monitors.probes.trace import OBSERVED
from monitors.quorum import Tally, speaking, tally

# A result is on its way for a moment, and that it came is written down every few seconds.
SLACK = timedelta(seconds=10)
HEARD, SILENT, IDLE = "heard", "silent", "idle"


@dataclass(frozen=True, slots=True)
class Place:
    """A location and its signs of life. monitors: that are checked from it now. heard: heard, silent or idle.

    since: from when on it should have been heard if it never was. patience: how long after a result the next must come.
    """

    location: Location
    monitors: int
    heard: str
    result_at: datetime | None
    sign_at: datetime | None
    instance: str
    lag_ms: int
    spooled: int
    since: datetime | None
    patience: timedelta


@dataclass(frozen=True, slots=True)
class Said:
    """What one location of a monitor last said. speaks: whether that still counts; good: None if it never measured."""

    location: Location
    heard_at: datetime | None
    good: bool | None
    speaks: bool
    failing_since: datetime | None
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The locations of a monitor, by name, how they count, and how long one may fail alone before that is told."""

    said: tuple[Said, ...]
    tally: Tally
    advise_after_s: int | None

    @property
    def several(self) -> bool:
        """Whether a majority is asked for."""
        return len(self.said) > 1


def places(locations: Iterable[Location], *, now: datetime) -> list[Place]:
    """Locations with their signs of life, in the order given: three queries for any number of them."""
    held = list(locations)
    ids = [one.pk for one in held]
    slots = ProbeSlot.objects.filter(location__in=ids, next_due_at__isnull=False).values("location_id")
    busy = {
        row["location_id"]: row
        for row in slots.annotate(n=Count("pk"), patience=Min(F("interval_s") * 2 + F("timeout_s")))
    }
    lives = LocationLife.objects.in_bulk(ids)
    links = MonitorLocation.objects.in_force().filter(location__in=ids, monitor__retired_at__isnull=True)
    since = dict(links.values("location_id").annotate(first=Min("created_at")).values_list("location_id", "first"))
    return [
        _place(one, lives.get(one.pk), busy[one.pk]["n"] if one.pk in busy else 0,
               busy[one.pk]["patience"] if one.pk in busy else 0, since.get(one.pk), now)
        for one in held
    ]  # fmt: skip


def locations_in_force() -> list[Location]:
    """Locations by name."""
    return list(Location.objects.in_force().order_by("name"))


def monitors_at(location: Location) -> list[Monitor]:
    """Monitors in force that are checked from a location, by service and name."""
    links = MonitorLocation.objects.in_force().filter(location=location, monitor__retired_at__isnull=True)
    found = links.select_related("monitor__service").order_by("monitor__service__name", "monitor__name")
    return [link.monitor for link in found]


def refusals(*, now: datetime) -> list[RemoteRefusal]:
    """What was refused of remote probes' messages in the last week, newest first."""
    since = (now - timedelta(days=7)).date()
    return list(RemoteRefusal.objects.filter(day__gte=since).order_by("-day", "why"))


def refused_on(day: date) -> dict[str, int]:
    """How many messages of remote probes were refused on a day (UTC), by reason."""
    return dict(RemoteRefusal.objects.filter(day=day).values_list("why", "number"))


def locations_of(monitor: Monitor) -> list[Location]:
    """The locations a monitor is checked from, by name."""
    links = MonitorLocation.objects.in_force().filter(monitor=monitor).select_related("location")
    return [link.location for link in links.order_by("location__name")]


def standing_of(monitor: Monitor, *, now: datetime) -> Standing:
    """How the locations of a monitor stand."""
    found = locations_of(monitor)
    if len(found) > 1:
        voices = {voice.location_id: voice for voice in Voice.objects.filter(monitor=monitor)}
        said = tuple(_said(one, voices.get(one.pk), monitor, now) for one in found)
    else:
        row = MonitorState.objects.get(pk=monitor.pk)
        said = tuple(_alone(one, row, monitor, now) for one in found)
    heard = {one.location.pk: one.good if one.speaks else None for one in said}
    rule = Rule.objects.in_force().filter(monitor=monitor, condition=BELOW_QUORUM).first()
    return Standing(said, tally(heard, list(heard)), rule.confirmation_s if rule else None)


def _place(
    location: Location, life: LocationLife | None, monitors: int, patience_s: int, since: datetime | None, now: datetime
) -> Place:
    result_at = life.result_at if life else None
    waited_from = max((at for at in (result_at, since) if at is not None), default=None)
    patience = timedelta(seconds=patience_s)
    late = waited_from is not None and now - waited_from > patience + SLACK
    return Place(
        location=location,
        monitors=monitors,
        heard=IDLE if not monitors else SILENT if late or result_at is None else HEARD,
        result_at=result_at,
        sign_at=life.sign_at if life else None,
        instance=life.instance if life else "",
        lag_ms=life.lag_ms if life else 0,
        spooled=life.spooled if life else 0,
        since=since,
        patience=patience,
    )


def _said(location: Location, voice: Voice | None, monitor: Monitor, now: datetime) -> Said:
    if voice is None:
        return Said(location, None, None, False, None, "", "")
    speaks = _speaks(voice.heard_at, monitor, now)
    return Said(location, voice.heard_at, voice.good, speaks, voice.failing_since, voice.code, voice.detail)


def _alone(location: Location, row: MonitorState, monitor: Monitor, now: datetime) -> Said:
    """A monitor's only location says what its last check showed."""
    good = OBSERVED.get(row.seen_outcome)
    heard_at = row.seen_at if good is not None else row.last_at
    speaks = good is not None and _speaks(heard_at, monitor, now)
    return Said(location, heard_at, good, speaks, None, row.seen_code, row.seen_detail)


def _speaks(heard_at: datetime | None, monitor: Monitor, now: datetime) -> bool:
    interval, timeout = timedelta(seconds=monitor.interval_s), timedelta(seconds=monitor.timeout_s)
    return speaking(heard_at, now=now, interval=interval, timeout=timeout)
