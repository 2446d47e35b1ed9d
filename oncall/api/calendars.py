"""Addresses under which calendars read who is on call: made, told once, given another secret, revoked."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Change, Id, Instant
from accounts.api.filters import Filters, FlagFilter, IdFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation, reference
from accounts.scopes import OWN
from oncall.access import get_feed, get_schedule, visible_feeds
from oncall.models import CalendarFeed
from oncall.services.calendars import FeedRevoked, TooManyFeeds, make_feed, revoke_feed, rotate_feed

REFUSALS: Refusals = {
    TooManyFeeds: Refusal(409, "conflict"),
    FeedRevoked: Refusal(409, "conflict"),
}


class FeedOut(serializers.Serializer):
    """An address without its secret. `schedule` is null for the owner's own shifts in all schedules."""

    id = serializers.CharField(source="public_id")
    owner = PersonRef()
    schedule = serializers.CharField(source="schedule.public_id", default=None, allow_null=True)
    secret_starts_with = serializers.CharField(source="secret_hint")
    last_used_at = Instant(allow_null=True, help_text="Noted once an hour.")
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True, help_text="When it was revoked.")


class NewFeedOut(FeedOut):
    """An address just made, told once."""

    url = serializers.CharField(allow_null=True, help_text="Told once; null when the request is repeated.")


class FeedIn(Body):
    """A new address of the caller."""

    schedule = Id("sch", required=False, allow_null=True, help_text="Everybody in it; my own shifts without one.")


class FeedFilters(Filters):
    """Filters of calendar addresses."""

    owner = IdFilter("owner", label="Public id of a person.")
    schedule = IdFilter("schedule", label="Public id of a schedule.")
    revoked = FlagFilter(field_name="retired_at", lookup_expr="isnull", exclude=True, label="Whether it was revoked.")


class Feeds(ApiView):
    """One's own calendar addresses; everybody's for who manages people."""

    filterset_class = FeedFilters
    refusals = REFUSALS

    @operation("List calendar addresses", verb="read", gives=FeedOut, many=True)
    def get(self, request: Request) -> QuerySet[CalendarFeed]:
        """Revoked ones included."""
        return visible_feeds(self.person)

    @operation(
        "Make a calendar address of my own", verb=OWN, takes=FeedIn, gives=NewFeedOut, status=201, shown_once=("url",)
    )
    def post(self, request: Request, body: dict[str, Any]) -> CalendarFeed:
        """Whoever has the address reads the calendar, without signing in."""
        asked = body.get("schedule")
        schedule = reference("schedule", get_schedule, self.person, asked) if asked else None
        made, secret = make_feed(self.person, schedule=schedule, now=self.now, reason="Made through the API")
        return _told(made, secret)


class OneFeed(ApiView):
    """One address."""

    @operation("Read a calendar address", verb="read", gives=FeedOut)
    def get(self, request: Request, public_id: str) -> CalendarFeed:
        """Without its secret, which nobody can read again."""
        return get_feed(self.person, public_id)


class FeedRotation(ApiView):
    """The secret of an address."""

    refusals = REFUSALS

    @operation("Give a calendar address another secret", verb=OWN, takes=Change, gives=NewFeedOut, shown_once=("url",))
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> CalendarFeed:
        """One's own only. The old address opens nothing from now on."""
        feed = get_feed(self.person, public_id, own=True)
        made, secret = rotate_feed(feed, now=self.now, reason=body["reason"], expected_version=body.get("version"))
        return _told(made, secret)


class FeedRevocation(ApiView):
    """The end of an address."""

    refusals = REFUSALS

    @operation("Revoke a calendar address", verb=OWN, takes=Change, gives=FeedOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> CalendarFeed:
        """At once, and for good."""
        feed = get_feed(self.person, public_id)
        return revoke_feed(feed, now=self.now, reason=body["reason"], expected_version=body.get("version"))


def _told(feed: CalendarFeed, secret: str) -> CalendarFeed:
    feed.url = f"{settings.PUBLIC_URL}/calendar/{secret}.ics"  # type: ignore[attr-defined]
    return feed
