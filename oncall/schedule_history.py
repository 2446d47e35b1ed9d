"""The history of a schedule and all its parts in one list: its layers, their members and its overrides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F

from accounts.history import Change, changes_among, naming
from accounts.models import Team, User
from oncall.bands import override_sentence
from oncall.layerwords import hours_words
from oncall.models import LayerMembers, Override, Schedule, ScheduleLayer
from oncall.rota.schedule import Kind
from oncall.rota.words import moment

LIMIT = 20


def history_of(schedule: Schedule, *, limit: int = LIMIT) -> list[Change]:
    """The newest changes of a schedule and its parts, newest first; a part is called by its name.

    A version that only counts a change of a part (`parts`) is left out: the part tells it better.
    """
    layers = dict(ScheduleLayer.objects.filter(schedule=schedule).values_list("pk", "name"))
    people = dict(User.objects.values_list("pk", "name"))
    by_id = dict(User.objects.values_list("public_id", F("name")))
    zone = ZoneInfo(schedule.zone)

    def named(ids: Any) -> str:
        return ", ".join(by_id.get(one, "somebody") for one in ids or ()) or "nobody"

    own = changes_among(Schedule, lambda row: "schedule", limit=3 * limit, labels=_labels(zone, {}), id=schedule.pk)
    found = [
        *(one for one in own if [field.name for field in one.fields] != ["parts"]),
        *changes_among(
            ScheduleLayer, lambda row: row.name, limit=limit, labels=_labels(zone, {}), schedule_id=schedule.pk
        ),
        *changes_among(
            LayerMembers,
            lambda row: f"members of {layers.get(row.layer_id, 'a layer')}",
            begun=lambda row: f"{named(row.people)}, from {_instant(row.since, zone, 'the first turn')}",
            limit=limit,
            labels=_labels(zone, {"people": named}),
            layer_id__in=list(layers),
        ),
        *changes_among(
            Override,
            lambda row: f"override #{row.number}",
            begun=lambda row: _override(row, people, zone),
            limit=limit,
            labels=_labels(zone, {"who": people.get, "whom": people.get}),
            schedule_id=schedule.pk,
        ),
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)[:limit]


def _labels(zone: ZoneInfo, more: Mapping[str, Any]) -> dict[str, Any]:
    def instant(at: datetime | None) -> str:
        return _instant(at, zone, "no end")

    times = dict.fromkeys(("since", "until", "start_at", "end_at"), instant)
    return {**times, "restrictions": hours_words, "team": naming(Team), **more}


def _instant(at: datetime | None, zone: ZoneInfo, never: str) -> str:
    return moment(at, zone) if at else never


def _override(row: Any, people: Mapping[int, str], zone: ZoneInfo) -> str:
    """`Ana instead of Ben, Mon 12 Jan 2026 09:00 to Tue 13 Jan 2026 09:00`: a history row holds numbers."""
    who, whom = people.get(row.who_id or 0, ""), people.get(row.whom_id or 0, "")
    said = override_sentence(Kind(row.kind), who, whom)
    return f"{said}, {moment(row.start_at, zone)} to {moment(row.end_at, zone)}"
