"""Contact methods: an address goes in and never comes out again; a mask stands for it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_contact, get_own_contact, visible_contacts
from accounts.addresses import AddressRefused
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Change, Instant, OneOf, Text
from accounts.api.filters import ChoiceOf, Filters, FlagFilter, IdFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation
from accounts.contact_kinds import ADDRESS_MAX, KINDS, read_address
from accounts.models import ContactMethod
from accounts.scopes import OWN
from accounts.services.contacts import (
    CodeRefused,
    ContactExists,
    LastContact,
    SignsNothing,
    add_contact,
    confirm_contact,
    remove_contact,
    rotate_contact_secret,
)

REFUSALS: Refusals = {
    AddressRefused: Refusal(400, "invalid", field="address"),
    ContactExists: Refusal(409, "contact_exists", "This address is there already.", field="address"),
    LastContact: Refusal(409, "last_contact"),
    CodeRefused: Refusal(409, "code_refused", field="code"),
    SignsNothing: Refusal(409, "signs_nothing"),
}


class ContactOut(serializers.Serializer):
    """A way to reach a person."""

    id = serializers.CharField(source="public_id")
    person = PersonRef(source="user")
    kind = serializers.ChoiceField(choices=list(KINDS))
    address = serializers.CharField(source="address_mask", help_text="Masked.")
    label = serializers.CharField()  # type: ignore[assignment]
    verified_at = Instant(allow_null=True)
    unhealthy_since = Instant(allow_null=True)
    version = serializers.IntegerField()
    created_at = Instant()


class NewContactOut(ContactOut):
    """A contact method whose secret was just made."""

    secret = serializers.CharField(
        allow_null=True,
        help_text="whsec_ and a key in base64 for a webhook, empty for other kinds. Shown once; null when the request is repeated.",
    )


class ContactIn(Body):
    """A new address of the caller."""

    kind = OneOf(choices=list(KINDS))
    address = Text(
        max_length=ADDRESS_MAX,
        write_only=True,
        help_text="E-mail address, a number such as +44 7700 900123, the web address of a webhook, a routing key, an id of Slack.",
    )
    label = Text(max_length=40, required=False, default="", allow_blank=True)  # type: ignore[assignment]


class CodeIn(Body):
    """The code that was sent."""

    code = Text(max_length=20, help_text="Six digits.")


class ContactFilters(Filters):
    """Filters of contact methods."""

    person = IdFilter("user", label="Public id of a person.")
    kind = ChoiceOf(choices=list(KINDS))
    verified = FlagFilter(field_name="verified_at", label="Whether it was proved by a code.", method="is_verified")

    def is_verified(self, rows: QuerySet[ContactMethod], name: str, wanted: bool) -> QuerySet[ContactMethod]:
        """Proved or not."""
        return rows.filter(verified_at__isnull=not wanted)


class Contacts(ApiView):
    """Contact methods in force."""

    filterset_class = ContactFilters
    refusals = REFUSALS

    @operation("List contact methods", verb="read", gives=ContactOut, many=True)
    def get(self, request: Request) -> QuerySet[ContactMethod]:
        """One's own; everybody's for who manages people."""
        return visible_contacts(self.person)

    @operation(
        "Add a contact method of my own",
        verb=OWN, takes=ContactIn, gives=NewContactOut, status=201, shown_once=("secret",),
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, Any]) -> ContactMethod:
        """It is used for paging once it is verified: ask for a code, then confirm it."""
        address = read_address(body["kind"], body["address"])
        return add_contact(user=self.person, kind=body["kind"], address=address, label=body["label"], now=self.now)


class Contact(ApiView):
    """One contact method."""

    @operation("Read a contact method", verb="read", gives=ContactOut)
    def get(self, request: Request, public_id: str) -> ContactMethod:
        """One's own, or anybody's for who manages people."""
        return get_contact(self.person, public_id)


class Confirmation(ApiView):
    """The proof of an address."""

    refusals = REFUSALS

    # a refused code must stay counted, so the call may not be rolled back with an idempotency key
    @operation("Confirm a contact method", verb=OWN, takes=CodeIn, gives=ContactOut, repeatable=False)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> ContactMethod:
        """One's own only. Five tries a code, ten minutes."""
        return confirm_contact(get_own_contact(self.person, public_id), body["code"], now=self.now)


class Rotation(ApiView):
    """A new secret."""

    refusals = REFUSALS

    @operation(
        "Make a new secret of a contact method", verb=OWN, takes=Change, gives=NewContactOut, shown_once=("secret",)
    )
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> ContactMethod:
        """One's own webhook only. The old secret signs beside it for a day."""
        return rotate_contact_secret(
            get_own_contact(self.person, public_id),
            now=self.now,
            reason=body["reason"],
            expected_version=body.get("version"),
        )


class Removal(ApiView):
    """Taking an address out of use."""

    refusals = REFUSALS

    @operation("Remove a contact method", verb=OWN, takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """Pages that went to it keep its mask. 409 for the only address of somebody a policy counts on."""
        contact = get_contact(self.person, public_id)
        remove_contact(contact, now=self.now, reason=body["reason"] or "Removed through the API")
