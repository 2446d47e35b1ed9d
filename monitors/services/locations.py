"""Locations: making, changing and retiring them, and saying from which of them a monitor is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from ledger.actors import SYSTEM, acting_as
from ledger.hints import hint
from monitors.conditions import BELOW_QUORUM, CONDITIONS
from monitors.controls import ControlError, read_controls
from monitors.engine.merging import write_voters
from monitors.models import Location, Monitor, MonitorLocation, MonitorState, ProbeSlot, Rule, Voice
from monitors.probes.registry import PROBES
from monitors.remote.keys import UnreadableKey, read_public
from monitors.services.conditions import clear_condition
from monitors.services.refusals import name_once, refusal
from monitors.services.transitions import lock_state
from monitors.slots import phase_of

LOCATION_FIELDS = frozenset({"name", "public_key", "control_targets"})
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
MOST = 15  # locations of one monitor
ADVISE_AFTER_S = 600
ADVISE_BOUNDS = (60, 86_400)


def create_location(
    *, name: str, now: datetime, reason: str = "", public_key: str = "", control_targets: str | Sequence[str] = ()
) -> Location:
    """Make a place to check from. public_key: of its remote probe, "" for one with the database. Raises ValidationError."""
    return _save(
        Location(), {"name": name, "public_key": public_key, "control_targets": control_targets}, now=now, reason=reason
    )


def change_location(
    location: Location,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    reason: str = "",
    expected_version: int | None = None,
) -> Location:
    """Rename a location, or enrol another key. Plans go to the new name, or key, from the next one on.

    Raises ValidationError, StaleVersion.
    """
    return _save(location, changes, now=now, reason=reason, expected_version=expected_version)


@transaction.atomic
def retire_location(location: Location, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take a location out of force. Raises ValidationError while monitors are checked from it, or we run there."""
    used = MonitorLocation.objects.in_force().filter(location=location, monitor__retired_at__isnull=True).count()
    if used:
        sentence = f"{used} monitors are checked from {location.name}. Check them from elsewhere first."
        raise refusal("location", sentence, "in_use")
    if location.name == settings.LOCATION:
        raise refusal("location", f"This installation itself checks from {location.name}.", "in_use")
    location.retire(now=now, reason=reason, expected_version=expected_version)


def ensure_location(*, now: datetime) -> Location:
    """The place this installation checks from, made when it is first needed."""
    name = settings.LOCATION
    held = Location.objects.in_force().filter(name=name).first()
    if held is None:
        held = Location(name=name)
        held.save(now=now, reason="the first monitor needs a place to be checked from")
    return held


@transaction.atomic
def set_locations(
    monitor: Monitor,
    locations: Sequence[Location],
    *,
    now: datetime,
    reason: str = "",
    advise_after_s: int | None = None,
) -> None:
    """Say from which locations a monitor is checked: the whole list; it is checked from all of them at once.

    A majority of them decides its state from now on; what was judged stays. advise_after_s: how long one may fail
    without a majority before that is told; what is in force if not given. Raises ValidationError.
    """
    if monitor.kind not in PROBES:
        raise refusal("locations", f"{monitor.name} is checked from nowhere: it reports by itself.", "conflict")
    wanted = _read_locations(locations)
    row = lock_state(monitor.pk)
    held = {one.location_id: one for one in MonitorLocation.objects.in_force().filter(monitor=monitor)}
    for location_id, link in held.items():
        if location_id not in wanted:
            link.retire(now=now, reason=reason)
    for location_id, location in wanted.items():
        if location_id not in held:
            MonitorLocation(monitor=monitor, location=location).save(now=now, reason=reason)
    _advise(monitor, several=len(wanted) > 1, after_s=advise_after_s, now=now, reason=reason)
    if set(wanted) != set(held):
        _timetable(monitor, row, list(wanted), now)


def start_checking(monitor: Monitor, locations: Sequence[Location] | None, *, now: datetime, reason: str) -> None:
    """Have a new monitor, whose first interval is open, checked at once: from these locations, or from our own."""
    set_locations(monitor, locations or [ensure_location(now=now)], now=now, reason=reason)


def timing(monitor: Monitor) -> dict[str, Any]:
    """What the timetable holds of a monitor's settings; its next check is a first one, off the grid."""
    phase = phase_of(monitor.public_id, monitor.interval_s)
    return {"interval_s": monitor.interval_s, "timeout_s": monitor.timeout_s, "phase_ms": phase, "extra": True}


