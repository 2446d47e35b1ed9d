"""Swaps of shifts: asked for, offered, agreed, approved, ended."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_person
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Id, Instant, OneOf, Text
from accounts.api.filters import ChoiceOf, Filters, IdFilter, InstantFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation, reference
from accounts.second_person import SamePerson
from ledger.texts import REMOVED, read_many
from oncall.access import all_swaps, get_schedule, get_swap, require_request, require_swap
from oncall.models import Override, Swap
from oncall.rota.problems import ScheduleError
from oncall.rota.schedule import PRIMARY, ROLES
from oncall.rota.swaps import IllegalMove, State
from oncall.services.swaps import (
    NOTE_MOST,
    accept_swap,
    approve_swap,
    close_swap,
    offer_swap,
    reopen_swap,
    request_swap,
)

REFUSALS: Refusals = {
    ScheduleError: Refusal(400, "invalid"),
    IllegalMove: Refusal(409, "conflict"),
    SamePerson: Refusal(409, "conflict"),
}


class SwapOut(serializers.Serializer):
    """A shift, or a part of it, that somebody gives to somebody, for nothing or for another one."""

    id = serializers.CharField(source="public_id")
    schedule = serializers.CharField(source="schedule.public_id")
    role = serializers.CharField()
    state = serializers.ChoiceField(choices=[str(state) for state in State])
    giver = PersonRef()
    start_at = Instant()
    end_at = Instant()
    asked = PersonRef(allow_null=True, help_text="Who was asked by name; null for everybody.")
    taker = PersonRef(allow_null=True)
    back_start_at = Instant(allow_null=True, help_text="The taker's shift in return.")
    back_end_at = Instant(allow_null=True)
    expires_at = Instant(help_text="What is not done by then is over.")
    note = serializers.SerializerMethodField()
    requested_by = PersonRef()
    requested_at = Instant()
    offered_by = PersonRef(allow_null=True)
    offered_at = Instant(allow_null=True)
    accepted_by = PersonRef(allow_null=True)
    accepted_at = Instant(allow_null=True)
    approved_alone = serializers.BooleanField(allow_null=True)
    ended_by = PersonRef(allow_null=True)
    ended_at = Instant(allow_null=True)
    end_note = serializers.SerializerMethodField()
    overrides = serializers.SerializerMethodField()

    def get_note(self, row: Swap) -> str:
        """What was said when it was asked for."""
        return self._text(row.note_sha256)

    def get_end_note(self, row: Swap) -> str:
        """What was said when it ended."""
        return self._text(row.end_sha256)

    def get_overrides(self, row: Swap) -> list[str]:
        """What it became."""
        found: list[str] = self.context["view"].overrides.get(row.public_id, [])
        return found

    def _text(self, sha: str) -> str:
        return self.context["view"].texts.get(sha, REMOVED) if sha else ""


class SwapIn(Body):
    """A shift of one's own that somebody else shall take; of anybody for who may edit the schedule."""

    schedule = Id("sch")
    role = OneOf(choices=list(ROLES), required=False, default=PRIMARY)
    giver = Id("usr", required=False, allow_null=True, help_text="Whose shift; the caller's without one.")
    start_at = Instant()
    end_at = Instant()
    asked = Id("usr", required=False, allow_null=True, help_text="One person; everybody without one.")
    note = Text(max_length=NOTE_MOST, required=False, default="", allow_blank=True)


class OfferIn(Body):
    """An offer to take it, for nothing or for a shift in return."""

    taker = Id("usr", required=False, allow_null=True, help_text="The caller without one.")
    back_start_at = Instant(required=False, allow_null=True)
    back_end_at = Instant(required=False, allow_null=True)


class SwapEnd(Body):
    """Why it ends."""

    reason = Text(max_length=NOTE_MOST, required=False, default="", allow_blank=True)


class Nothing(Body):
    """No content."""


class SwapFilters(Filters):
    """Filters of swaps."""

    schedule = IdFilter("schedule", label="Public id of a schedule.")
    giver = IdFilter("giver", label="Public id of a person.")
    taker = IdFilter("taker", label="Public id of a person.")
    state = ChoiceOf(choices=[str(state) for state in State])
    ends_from = InstantFilter(field_name="end_at", lookup_expr="gt", label="Of shifts that end after this instant.")
    starts_to = InstantFilter(
        field_name="start_at", lookup_expr="lt", label="Of shifts that start before this instant."
    )


