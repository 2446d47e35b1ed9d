"""The history of a configuration object: each version as it was, who made it, when, why and what differed.

`?as_of=` answers with the one version that was in force at an instant. Addresses, names of people, free
text and secrets are no part of history; masks and keyed fingerprints stand for them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from django.db.models import ForeignKey, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_recorded
from accounts.api.fields import Instant
from accounts.api.filters import Filters, InstantFilter
from accounts.api.views import ApiView, operation
from ledger.texts import REMOVED, read_many
from ledger.tracked import Tracked, differences

LEFT_OUT = {"id", "public_id", "version", "retired_at"}


class HistoryActor(serializers.Serializer):
    """Who made a version: a public id, never a name."""

    kind = serializers.CharField(source="actor_kind")
    id = serializers.CharField(source="actor_id")
    via = serializers.CharField(source="actor_via")


class VersionOut(serializers.Serializer):
    """One version of an object."""

    id = serializers.CharField(source="public_id")
    version = serializers.IntegerField()
    at = Instant(source="history_date")
    change = serializers.ChoiceField(choices=["created", "changed", "retired"], source="told.change")
    by = HistoryActor(source="*")
    reason = serializers.CharField(source="told.reason")
    changed_fields = serializers.ListField(child=serializers.CharField(), source="told.changed")
    values = serializers.DictField(child=serializers.JSONField(allow_null=True), source="told.values")
    state_sha256 = serializers.CharField()


class HistoryFilters(Filters):
    """`as_of`: the version in force at an instant; nothing if there was none yet."""

    as_of = InstantFilter(method="in_force", label="The version in force at this instant.")

    def in_force(self, rows: QuerySet[Any], name: str, moment: Any) -> QuerySet[Any]:
        """Keep the newest row at or before the instant. Instants are given in milliseconds, so a whole one counts."""
        until = rows.filter(history_date__lt=moment + timedelta(milliseconds=1))
        return rows.filter(history_id__in=list(until.order_by("-version").values_list("history_id", flat=True)[:1]))


class HistoryView(ApiView):
    """Base of every `/history/`; `history_of` makes one for a model."""

    filterset_class = HistoryFilters
    order = ("-version",)
    model: ClassVar[type[Tracked]]

    @operation("List the versions of an object", verb="read", gives=VersionOut, many=True)
    def get(self, request: Request, public_id: str) -> QuerySet[Any]:
        """Newest first. `values` holds every tracked field as it was; `changed_fields` names those that differ."""
        obj = get_recorded(self.person, self.model, public_id)
        rows: QuerySet[Any] = self.model.history.filter(id=obj.pk)
        return rows

    def prepare(self, rows: list[Any]) -> None:
        """The versions before them, related ids and reasons, each in one query."""
        tell(rows)


def history_of(model: type[Tracked]) -> Callable[..., Any]:
    """The view of one model's versions, retired objects included."""
    view: type[HistoryView] = type(f"{model.__name__}History", (HistoryView,), {"model": model})
    return view.as_view()


@dataclass(frozen=True)
class Told:
    """What one version says beside its own columns."""

    values: dict[str, Any]
    changed: list[str]
    change: str
    reason: str


def tell(rows: list[Any]) -> None:
    """Set `told` on history rows of one object, with a fixed number of queries."""
    if not rows:
        return
    model = type(rows[0])
    earlier = model.objects.filter(id=rows[0].id, version__in={row.version - 1 for row in rows})
    by_version = {row.version: row for row in earlier}
    ids = _related_ids(rows)
    reasons = read_many({row.history_change_reason for row in rows if row.history_change_reason})
    for row in rows:
        before, sha = by_version.get(row.version - 1), row.history_change_reason or ""
        row.told = Told(
            values=_values(row, ids),
            changed=[] if before is None else _changed(before, row),
            change=_change(before, row),
            reason=reasons.get(sha, REMOVED) if sha else "",
        )


def _change(before: Any, row: Any) -> str:
    if row.retired_at is not None and (before is None or before.retired_at is None):
        return "retired"
    return "created" if row.version == 1 else "changed"


def _shown(row: Any) -> dict[str, Any]:
    """Tracked fields that are told, by the column name under which the recorded state keeps them."""
    return {field.attname: field for field in row.tracked_fields if field.name not in LEFT_OUT}


def _changed(before: Any, row: Any) -> list[str]:
    fields = _shown(row)
    return [fields[one.field].name for one in differences(before, row) if one.field in fields]


def _values(row: Any, ids: dict[tuple[str, Any], str]) -> dict[str, Any]:
    """The recorded state by field name; a reference is the public id of its object."""
    state = json.loads(row.state)
    return {
        field.name: ids.get((field.name, state[column])) if isinstance(field, ForeignKey) else state[column]
        for column, field in _shown(row).items()
        if column in state
    }


def _related_ids(rows: list[Any]) -> dict[tuple[str, Any], str]:
    """Public ids of what the rows refer to: one query for each reference of the model."""
    found = {}
    for field in rows[0].tracked_fields:
        if isinstance(field, ForeignKey):
            wanted = {getattr(row, field.attname) for row in rows}
            # whole objects: an incident's public id is its number, a property
            for obj in field.related_model._base_manager.filter(pk__in=wanted):
                found[field.name, obj.pk] = obj.public_id  # type: ignore[attr-defined]
    return found