def record_timetables(*, now: datetime) -> int:
    """Write down where monitors are checked from that were made before this was recorded; return how many."""
    known = MonitorLocation.objects.values("monitor_id")
    slots = ProbeSlot.objects.filter(monitor__retired_at__isnull=True).exclude(monitor__in=known)
    found = list(slots.select_related("monitor", "location").order_by("pk"))
    with acting_as(SYSTEM), transaction.atomic():
        for slot in found:
            link = MonitorLocation(monitor=slot.monitor, location=slot.location)
            link.save(now=now, reason="Written down from the timetable, which had it alone")
    return len(found)


def _timetable(monitor: Monitor, row: MonitorState, location_ids: list[int], now: datetime) -> None:
    """Rows of the timetable, and voices, for exactly these locations, all due at the same instant."""
    due = None if monitor.paused else now
    slots = ProbeSlot.objects.filter(monitor=monitor)
    slots.exclude(location__in=location_ids).delete()
    for location_id in location_ids:
        values = {"next_due_at": due, **timing(monitor)}
        ProbeSlot.objects.update_or_create(monitor=monitor, location_id=location_id, defaults=values)
    several = location_ids if len(location_ids) > 1 else []
    Voice.objects.filter(monitor=monitor).exclude(location__in=several).delete()
    for location_id in several:
        Voice.objects.get_or_create(monitor=monitor, location_id=location_id)
    row.voters = write_voters(location_ids)
    row.save(update_fields=["voters"])
    hint("probe")


def _advise(monitor: Monitor, *, several: bool, after_s: int | None, now: datetime, reason: str) -> None:
    """The rule of the advisory: there while a monitor has several locations."""
    least, most = ADVISE_BOUNDS
    if after_s is not None and not least <= after_s <= most:
        raise refusal("advise_after_s", f"Write whole seconds from {least} to {most:,}.")
    rule = Rule.objects.in_force().filter(monitor=monitor, condition=BELOW_QUORUM).first()
    if several and rule is None:
        usual = CONDITIONS[BELOW_QUORUM]
        loudness = {"severity": usual.severity, "urgency": usual.urgency}
        rule = Rule(monitor=monitor, condition=BELOW_QUORUM, recovery_s=0, **loudness)
        rule.confirmation_s = after_s or ADVISE_AFTER_S
        rule.save(now=now, reason=reason)
    elif several and rule is not None and after_s is not None:
        rule.confirmation_s = after_s
        rule.save(now=now, reason=reason)
    elif rule is not None and not several:
        clear_condition(rule, reason="It is checked from one location only.", effective_at=now, now=now)
        rule.retire(now=now, reason=reason)


def _read_locations(locations: Sequence[Location]) -> dict[int, Location]:
    wanted = {location.pk: location for location in locations}
    if not wanted:
        raise refusal("locations", "Choose at least one location; pause the monitor to stop checking it.")
    if len(wanted) > MOST:
        raise refusal("locations", f"At most {MOST} locations.")
    gone = [location.name for location in wanted.values() if location.retired_at is not None]
    if gone:
        raise refusal("locations", f"{gone[0]} was retired.", "conflict")
    return wanted


def _save(
    location: Location,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    reason: str,
    expected_version: int | None = None,
) -> Location:
    unknown = set(changes) - LOCATION_FIELDS
    if unknown:
        raise TypeError(f"a location has no {', '.join(sorted(unknown))} to change")
    for name, value in changes.items():
        setattr(location, name, _controls(value) if name == "control_targets" else str(value).strip())
    _check(location)
    with name_once(_taken(location)):
        location.save(now=now, reason=reason, expected_version=expected_version)
    return location


def _controls(value: Any) -> list[str]:
    try:
        return read_controls(value)
    except ControlError as error:
        raise refusal("control_targets", str(error)) from None


def _check(location: Location) -> None:
    if not NAME.fullmatch(location.name):
        raise refusal("name", "Letters, digits, dots, dashes and underscores, at most 40: it names a queue.")
    others = Location.objects.in_force().exclude(pk=location.pk)
    if others.filter(name__iexact=location.name).exists():
        raise refusal("name", _taken(location), "taken")
    if not location.public_key:
        return
    if settings.EMBEDDED or not settings.REDIS_URL:
        raise refusal("public_key", "Remote probes need PostgreSQL and Redis; this installation is embedded.")
    if location.name == settings.LOCATION:
        raise refusal("public_key", f"This installation itself checks from {location.name}, with the database.")
    try:
        read_public(location.public_key)
    except UnreadableKey as error:
        raise refusal("public_key", str(error)) from None
    if others.filter(public_key=location.public_key).exists():
        raise refusal("public_key", "Another location has this key already; each has one of its own.", "taken")


def _taken(location: Location) -> str:
    return f"Another location is already called {location.name}."
