"""Canaries and drills: setting the canary, paging a policy as a drill, and what came of each."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import require
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Change, Id, Instant, OneOf, Pattern, Text, Whole
from accounts.api.filters import ChoiceOf, Filters, IdFilter, InstantFilter
from accounts.api.people import PersonRef
from accounts.api.throttles import SEND
from accounts.api.views import ApiView, operation, reference
from accounts.contact_rules import HIGH, URGENCIES
from oncall.access import all_exercises, get_canary, get_exercise, get_policy, require_ending
from oncall.api.paging import PageOut
from oncall.exercises import Held, with_pages
from oncall.models import Canary, Exercise
from oncall.models.exercises import KINDS, OUTCOMES
from oncall.services.exercises import (
    LEAST_WITHIN_S,
    MOST_WITHIN_S,
    ExerciseRefused,
    call_off,
    change_canary,
    send_canary,
    start_drill,
)

INVALID: Refusals = {ExerciseRefused: Refusal(400, "invalid")}
REFUSALS: Refusals = {ExerciseRefused: Refusal(409, "conflict")}


class CanaryOut(serializers.Serializer):
    """To whom a canary goes and when, on the wall of the organisation's zone. Off: no target."""

    id = serializers.CharField(source="public_id")
    version = serializers.IntegerField()
    target = serializers.CharField(allow_blank=True, help_text="A person or a schedule by id; empty: off.")
    at = serializers.CharField(help_text="09:30")
    days = serializers.ListField(child=serializers.IntegerField(), help_text="Weekdays, 0 is Monday.")
    confirm_within_s = serializers.IntegerField()


class CanaryIn(Change):
    """The whole setting."""

    target = Id("usr", "sch", required=False, allow_blank=True, default="")
    at = Pattern(
        r"([01]\d|2[0-3]):[0-5]\d", "Give a time of day such as 09:30.", max_length=5, required=False, default="10:00"
    )
    days = serializers.ListField(
        child=Whole(min_value=0, max_value=6), min_length=1, max_length=7, required=False, default=[0, 1, 2, 3, 4, 5, 6]
    )
    confirm_within_s = Whole(min_value=LEAST_WITHIN_S, max_value=MOST_WITHIN_S, required=False, default=900)


class ExerciseOut(serializers.Serializer):
    """One canary or drill, how far it came, and each of its pages with its four truths."""

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=list(KINDS))
    policy = serializers.CharField(source="policy.public_id", default=None, allow_null=True)
    target = serializers.CharField(allow_blank=True)
    asked_by = PersonRef(allow_null=True)
    slot_at = Instant(allow_null=True)
    started_at = Instant()
    ended_at = Instant(allow_null=True)
    outcome = serializers.ChoiceField(choices=["", *OUTCOMES], help_text="Empty while it is under way.")
    answered_at = Instant(allow_null=True, help_text="Later than ended_at: too late.")
    answered_by = PersonRef(allow_null=True)
    answered_how = serializers.CharField(allow_blank=True)
    took_s = serializers.IntegerField(allow_null=True, help_text="Seconds from its beginning to the answer.")
    accepted_after_s = serializers.SerializerMethodField()
    delivered_after_s = serializers.SerializerMethodField()
    pages = serializers.SerializerMethodField()

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_accepted_after_s(self, exercise: Exercise) -> int | None:
        """Seconds until a provider took the first page."""
        return _held(exercise).after_s("accepted")

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_delivered_after_s(self, exercise: Exercise) -> int | None:
        """Seconds until the first page was delivered."""
        return _held(exercise).after_s("delivered")

    @extend_schema_field(PageOut(many=True))
    def get_pages(self, exercise: Exercise) -> Any:
        """In the order in which they were planned."""
        return PageOut(_held(exercise).pages, many=True).data


def _held(exercise: Exercise) -> Held:
    """Its pages, asked for once; a list asks for those of all at once."""
    held = getattr(exercise, "held", None)
    if held is None:
        held = exercise.held = with_pages([exercise])[0]  # type: ignore[attr-defined]
    return held  # type: ignore[no-any-return]


class DrillIn(Body):
    """Which policy is paged."""

    policy = Id("pol")
    urgency = OneOf(choices=list(URGENCIES), required=False, default=HIGH)
    reason = Text(max_length=1000, required=False, allow_blank=True, default="", help_text="Why; kept as evidence.")


class ExerciseFilters(Filters):
    """Filters of exercises."""

    kind = ChoiceOf(choices=[(kind, kind) for kind in KINDS], label="canary or drill.")
    outcome = ChoiceOf(choices=[(one, one) for one in OUTCOMES], label="What came of it.")
    policy = IdFilter("policy", label="Public id of a policy.")
    since = InstantFilter("started_at", "gte", label="Begun at or after this instant.")
    until = InstantFilter("started_at", "lt", label="Begun before this instant.")


class TheCanary(ApiView):
    """The canary."""

    refusals = INVALID

    @operation("Read the canary", verb="read", gives=CanaryOut)
    def get(self, request: Request) -> Canary:
        """There is one. Version 0: nobody has set it yet, and none is sent."""
        return get_canary(self.person)

    @operation("Change the canary", verb="edit_any", takes=CanaryIn, gives=CanaryOut)
    def put(self, request: Request, body: dict[str, Any]) -> Canary:
        """From now on; without a target none is sent."""
        get_canary(self.person, "edit")
        seen = body.pop("version", None)
        return change_canary(**body, now=self.now, expected_version=seen)


class CanaryNow(ApiView):
    """A canary out of turn."""

    refusals = REFUSALS

    @operation("Send a canary now", verb="edit_any", gives=ExerciseOut, status=201, rule=SEND)
    def post(self, request: Request) -> Exercise:
        """409 while it is off, or one is on its way."""
        return send_canary(get_canary(self.person, "edit"), now=self.now, by=self.person)


class Exercises(ApiView):
    """Canaries and drills."""

    filterset_class = ExerciseFilters
    refusals = REFUSALS
    order = ("-id",)

    @operation("List exercises", verb="read", gives=ExerciseOut, many=True)
    def get(self, request: Request) -> QuerySet[Exercise]:
        """Newest first: the series of how long it took from a beginning to an answer."""
        return all_exercises(self.person)

    @operation("Page a policy as a drill", verb="edit", takes=DrillIn, gives=ExerciseOut, status=201, rule=SEND)
    def post(self, request: Request, body: dict[str, Any]) -> Exercise:
        """Whoever may edit the policy. Every message says DRILL; nothing of it counts as an incident."""
        policy = reference("policy", get_policy, self.person, body.pop("policy"))
        require(self.person, "edit", policy)
        return start_drill(policy, by=self.person, now=self.now, **body)

    def prepare(self, rows: list[Any]) -> None:
        """The pages of all of them in one query."""
        for held in with_pages(rows):
            held.exercise.held = held  # type: ignore[attr-defined]


class OneExercise(ApiView):
    """One canary or drill."""

    @operation("Read an exercise", verb="read", gives=ExerciseOut)
    def get(self, request: Request, public_id: str) -> Exercise:
        """With what came of each page."""
        return get_exercise(self.person, public_id)


class ExerciseEnding(ApiView):
    """Ending one before its time."""

    refusals = REFUSALS

    @operation("End an exercise", verb="edit", status=204)
    def post(self, request: Request, public_id: str) -> None:
        """Nobody else is called. 409 when it is over."""
        exercise = get_exercise(self.person, public_id)
        require_ending(self.person, exercise)
        call_off(exercise, by=self.person, now=self.now)
