"""Schedules, layers and their members, one function for each change. What was stays on record as the old plan had it.

Everything counts from `now` at the earliest: the past is on record. Rules in words: docs/schedules.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.models import Team, User
from oncall.models import LayerMembers, Schedule, ScheduleLayer
from oncall.queries import policies_calling
from oncall.rota.problems import MAX_LAYERS, ScheduleError, problems_of_layer, problems_of_zone
from oncall.rota.schedule import PRIMARY
from oncall.rota.written import hours_to_json, read_hours, read_wall, wall_text
from oncall.schedules import layer_value, people_of
from oncall.services.duty import close, hold, settle
from oncall.services.policies import NameTaken

# what the parts of a value are called where they are written
FIELDS = {"rotation": "lengths", "start": "starts", "members": "people"}
PAST = "The past is on record: choose now or later."


@transaction.atomic
def create_schedule(*, name: str, team: Team, zone: str, now: datetime, reason: str) -> Schedule:
    """Make a schedule without layers. zone: IANA name. Raises ScheduleError, NameTaken."""
    made = Schedule(team=team, recorded_until=now)
    _fill(made, name=name, zone=zone)
    made.save(now=now, reason=reason)
    return made


@transaction.atomic
def change_schedule(
    schedule: Schedule,
    *,
    name: str,
    team: Team,
    zone: str,
    now: datetime,
    reason: str,
    swaps_need_approval: bool | None = None,
    handoff_notices: bool | None = None,
    expected_version: int | None = None,
) -> Schedule:
    """Change its name, its team, the zone it is shown in or its settings; nobody's turns move. None leaves a setting as it is.

    Raises ScheduleError, NameTaken, StaleVersion.
    """
    held = hold(schedule)
    _fill(held, name=name, zone=zone)
    held.team = team
    if swaps_need_approval is not None:
        held.swaps_need_approval = swaps_need_approval
    if handoff_notices is not None:
        held.handoff_notices = handoff_notices
    held.save(now=now, reason=reason, expected_version=expected_version)
    return held


@transaction.atomic
def retire_schedule(schedule: Schedule, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take a schedule out of force; who was on call stays on record. Raises ScheduleError, StaleVersion."""
    held = hold(schedule)
    leading = [policy.name for policy in policies_calling(held.public_id)]
    if leading:
        raise ScheduleError({"schedule": f"{held.name} is still called by {', '.join(leading)}. Change that first."})
    settle(held, now=now)
    close(held, now=now)
    held.next_change_at = None
    held.retire(now=now, reason=reason, expected_version=expected_version)


def add_layer(
    schedule: Schedule,
    *,
    name: str,
    zone: str,
    unit: str,
    lengths: Sequence[int],
    starts: str,
    people: Sequence[str],
    now: datetime,
    reason: str,
    role: str = PRIMARY,
    place: int | None = None,
    restrictions: Sequence[Mapping[str, Any]] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    expected_version: int | None = None,
) -> ScheduleLayer:
    """Add a rotation that counts from `since` on, from now without it; behind the others of its role without a `place`.

    starts: the first hand-off on the wall of `zone`, which may be long ago. people: public ids in the order of their
    turns. expected_version: of the schedule. Raises ScheduleError, StaleVersion.
    """
    with _editing(schedule, now=now, reason=reason, expected_version=expected_version) as held:
        others = ScheduleLayer.objects.in_force().filter(schedule=held, role=role)
        if others.count() >= MAX_LAYERS:
            raise ScheduleError({"schedule": f"A schedule has at most {MAX_LAYERS} layers for a role."})
        if since is not None and since < now:
            raise ScheduleError({"since": PAST})
        last = others.aggregate(last=Max("place"))["last"] or 0
        layer = ScheduleLayer(
            schedule=held, name=name.strip(), role=role, place=last + 1 if place is None else place, zone=zone, unit=unit,
            lengths=list(lengths), starts=wall_text(read_wall(starts)), since=since or now, until=until,
            restrictions=hours_to_json(read_hours(restrictions)),
        )  # fmt: skip
        members = LayerMembers(layer=layer, people=_known(people))
        _check(layer, [members])
        layer.save(now=now, reason=reason)
        members.layer = layer
        members.save(now=now, reason=reason)
        return layer


