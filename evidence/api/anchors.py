"""The outsiders who get each day's seal. Their address goes in and comes out masked."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import require
from accounts.addresses import AddressRefused
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Change, Instant, Text
from accounts.api.views import ApiView, operation
from evidence.access import get_anchor
from evidence.models import Anchor
from evidence.queries import sealed
from evidence.services.anchors import AnchorExists, add_anchor, change_anchor, retire_anchor

REFUSALS: Refusals = {
    AnchorExists: Refusal(409, "taken", "This address gets the seals already.", field="address"),
    AddressRefused: Refusal(400, "invalid", field="address"),
}


class SealLetterOut(serializers.Serializer):
    """How the newest seal fared on its way. Accepted by the mail server is all that can be known."""

    day = serializers.DateField(source="seal.day")
    state = serializers.ChoiceField(choices=["sent", "waiting", "failed", "not_needed"])
    tries = serializers.IntegerField()
    sent_at = Instant(allow_null=True)
    due_at = Instant()
    last_error = serializers.CharField()


class AnchorOut(serializers.Serializer):
    """Somebody outside who keeps our seals."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    address = serializers.CharField(source="address_mask", help_text="A mask.")
    version = serializers.IntegerField()
    created_at = Instant()
    last_letter = SealLetterOut(allow_null=True)
    never_left = serializers.IntegerField(source="unsent", help_text="Of the newest seals, how many were given up.")


class AnchorIn(Body):
    """A new anchor."""

    name = Text(max_length=120)
    address = Text(max_length=254, help_text="An e-mail address.")
    reason = Text(max_length=500)


class AnchorChange(Change):
    """What changes of an anchor."""

    name = Text(max_length=120, required=False)
    address = Text(max_length=254, required=False)


class Anchors(ApiView):
    """Anchors in force."""

    refusals = REFUSALS

    @operation("List anchors", verb="read", gives=AnchorOut, many=True)
    def get(self, request: Request) -> QuerySet[Anchor]:
        """Oldest first, each with how its newest seal fared."""
        require(self.person, "read")
        return sealed.anchors()

    @operation("Name an anchor", verb="manage_organisation", takes=AnchorIn, gives=AnchorOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Anchor:
        """They get the newest seal at once, with the fingerprint of its key, and then one a day."""
        return _told(add_anchor(**body, now=self.now))

    def prepare(self, rows: list[Any]) -> None:
        """The newest letters, in one query."""
        sealed.with_last_letters(rows)


class OneAnchor(ApiView):
    """One anchor."""

    refusals = REFUSALS

    @operation("Read an anchor", verb="read", gives=AnchorOut)
    def get(self, request: Request, public_id: str) -> Anchor:
        """With how its newest seal fared."""
        return _told(get_anchor(self.person, public_id))

    @operation("Change an anchor", verb="manage_organisation", takes=AnchorChange, gives=AnchorOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> Anchor:
        """A new address gets the newest seal at once."""
        anchor = get_anchor(self.person, public_id, "manage_organisation")
        given = {"name": body.get("name", anchor.name), "address": body.get("address", "")}
        return _told(
            change_anchor(anchor, **given, now=self.now, reason=body["reason"], expected_version=body.get("version"))
        )


class AnchorRetirement(ApiView):
    """Taking an anchor out of force."""

    @operation("Retire an anchor", verb="manage_organisation", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """They get no more seals; those they hold stay valid."""
        anchor = get_anchor(self.person, public_id, "manage_organisation")
        retire_anchor(anchor, now=self.now, reason=body["reason"], expected_version=body.get("version"))


def _told(anchor: Anchor) -> Anchor:
    sealed.with_last_letters([anchor])
    return anchor
