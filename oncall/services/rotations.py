"""An edit of a rotation in one step: what `oncall.rota.draft` decided, done by the services of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from oncall.models import ScheduleLayer
from oncall.rota.draft import Edit
from oncall.rota.schedule import Hours, Layer
from oncall.rota.written import hours_to_json, wall_text
from oncall.services.schedules import add_layer, change_layer, set_members, withdraw_layer


@transaction.atomic
def edit_rotation(
    layer: ScheduleLayer, edit: Edit, *, now: datetime, reason: str, expected_version: int | None = None
) -> None:
    """Do an edit: rename, set hours and members, or end the layer and let its successor follow.

    expected_version: of the schedule. Raises ScheduleError, StaleVersion.
    """
    seen = expected_version
    if edit.successor:
        end_rotation(layer, edit.at, now=now, reason=reason, expected_version=seen)
        add_layer(layer.schedule, **written(edit.successor), now=now, reason=reason)
        return
    changes = _changes(edit)
    if changes:
        change_layer(layer, changes, now=now, reason=reason, expected_version=seen)
        seen = None
    if edit.members:
        people = [person.id for person in edit.members.people]
        set_members(
            layer, people=people, since=_later(edit.members.since, now), at_once=edit.members.at_once, now=now, reason=reason,
            expected_version=seen,
        )  # fmt: skip


def end_rotation(
    layer: ScheduleLayer, at: datetime, *, now: datetime, reason: str, expected_version: int | None = None
) -> None:
    """Let a layer count until an instant at the latest; one that has not begun by then is taken back.

    Raises ScheduleError, StaleVersion.
    """
    if layer.since > now and layer.since >= at:
        withdraw_layer(layer, now=now, reason=reason, expected_version=expected_version)
    elif layer.until is None or at < layer.until:
        change_layer(layer, {"until": at}, now=now, reason=reason, expected_version=expected_version)


def written(layer: Layer) -> dict[str, Any]:
    """A layer as `add_layer` takes it."""
    return {
        "name": layer.name, "role": layer.role, "place": layer.order, "zone": layer.zone, "unit": str(layer.rotation.unit),
        "lengths": list(layer.rotation.lengths), "starts": wall_text(layer.start), "since": layer.since, "until": layer.until,
        "people": [person.id for person in layer.members[0].people], "restrictions": _hours(layer.restrictions),
    }  # fmt: skip


def _changes(edit: Edit) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if edit.named:
        found |= {"name": edit.wish.name, "place": edit.wish.order}
    if edit.hours:
        found["restrictions"] = _hours(edit.wish.restrictions)
    return found


def _hours(restrictions: Sequence[Hours]) -> list[dict[str, Any]]:
    return hours_to_json(restrictions)


def _later(since: datetime | None, now: datetime) -> datetime | None:
    """None for now, which services read as the instant of the change."""
    return since if since is not None and since > now else None
