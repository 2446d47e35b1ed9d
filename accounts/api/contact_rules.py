"""Contact rules: over which contact a person is paged how long after a step, for high and for low urgency apart."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_arranged, get_rules, visible_rules
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Change, Id, Instant, OneOf, Text, Whole
from accounts.api.filters import ChoiceOf, Filters, IdFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation, reference
from accounts.contact_rules import MAX_DELAY_S, MAX_REASON, MAX_RULES, URGENCIES, RulesError
from accounts.models import ContactRules
from accounts.scopes import OWN
from accounts.services.contact_rules import RulesExist, change_rules, drop_rules, write_rules
from ledger.texts import REMOVED, read_many

REFUSALS: Refusals = {
    RulesError: Refusal(400, "invalid"),
    RulesExist: Refusal(409, "rules_exist", "This person has rules for this urgency. Change those.", field="urgency"),
}


class ContactRuleOut(serializers.Serializer):
    """One contact and when it is paged."""

    contact = serializers.CharField()
    delay_s = serializers.IntegerField(help_text="Seconds after the step that names the person.")


class OptOutOut(serializers.Serializer):
    """What is left out; an empty contact is the person."""

    contact = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()


class ContactRulesOut(serializers.Serializer):
    """How one person is paged for one urgency."""

    id = serializers.CharField(source="public_id")
    person = PersonRef(source="user")
    urgency = serializers.ChoiceField(choices=list(URGENCIES))
    rules = ContactRuleOut(many=True)
    opt_outs = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    created_at = Instant()

    @extend_schema_field(OptOutOut(many=True))
    def get_opt_outs(self, held: ContactRules) -> Any:
        """With their reasons in words."""
        texts = getattr(held, "texts", None)
        if texts is None:
            texts = read_many(hashes_of(held))
        return [{"contact": one.contact, "reason": texts.get(one.reason, REMOVED)} for one in held.parsed_opt_outs]


class ContactRuleIn(Body):
    """One rule."""

    contact = Id("cht")
    delay_s = Whole(min_value=0, max_value=MAX_DELAY_S)


class OptOutIn(Body):
    """One opt-out."""

    contact = Text(
        max_length=40, allow_blank=True, help_text="A contact method; empty, for low urgency only: the person."
    )
    reason = Text(max_length=MAX_REASON)


class ContactRulesIn(Body):
    """First rules for an urgency."""

    person = Id("usr", required=False, help_text="Oneself, if not given.")
    urgency = OneOf(choices=list(URGENCIES))
    rules = ContactRuleIn(many=True, max_length=MAX_RULES)  # type: ignore[call-arg]
    opt_outs = OptOutIn(many=True, max_length=MAX_RULES, required=False, default=list)  # type: ignore[call-arg]
    reason = Text(max_length=500, required=False, default="", allow_blank=True, help_text="Why; kept in the history.")


class ContactRulesChange(Change):
    """Rules and opt-outs as a whole."""

    rules = ContactRuleIn(many=True, max_length=MAX_RULES)  # type: ignore[call-arg]
    opt_outs = OptOutIn(many=True, max_length=MAX_RULES, required=False, default=list)  # type: ignore[call-arg]


class RulesFilters(Filters):
    """Filters of contact rules."""

    person = IdFilter("user", label="Public id of a person.")
    urgency = ChoiceOf(choices=list(URGENCIES))


class AllRules(ApiView):
    """Contact rules in force."""

    filterset_class = RulesFilters
    refusals = REFUSALS

    @operation("List contact rules", verb="read", gives=ContactRulesOut, many=True)
    def get(self, request: Request) -> QuerySet[ContactRules]:
        """Everybody's. Who has none is paged over every verified contact at once."""
        return visible_rules(self.person)

    @operation("Write contact rules", verb=OWN, takes=ContactRulesIn, gives=ContactRulesOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> ContactRules:
        """One's own; a manager those of people in their teams, an admin everybody's."""
        wanted = body.pop("person", self.person.public_id)
        person = reference("person", get_arranged, self.person, wanted)
        return write_rules(person, body.pop("urgency"), **_given(body), now=self.now)

    def prepare(self, rows: list[Any]) -> None:
        """The reasons of all opt-outs in one query."""
        texts = read_many(set().union(*(hashes_of(row) for row in rows)))
        for row in rows:
            row.texts = texts


class OneRules(ApiView):
    """The rules of one person for one urgency."""

    refusals = REFUSALS

    @operation("Read contact rules", verb="read", gives=ContactRulesOut)
    def get(self, request: Request, public_id: str) -> ContactRules:
        """Those in force."""
        return get_rules(self.person, public_id)

    @operation("Change contact rules", verb=OWN, takes=ContactRulesChange, gives=ContactRulesOut)
    def put(self, request: Request, public_id: str, body: dict[str, Any]) -> ContactRules:
        """For the steps taken from now on: pages that were planned stay as they are."""
        held = get_rules(self.person, public_id, "edit")
        return change_rules(held, **_given(body), now=self.now, expected_version=body.get("version"))


class RulesEnd(ApiView):
    """Taking rules away."""

    refusals = REFUSALS

    @operation("Take contact rules away", verb=OWN, takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """Every verified contact is paged at once again."""
        held = get_rules(self.person, public_id, "edit")
        drop_rules(held, now=self.now, reason=body["reason"], expected_version=body.get("version"))


def hashes_of(held: ContactRules) -> set[str]:
    """Hashes of the reasons of its opt-outs."""
    return {one.reason for one in held.parsed_opt_outs}


def _given(body: dict[str, Any]) -> dict[str, Any]:
    """Rules and opt-outs as plain dicts, and the reason."""
    return {
        "rules": [dict(one) for one in body["rules"]],
        "opt_outs": [dict(one) for one in body["opt_outs"]],
        "reason": body["reason"],
    }
