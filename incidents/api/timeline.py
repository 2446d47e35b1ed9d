"""The story of an incident: what happened, when it happened and when it was written down."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Instant
from accounts.api.filters import ChoiceOf, Filters, InstantFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation
from incidents.access import get_incident
from incidents.models import TimelineEntry
from incidents.story import LINES
from ledger import texts


class AuthorOut(serializers.Serializer):
    """Who acted: a person, token, link, SMS or call by public id, or the system."""

    kind = serializers.CharField(source="actor_kind")
    id = serializers.CharField(source="actor_id")


class EntryOut(serializers.Serializer):
    """One thing that happened, with two clocks."""

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=list(LINES))
    occurred_at = Instant()
    recorded_at = Instant()
    person = PersonRef(allow_null=True)
    by = AuthorOut(source="*")
    how = serializers.CharField()
    text = serializers.CharField(source="told_text", help_text="Free text; empty if none, or if it was redacted.")
    text_sha256 = serializers.CharField()
    data = serializers.DictField(child=serializers.JSONField(allow_null=True))  # type: ignore[assignment]
    ledger_seq = serializers.IntegerField(source="entry.seq", allow_null=True, help_text="Null for its first second.")


class EntryFilters(Filters):
    """Filters of a timeline."""

    kind = ChoiceOf(choices=LINES)
    recorded_from = InstantFilter(field_name="recorded_at", lookup_expr="gte", label="Recorded at or after.")
    recorded_to = InstantFilter(field_name="recorded_at", lookup_expr="lt", label="Recorded before.")


class Timeline(ApiView):
    """The timeline of one incident."""

    filterset_class = EntryFilters
    order = ("occurred_at", "id")

    @operation("List the timeline of an incident", verb="read", gives=EntryOut, many=True)
    def get(self, request: Request, number: str) -> QuerySet[TimelineEntry]:
        """In the order in which things happened. It only grows; a late note may appear between older entries."""
        incident = get_incident(self.person, number)
        return TimelineEntry.objects.filter(incident=incident).select_related("person", "entry")

    def prepare(self, rows: list[Any]) -> None:
        """The texts of a page, in one query."""
        tell_texts(rows)


def tell_texts(rows: list[TimelineEntry]) -> None:
    """Put its text on each entry."""
    bodies = texts.read_many({row.text_sha256 for row in rows if row.text_sha256})
    for row in rows:
        row.told_text = bodies.get(row.text_sha256, "")  # type: ignore[attr-defined]
