"""Schedules as values: rows of the database turned into what `oncall.rota` reads. Nothing here changes a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from ledger.tracked import as_of
from oncall.models import LayerMembers, Override, Schedule, ScheduleLayer
from oncall.rota import schedule as rota
from oncall.rota.resolve import shift_of
from oncall.rota.written import read_hours, read_rotation, read_wall

People = Mapping[str, rota.Person]


def planned(schedule: Schedule, since: datetime) -> rota.Schedule:
    """A schedule as it is planned from `since` on; overrides and layers that were over by then are left out."""
    return planned_all([schedule], since)[0]


def planned_all(schedules: Sequence[Schedule], since: datetime) -> list[rota.Schedule]:
    """The same for many, in their order, with as many queries as for one."""
    keys = [schedule.pk for schedule in schedules]
    layers = ScheduleLayer.objects.in_force().filter(Q(until__isnull=True) | Q(until__gt=since), schedule_id__in=keys)
    overrides = Override.objects.in_force().filter(schedule_id__in=keys, end_at__gt=since).order_by("number")
    overrides = overrides.select_related("who", "whom", "made_by")
    held = list(layers.order_by("place", "pk"))
    lists = list(LayerMembers.objects.in_force().filter(layer__in=held).order_by("since", "pk"))
    people = people_of(lists)
    return [
        rota.Schedule(
            schedule.public_id,
            schedule.name,
            schedule.zone,
            tuple(layer_value(one, lists, people) for one in held if one.schedule_id == schedule.pk),
            tuple(override_value(one) for one in overrides if one.schedule_id == schedule.pk),
        )
        for schedule in schedules
    ]


def planned_as_of(instant: datetime) -> list[tuple[Any, rota.Schedule]]:
    """Every schedule that was in force at an instant, as its history row and as it was planned then, from history alone.

    Histories hold no names, so people are called by their public ids.
    """
    schedules, layers, lists, overrides = (
        [row for row in as_of(model, instant) if row.retired_at is None]
        for model in (Schedule, ScheduleLayer, LayerMembers, Override)
    )
    people = {one: rota.Person(one, one) for row in lists for one in row.people}
    return [
        (
            row,
            rota.Schedule(
                row.public_id,
                row.name,
                row.zone,
                tuple(layer_value(one, lists, people) for one in layers if one.schedule_id == row.id),
                tuple(override_value(one) for one in overrides if one.schedule_id == row.id and one.end_at > instant),
            ),
        )
        for row in schedules
    ]


def layer_value(layer: ScheduleLayer, lists: Iterable[LayerMembers], people: People) -> rota.Layer:
    """A layer with those of the `lists` that are its own."""
    return rota.Layer(
        id=layer.public_id,
        name=layer.name,
        order=layer.place,
        zone=layer.zone,
        rotation=read_rotation(layer.unit, layer.lengths),
        start=read_wall(layer.starts),
        members=tuple(members_value(one, people) for one in lists if one.layer_id == layer.id),
        restrictions=read_hours(layer.restrictions),
        since=layer.since,
        until=layer.until,
        role=layer.role,
    )


def members_value(members: LayerMembers, people: People) -> rota.Members:
    """A list of members."""
    return rota.Members(tuple(people[one] for one in members.people), members.since, members.at_once)


def override_value(override: Override) -> rota.Override:
    """An override."""
    return rota.Override(
        id=override.public_id,
        number=override.number,
        kind=rota.Kind(override.kind),
        start=override.start_at,
        end=override.end_at,
        by=person_value(override.made_by),
        who=person_value(override.who) if override.who else None,
        whom=person_value(override.whom) if override.whom else None,
        role=override.role,
        swap=override.swap,
    )


def person_value(user: User) -> rota.Person:
    """A person."""
    return rota.Person(user.public_id, user.name)


def people_of(lists: Iterable[LayerMembers]) -> dict[str, rota.Person]:
    """Everybody in these lists, by public id. Accounts are never deleted, so nobody is missing."""
    named = {person for one in lists for person in one.people}
    return {user.public_id: person_value(user) for user in User.objects.filter(public_id__in=named)}


def coming_shifts(user: User) -> list[tuple[Schedule, rota.Shift]]:
    """The shift that somebody has now or next in each schedule and role, as far as 400 days ahead, by schedule.

    "Now" is the last change that is on record: the answer has been the same since.
    """
    person, found = person_value(user), []
    for schedule in Schedule.objects.in_force().order_by("name", "pk"):
        plan = planned(schedule, schedule.recorded_until)
        for role in plan.roles():
            shift = shift_of(plan, person, schedule.recorded_until, role)
            if shift is not None:
                found.append((schedule, shift))
    return found


def shifts_of(user: User, *, now: datetime) -> list[tuple[Schedule, rota.Shift]]:
    """The same from now on, for a page: four queries for any number of schedules."""
    person = person_value(user)
    found = list(Schedule.objects.in_force().order_by("name", "pk"))
    held = [
        (schedule, shift_of(plan, person, now, role))
        for schedule, plan in zip(found, planned_all(found, now), strict=True)
        for role in plan.roles()
    ]
    return [(schedule, shift) for schedule, shift in held if shift is not None]