class SwapView(ApiView):
    """Reads the words and the overrides of the swaps it gives, with one query each."""

    refusals = REFUSALS
    texts: dict[str, str]
    overrides: dict[str, list[str]]

    def prepare(self, rows: list[Any]) -> None:
        """Read them."""
        self.texts = read_many({sha for row in rows for sha in (row.note_sha256, row.end_sha256) if sha})
        self.overrides = {}
        made = Override.objects.filter(swap__in=[row.public_id for row in rows]).order_by("pk")
        for swap, override in made.values_list("swap", "public_id"):
            self.overrides.setdefault(swap, []).append(override)

    def told(self, swap: Swap) -> Swap:
        """A swap as it stands now, ready to be given."""
        found = get_swap(self.person, swap.public_id)
        self.prepare([found])
        return found


class Swaps(SwapView):
    """Swaps."""

    filterset_class = SwapFilters

    @operation("List swaps of shifts", verb="read", gives=SwapOut, many=True)
    def get(self, request: Request) -> QuerySet[Swap]:
        """Oldest first; those that are over included."""
        return all_swaps(self.person)

    @operation("Ask that somebody takes a shift", verb="respond", takes=SwapIn, gives=SwapOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Swap:
        """All of it or a part. It has to begin now or later, and the giver has to be on call in all of it."""
        body["schedule"] = reference("schedule", get_schedule, self.person, body["schedule"])
        for field in ("giver", "asked"):
            given = body.get(field)
            body[field] = reference(field, get_person, self.person, given) if given else None
        body["giver"] = body["giver"] or self.person
        require_request(self.person, body["schedule"], giver=body["giver"])
        return self.told(request_swap(**body, by=self.person, now=self.now))


class OneSwap(SwapView):
    """One swap."""

    @operation("Read a swap", verb="read", gives=SwapOut)
    def get(self, request: Request, public_id: str) -> Swap:
        """With who did what when."""
        return self.told(get_swap(self.person, public_id))


class SwapOffer(SwapView):
    """An offer."""

    @operation("Offer to take a shift", verb="respond", takes=OfferIn, gives=SwapOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Swap:
        """By who was asked, by anybody who answers pages where nobody was; for another person by who may edit the schedule."""
        given = body.pop("taker", None)
        taker = reference("taker", get_person, self.person, given) if given else self.person
        swap = require_swap(self.person, public_id, "offer", taker=taker)
        return self.told(offer_swap(swap, taker=taker, **body, by=self.person, now=self.now))


class SwapTakenBack(SwapView):
    """The end of an offer by who made it."""

    @operation("Take an offer back", verb="respond", takes=Nothing, gives=SwapOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Swap:
        """The swap is open to others again."""
        swap = require_swap(self.person, public_id, "take_back")
        return self.told(reopen_swap(swap, "take_back", by=self.person, now=self.now))


class SwapTurnedDown(SwapView):
    """The end of an offer by who would give the shift."""

    @operation("Turn an offer down", verb="respond", takes=Nothing, gives=SwapOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Swap:
        """The swap is open to others again."""
        swap = require_swap(self.person, public_id, "turn_down")
        return self.told(reopen_swap(swap, "turn_down", by=self.person, now=self.now))


class SwapAcceptance(SwapView):
    """The giver's agreement."""

    @operation("Accept an offer", verb="respond", takes=Nothing, gives=SwapOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Swap:
        """It becomes overrides at once, or waits for approval where the schedule asks for one."""
        return self.told(accept_swap(require_swap(self.person, public_id, "accept"), by=self.person, now=self.now))


class SwapApproval(SwapView):
    """The second person's word."""

    @operation("Approve a swap", verb="edit", takes=Nothing, gives=SwapOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Swap:
        """By who may edit the schedule and is no party to it."""
        return self.told(approve_swap(require_swap(self.person, public_id, "approve"), by=self.person, now=self.now))


class SwapRefusal(SwapView):
    """The second person's no."""

    @operation("Refuse a swap", verb="edit", takes=SwapEnd, gives=SwapOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Swap:
        """It is declined."""
        return self._ended(public_id, "refuse", body)

    def _ended(self, public_id: str, verb: str, body: dict[str, Any]) -> Swap:
        swap = require_swap(self.person, public_id, verb)
        return self.told(close_swap(swap, verb, by=self.person, now=self.now, reason=body["reason"]))


class SwapDecline(SwapRefusal):
    """The no of who was asked by name."""

    @operation("Decline to take a shift", verb="respond", takes=SwapEnd, gives=SwapOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Swap:
        """The swap is over; another person can be asked by another one."""
        return self._ended(public_id, "decline", body)


class SwapWithdrawal(SwapRefusal):
    """The end of a swap by who asked for it."""

    @operation("Withdraw a swap", verb="respond", takes=SwapEnd, gives=SwapOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Swap:
        """While it is not done."""
        return self._ended(public_id, "withdraw", body)
