"""Tests of a person's contacts: asking for one, and what came of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_arranged
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Id, Instant
from accounts.api.filters import Filters, IdFilter
from accounts.api.people import PersonRef
from accounts.api.throttles import SEND
from accounts.api.views import ApiView, operation, reference
from accounts.scopes import OWN
from accounts.services.contacts import CodeRefused
from oncall.access import all_tests, get_test
from oncall.api.paging import PageOut
from oncall.models import ContactTest
from oncall.notify.services import NothingToTest, ask_for_test
from oncall.proofs import with_pages

REFUSALS: Refusals = {
    CodeRefused: Refusal(429, "too_many_requests"),
    NothingToTest: Refusal(409, "nothing_to_test"),
}


class ContactTestOut(serializers.Serializer):
    """One asking for a test over contacts of a person, and its pages, each with its four truths."""

    id = serializers.CharField(source="public_id")
    person = PersonRef()
    asked_by = PersonRef()
    asked_at = Instant()
    pages = serializers.SerializerMethodField()

    @extend_schema_field(PageOut(many=True))
    def get_pages(self, test: ContactTest) -> Any:
        """In the order in which they were planned."""
        pages = getattr(test, "asked_pages", None)
        return PageOut(with_pages([test])[0].pages if pages is None else pages, many=True).data


class ContactTestIn(Body):
    """Whose contacts are tested."""

    person = Id("usr", required=False, help_text="Oneself, if not given.")


class ContactTestFilters(Filters):
    """Filters of tests."""

    person = IdFilter("person", label="Public id of a person.")


class ContactTests(ApiView):
    """Tests of contacts."""

    filterset_class = ContactTestFilters
    refusals = REFUSALS
    order = ("-id",)

    @operation("List tests of contacts", verb="read", gives=ContactTestOut, many=True)
    def get(self, request: Request) -> QuerySet[ContactTest]:
        """Newest first. Addresses are masked."""
        return all_tests(self.person)

    @operation(
        "Test the contacts of a person", verb=OWN, takes=ContactTestIn, gives=ContactTestOut, status=201, rule=SEND
    )
    def post(self, request: Request, body: dict[str, Any]) -> ContactTest:
        """One's own; a manager those of people in their teams, an admin everybody's. A page goes over each verified contact."""
        person = reference("person", get_arranged, self.person, body.get("person", self.person.public_id))
        return ask_for_test(person, by=self.person, now=self.now)[0]

    def prepare(self, rows: list[Any]) -> None:
        """The pages of all tests in one query."""
        for asked in with_pages(rows):
            asked.test.asked_pages = asked.pages  # type: ignore[attr-defined]


class OneContactTest(ApiView):
    """One test."""

    @operation("Read a test of contacts", verb="read", gives=ContactTestOut)
    def get(self, request: Request, public_id: str) -> ContactTest:
        """With what came of each page."""
        return get_test(self.person, public_id)
