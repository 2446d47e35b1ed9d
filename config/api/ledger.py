"""The ledger, read only: the lines as they are hashed, so that a reader can check the chain without us."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import require
from accounts.api.fields import Instant
from accounts.api.filters import Filters, InstantFilter, TextFilter, WholeFilter
from accounts.api.views import ApiView, operation
from ledger.models import Entry

MOST = 10**18 - 1


class LedgerEntryOut(serializers.Serializer):
    """One line of the ledger. `hash` covers the exact bytes of `line` and the hash before it; docs/ledger.md."""

    seq = serializers.IntegerField()
    hash = serializers.CharField()
    kind = serializers.CharField()
    recorded_at = Instant()
    line = serializers.CharField()


class LedgerFilters(Filters):
    """Filters of ledger lines."""

    kind = TextFilter(label="Exact kind, such as incident.acknowledged.")
    kind_prefix = TextFilter(field_name="kind", lookup_expr="startswith", label="Beginning of the kind: config.")
    subject = TextFilter(method="about", label="Public id of an object, or number of an incident.")
    seq_from = WholeFilter(field_name="seq", lookup_expr="gte", min_value=1, max_value=MOST)
    seq_to = WholeFilter(field_name="seq", lookup_expr="lt", min_value=1, max_value=MOST)
    recorded_from = InstantFilter(field_name="recorded_at", lookup_expr="gte", label="Recorded at or after.")
    recorded_to = InstantFilter(field_name="recorded_at", lookup_expr="lt", label="Recorded before.")

    def about(self, rows: QuerySet[Entry], name: str, object_id: str) -> QuerySet[Entry]:
        """Lines that speak of an object."""
        return rows.filter(subjects__object_id=object_id).distinct()


class Ledger(ApiView):
    """The ledger."""

    filterset_class = LedgerFilters
    order = ("seq",)

    @operation("List ledger lines", verb="read", gives=LedgerEntryOut, many=True)
    def get(self, request: Request) -> QuerySet[Entry]:
        """In order, without a gap. A line appears within a second of the change that it proves."""
        return _linked(self.person)


class OneEntry(ApiView):
    """One line of the ledger."""

    @operation("Read a ledger line", verb="read", gives=LedgerEntryOut)
    def get(self, request: Request, seq: int) -> Entry:
        """By its number."""
        entry = _linked(self.person).filter(seq=seq).first()
        if entry is None:
            raise Http404
        return entry


def _linked(person: object) -> QuerySet[Entry]:
    require(person, "read")
    return Entry.objects.filter(seq__isnull=False)
