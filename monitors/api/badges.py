"""Badges: pictures of a state that a key opens."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import can, require
from accounts.api.fields import Body, Change, Id, Instant, OneOf, Text
from accounts.api.filters import ChoiceOf, Filters, IdFilter
from accounts.api.views import ApiView, operation
from accounts.models import ApiToken
from accounts.scopes import opens
from monitors.access import get_badge, get_monitor, get_service
from monitors.api.inventory import Ref, changed
from monitors.badges import badges_in_force
from monitors.models import Badge
from monitors.models.badges import SHOWS
from monitors.services import change_badge, create_badge, retire_badge, rotate_badge_key
from monitors.services.badges import LABEL_MAX
from monitors.services.refusals import refusal


class BadgeOut(serializers.Serializer):
    """What one key shows of one monitor or one service. The address is only for who may change the badge, and not for tokens that may only read."""

    id = serializers.CharField(source="public_id")
    label = serializers.CharField()  # type: ignore[assignment]
    monitor = Ref(allow_null=True)
    service = Ref(allow_null=True)
    shows = serializers.ChoiceField(choices=list(SHOWS))
    picture_url = serializers.SerializerMethodField()
    shields_url = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True)

    def get_picture_url(self, badge: Badge) -> str:
        """Where strangers open it as SVG; empty for who may not change it."""
        return self._address(badge, "svg")

    def get_shields_url(self, badge: Badge) -> str:
        """Where shields.io reads it; empty for who may not change it."""
        return self._address(badge, "json")

    def _address(self, badge: Badge, ending: str) -> str:
        token = self.context["view"].request.auth
        trusted = not isinstance(token, ApiToken) or opens(token.scopes, "edit")
        if badge.retired_at is not None or not trusted or not can(self.context["person"], "edit", badge):
            return ""
        return f"{settings.PUBLIC_URL}/badge/{badge.key}.{ending}"


class BadgeIn(Body):
    """A new badge, of a monitor or of a service."""

    monitor = Id("mon", required=False)
    service = Id("svc", required=False)
    label = Text(max_length=LABEL_MAX, required=False, help_text="All that strangers read; its name if not sent.")  # type: ignore[assignment]
    shows = OneOf(choices=list(SHOWS), required=False)


class BadgeChange(Change):
    """What changes of a badge. It stays with what it is about."""

    label = Text(max_length=LABEL_MAX, required=False)  # type: ignore[assignment]
    shows = OneOf(choices=list(SHOWS), required=False)


class BadgeFilters(Filters):
    """Filters of badges."""

    monitor = IdFilter("monitor", label="Public id of a monitor.")
    service = IdFilter("service", label="Public id of a service.")
    shows = ChoiceOf(choices=list(SHOWS))


class Badges(ApiView):
    """Badges in force."""

    filterset_class = BadgeFilters

    @operation("List badges", verb="read", gives=BadgeOut, many=True)
    def get(self, request: Request) -> QuerySet[Badge]:
        """By label."""
        return badges_in_force()

    @operation("Create a badge", verb="edit", takes=BadgeIn, gives=BadgeOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Badge:
        """Of one monitor or one service that the person may edit."""
        monitor, service = body.pop("monitor", None), body.pop("service", None)
        if bool(monitor) == bool(service):
            raise refusal("monitor", "Send either a monitor or a service.")
        subject = get_monitor(self.person, monitor) if monitor else get_service(self.person, service)
        require(self.person, "edit", subject)
        return create_badge(subject, **body, now=self.now, reason="Created through the API")


class OneBadge(ApiView):
    """One badge."""

    @operation("Read a badge", verb="read", gives=BadgeOut)
    def get(self, request: Request, public_id: str) -> Badge:
        """Retired ones can be read too."""
        return get_badge(self.person, public_id)

    @operation("Change a badge", verb="edit", takes=BadgeChange, gives=BadgeOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> Badge:
        """What is not sent stays."""
        badge, (changes, why) = get_badge(self.person, public_id, "edit"), changed(self.person, body)
        return change_badge(badge, changes, now=self.now, **why)


class BadgeKey(ApiView):
    """The key of a badge."""

    @operation("Give a badge another key", verb="edit", takes=Change, gives=BadgeOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Badge:
        """The old address opens nothing from now on."""
        badge = get_badge(self.person, public_id, "edit")
        return rotate_badge_key(badge, now=self.now, **changed(self.person, body)[1])


class BadgeRetirement(ApiView):
    """Taking a badge away."""

    @operation("Retire a badge", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """Its address opens nothing any more."""
        badge = get_badge(self.person, public_id, "edit")
        retire_badge(badge, now=self.now, **changed(self.person, body)[1])
