"""What is kept how long: legal holds, and what was deleted because its time was over."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_hold, get_purge
from accounts.api.fields import Body, Change, Instant, Text
from accounts.api.filters import ChoiceOf, Filters, FlagFilter, InstantFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation
from accounts.models import LegalHold
from accounts.services.holds import place_hold, release_hold
from ledger.models import PurgeRecord


class HoldOut(serializers.Serializer):
    """While it is in force nothing recorded is deleted."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    description = serializers.CharField()
    placed_by = PersonRef(allow_null=True)
    released_by = PersonRef(allow_null=True)
    released_alone = serializers.BooleanField(help_text="Nobody else could release it: a recorded exception.")
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True, help_text="When it was released.")


class HoldIn(Body):
    """A new hold."""

    name = Text(max_length=120)
    description = Text(max_length=4000, required=False, default="", allow_blank=True)
    reason = Text(max_length=500, help_text="Who ordered it, and why.")


class PurgeOut(serializers.Serializer):
    """Rows that were deleted: which, by which rule, and the hash of what they held."""

    id = serializers.CharField(source="public_id")
    table = serializers.CharField(source="table_name")
    rule = serializers.CharField()
    before = Instant(source="bound_at")
    rows = serializers.IntegerField()
    first_at = Instant()
    last_at = Instant()
    sha256 = serializers.CharField(source="digest")
    recorded_at = Instant()


class HoldFilters(Filters):
    """Filters of holds."""

    released = FlagFilter(field_name="retired_at", lookup_expr="isnull", exclude=True, label="Only released ones, or only those in force.")  # fmt: skip


class PurgeFilters(Filters):
    """Filters of deletions."""

    rule = ChoiceOf(choices=("results", "packs", "pings", "runs", "signals", "intervals"), label="By which rule.")
    recorded_from = InstantFilter(
        field_name="recorded_at", lookup_expr="gte", label="Deleted at or after this instant."
    )
    recorded_to = InstantFilter(field_name="recorded_at", lookup_expr="lt", label="Deleted before this instant.")


class Holds(ApiView):
    """Legal holds, released ones too."""

    filterset_class = HoldFilters

    @operation("List legal holds", verb="read", gives=HoldOut, many=True)
    def get(self, request: Request) -> QuerySet[LegalHold]:
        """Oldest first."""
        return LegalHold.objects.select_related("placed_by", "released_by")

    @operation("Place a legal hold", verb="manage_organisation", takes=HoldIn, gives=HoldOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> LegalHold:
        """From now on nothing recorded is deleted."""
        return place_hold(**body, by=self.person, now=self.now)


class OneHold(ApiView):
    """One hold."""

    @operation("Read a legal hold", verb="read", gives=HoldOut)
    def get(self, request: Request, public_id: str) -> LegalHold:
        """Released ones can be read too."""
        return get_hold(self.person, public_id)


class Release(ApiView):
    """Ending a hold."""

    @operation("Release a legal hold", verb="manage_organisation", takes=Change, gives=HoldOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> LegalHold:
        """By another admin than placed it; 400 if somebody else could, 409 if it is released."""
        hold = get_hold(self.person, public_id, "manage_organisation")
        return release_hold(
            hold, by=self.person, now=self.now, reason=body["reason"], expected_version=body.get("version")
        )


class Purges(ApiView):
    """Deletions."""

    filterset_class = PurgeFilters

    @operation("List deletions", verb="read", gives=PurgeOut, many=True)
    def get(self, request: Request) -> QuerySet[PurgeRecord]:
        """Oldest first."""
        return PurgeRecord.objects.all()


class OnePurge(ApiView):
    """One deletion."""

    @operation("Read a deletion", verb="read", gives=PurgeOut)
    def get(self, request: Request, public_id: str) -> PurgeRecord:
        """Its line in the ledger says the same."""
        return get_purge(self.person, public_id)