def change_layer(
    layer: ScheduleLayer,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    reason: str,
    expected_version: int | None = None,
) -> ScheduleLayer:
    """Change `name`, `place`, `restrictions` or `until` from now on. expected_version: of the schedule.

    Zone, lengths and first hand-off never change, since whoever is on call would: that is another layer. Raises
    ScheduleError, StaleVersion.
    """
    with _editing(layer.schedule, now=now, reason=reason, expected_version=expected_version) as held:
        found = _layer_of(held, layer, now)
        until = changes.get("until")
        if until is not None and until < now:
            raise ScheduleError({"until": PAST})
        for field in ("name", "place", "until"):
            setattr(found, field, changes.get(field, getattr(found, field)))
        if "restrictions" in changes:
            found.restrictions = hours_to_json(read_hours(changes["restrictions"]))
        _check(found, list(found.lists.in_force()))
        found.save(now=now, reason=reason)
        return found


def withdraw_layer(layer: ScheduleLayer, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take back a layer that has not begun. One that has gets an end (`until`). Raises ScheduleError, StaleVersion."""
    with _editing(layer.schedule, now=now, reason=reason, expected_version=expected_version) as held:
        found = _layer_of(held, layer, now)
        if found.since <= now:
            raise ScheduleError({"layer": f"{found.name} has begun. Give it an end instead."})
        found.retire(now=now, reason=reason)


def set_members(
    layer: ScheduleLayer,
    *,
    people: Sequence[str],
    now: datetime,
    reason: str,
    since: datetime | None = None,
    at_once: bool = False,
    expected_version: int | None = None,
) -> LayerMembers:
    """Say who takes turns from the first hand-off at or after `since` on; from now without it.

    at_once: who holds the running turn and is not in the list hands over at `since`. people: public ids, in order; none is
    a gap. expected_version: of the schedule. Raises ScheduleError, StaleVersion.
    """
    with _editing(layer.schedule, now=now, reason=reason, expected_version=expected_version) as held:
        found = _layer_of(held, layer, now)
        if since is not None and since < now:
            raise ScheduleError({"since": PAST})
        lists = list(found.lists.in_force())
        made = LayerMembers(layer=found, people=_known(people), since=since or now, at_once=at_once)
        _check(found, [*lists, made])
        made.save(now=now, reason=reason)
        return made


def withdraw_members(members: LayerMembers, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take back a list that does not count yet. Raises ScheduleError, StaleVersion."""
    with _editing(members.layer.schedule, now=now, reason=reason, expected_version=expected_version):
        found = LayerMembers.objects.select_for_update().get(pk=members.pk)
        if found.retired_at is not None or found.since is None or found.since <= now:
            raise ScheduleError({"members": "Only a list that does not count yet can be taken back. Set another one."})
        found.retire(now=now, reason=reason)


@contextmanager
def _editing(schedule: Schedule, *, now: datetime, reason: str, expected_version: int | None) -> Iterator[Schedule]:
    """Hold a schedule while a part of it changes: what was is recorded before, what is now after. One new version."""
    with transaction.atomic():
        held = hold(schedule)
        settle(held, now=now)
        yield held
        held.parts += 1
        held.save(now=now, reason=reason, expected_version=expected_version)
        settle(held, now=now)


def _layer_of(held: Schedule, layer: ScheduleLayer, now: datetime) -> ScheduleLayer:
    found: ScheduleLayer = ScheduleLayer.objects.select_for_update().get(pk=layer.pk, schedule=held)
    if found.retired_at is not None or (found.until is not None and found.until <= now):
        raise ScheduleError({"layer": f"{found.name} is over. Add another layer."})
    return found


def _fill(schedule: Schedule, *, name: str, zone: str) -> None:
    name = name.strip()
    problems = {"name": "" if name else "A schedule needs a name.", "zone": problems_of_zone(zone)}
    if any(problems.values()):
        raise ScheduleError({field: said for field, said in problems.items() if said})
    if Schedule.objects.in_force().filter(name__iexact=name).exclude(pk=schedule.pk).exists():
        raise NameTaken(name)
    schedule.name, schedule.zone = name, zone


def _check(layer: ScheduleLayer, lists: list[LayerMembers]) -> None:
    """Raise ScheduleError for what the pure rules refuse, under the names of the fields in which it is written."""
    found = problems_of_layer(layer_value(layer, lists, people_of(lists)))
    if found:
        raise ScheduleError({FIELDS.get(field, field): said for field, said in found.items()})


def _known(people: Sequence[str]) -> list[str]:
    """The people, if all are active. Raises ScheduleError about `people`."""
    known = set(User.objects.filter(public_id__in=people, is_active=True).values_list("public_id", flat=True))
    unknown = sorted(set(people) - known)
    if unknown:
        said = f"{', '.join(unknown)} is nobody who can be paged. Choose active people."
        raise ScheduleError({"people": said})
    return list(people)
