"""Evidence packs that were made, read only: making one is work for the shell (docs/evidence.md)."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import require
from accounts.api.fields import Instant
from accounts.api.filters import Filters, TextFilter
from accounts.api.views import ApiView, operation
from evidence.access import get_pack
from evidence.models import Pack
from evidence.queries import sealed


class PackOut(serializers.Serializer):
    """One pack. `sums_sha256` is the hash of its SHA256SUMS: it tells the pack you hold from another."""

    id = serializers.CharField(source="public_id")
    kind = serializers.CharField()
    subject = serializers.CharField()
    folder = serializers.CharField()
    as_of = Instant()
    made_at = Instant()
    made_by_kind = serializers.CharField()
    made_by_id = serializers.CharField()
    files = serializers.IntegerField()
    rows = serializers.IntegerField()
    sums_sha256 = serializers.CharField()
    key_fingerprint = serializers.CharField()
    sealed_until = serializers.DateField(allow_null=True)


class PackFilters(Filters):
    """Filters of packs."""

    subject = TextFilter(label="Number of an incident, or the days of a period.")


class Packs(ApiView):
    """Packs."""

    filterset_class = PackFilters
    order = ("-made_at", "-id")

    @operation("List evidence packs", verb="read", gives=PackOut, many=True)
    def get(self, request: Request) -> QuerySet[Pack]:
        """Newest first. The files are with whoever asked for them."""
        require(self.person, "read")
        return sealed.packs()


class OnePack(ApiView):
    """One pack."""

    @operation("Read an evidence pack's record", verb="read", gives=PackOut)
    def get(self, request: Request, public_id: str) -> Pack:
        """What was made, when and by whom."""
        return get_pack(self.person, public_id)
