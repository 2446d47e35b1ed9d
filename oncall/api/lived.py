"""Who was on call, corrections counted; and the corrections, which two people agree on."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.errors import ApiError, Refusal, Refusals
from accounts.api.fields import Body, Id, Instant, OneOf, Text
from accounts.api.filters import ChoiceOf, Filters, IdFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation, reference
from accounts.second_person import SamePerson
from ledger.texts import REMOVED, read_many
from oncall.access import all_corrections, get_correction, get_schedule
from oncall.api.schedules import LONGEST, REFUSALS, LoadOut, ShiftsIn
from oncall.lived import lived_in, spans_of
from oncall.models import OnCallCorrection
from oncall.rota.calendar import Window, window
from oncall.rota.fairness import BEYOND, loads
from oncall.rota.lived import Lived
from oncall.rota.problems import MAX_PEOPLE
from oncall.rota.schedule import PRIMARY, ROLES
from oncall.services.corrections import (
    REASON_MOST,
    Decided,
    approve_correction,
    refuse_correction,
    request_correction,
)

DECIDING: Refusals = {
    **REFUSALS,
    Decided: Refusal(409, "conflict", field="correction"),
    SamePerson: Refusal(400, "invalid", field="correction"),
}


class LivedOut(serializers.Serializer):
    """Who was on call in `[start, end)`. No people: nobody. `on_record` false: nothing is known."""

    start = Instant()
    end = Instant()
    on_record = serializers.SerializerMethodField()
    people = serializers.SerializerMethodField()
    intervals = serializers.ListField(child=serializers.CharField(), source="facts")
    correction = serializers.SerializerMethodField()

    def get_on_record(self, one: Lived) -> bool:
        """Whether it is known who was on call."""
        return one.people is not None

    def get_people(self, one: Lived) -> list[str]:
        """Public ids."""
        return [person.id for person in one.people or ()]

    def get_correction(self, one: Lived) -> str | None:
        """The correction that says so, in the place of intervals."""
        return one.correction or None


class LivedShiftsOut(serializers.Serializer):
    """Stretches that tile the window, and what each person carried in it."""

    role = serializers.CharField()
    stretches = LivedOut(many=True)
    loads = LoadOut(many=True)


class DutyCorrectionOut(serializers.Serializer):
    """Who counts as on call in `[start_at, end_at)`, once approved. `standing`: asked, approved or refused."""

    id = serializers.CharField(source="public_id")
    schedule = serializers.CharField(source="schedule.public_id")
    role = serializers.CharField()
    start_at = Instant()
    end_at = Instant()
    people = serializers.ListField(child=serializers.CharField())
    intervals = serializers.ListField(child=serializers.CharField(), help_text="What it lies over.")
    standing = serializers.CharField()
    reason = serializers.SerializerMethodField()
    requested_by = PersonRef()
    requested_at = Instant()
    decided_by = PersonRef(allow_null=True)
    decided_at = Instant(allow_null=True)
    approved_alone = serializers.BooleanField(allow_null=True, help_text="Nobody else could approve: an exception.")
    decision = serializers.SerializerMethodField()

    def get_reason(self, row: OnCallCorrection) -> str:
        """What was wrong."""
        return self._text(row.reason_sha256)

    def get_decision(self, row: OnCallCorrection) -> str:
        """What the second person said."""
        return self._text(row.decision_sha256 or "")

    def _text(self, sha: str) -> str:
        return self.context["view"].texts.get(sha, REMOVED) if sha else ""


class DutyCorrectionIn(Body):
    """A request. `people`: all who were on call in the role; none for nobody."""

    schedule = Id("sch")
    role = OneOf(choices=list(ROLES), required=False, default=PRIMARY)
    start_at = Instant()
    end_at = Instant()
    people = serializers.ListField(child=Id("usr"), max_length=MAX_PEOPLE)
    reason = Text(max_length=REASON_MOST)


class CorrectionAgreed(Body):
    """What the second person says."""

    reason = Text(max_length=REASON_MOST, required=False, default="", allow_blank=True)


class CorrectionNotAgreed(Body):
    """Why not."""

    reason = Text(max_length=REASON_MOST)


class CorrectionFilters(Filters):
    """Filters of corrections."""

    schedule = IdFilter("schedule", label="Public id of a schedule.")
    role = ChoiceOf(choices=ROLES, label="primary or secondary.")


class LivedShifts(ApiView):
    """Who was on call."""

    @operation("Look at who was on call", verb="read", takes=ShiftsIn, gives=LivedShiftsOut, repeatable=False)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """As recorded, approved corrections counted. What is not on record says so; the future is not."""
        if not body["start"] < body["end"] <= body["start"] + LONGEST:
            raise ApiError(
                400, "invalid", "The window ends later than it starts, and lasts at most 400 days.", field="end"
            )
        schedule, role = get_schedule(self.person, public_id), body["role"]
        within = window(body["start"], body["end"])
        beyond = lived_in(schedule, Window(within.start, within.end + BEYOND), role, now=self.now)
        carried = loads(spans_of(beyond), within, schedule.zone)
        return {"role": role, "stretches": lived_in(schedule, within, role, now=self.now), "loads": carried}


class _Correcting(ApiView):
    """Reads the texts of the rows it gives, with one query."""

    refusals = DECIDING
    texts: dict[str, str]

    def prepare(self, rows: list[Any]) -> None:
        """Read them."""
        self.texts = read_many({sha for row in rows for sha in (row.reason_sha256, row.decision_sha256) if sha})

    def told(self, correction: OnCallCorrection) -> OnCallCorrection:
        """One, as it stands now."""
        found = get_correction(self.person, correction.public_id)
        self.prepare([found])
        return found


class Corrections(_Correcting):
    """Corrections."""

    filterset_class = CorrectionFilters

    @operation("List corrections of who was on call", verb="read", gives=DutyCorrectionOut, many=True)
    def get(self, request: Request) -> QuerySet[OnCallCorrection]:
        """Oldest first, refused ones too."""
        return all_corrections(self.person)

    @operation(
        "Ask for a correction of who was on call",
        verb="respond",
        takes=DutyCorrectionIn,
        gives=DutyCorrectionOut,
        status=201,
    )
    def post(self, request: Request, body: dict[str, Any]) -> OnCallCorrection:
        """It counts once somebody else has approved."""
        schedule = reference("schedule", get_schedule, self.person, body.pop("schedule"))
        return self.told(request_correction(schedule, **body, by=self.person, now=self.now))


class OneCorrection(_Correcting):
    """One correction."""

    @operation("Read a correction of who was on call", verb="read", gives=DutyCorrectionOut)
    def get(self, request: Request, public_id: str) -> OnCallCorrection:
        """With what became of it."""
        return self.told(get_correction(self.person, public_id))


class CorrectionApproval(_Correcting):
    """A second person."""

    @operation("Approve a correction of who was on call", verb="edit", takes=CorrectionAgreed, gives=DutyCorrectionOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> OnCallCorrection:
        """By somebody else than who asked; 400 if another person could and 409 if it is decided."""
        held = get_correction(self.person, public_id, "edit")
        return self.told(approve_correction(held, by=self.person, now=self.now, reason=body["reason"]))


class CorrectionRefusal(_Correcting):
    """No, or not any more."""

    @operation(
        "Refuse a correction of who was on call", verb="respond", takes=CorrectionNotAgreed, gives=DutyCorrectionOut
    )
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> OnCallCorrection:
        """By who may edit the schedule, or by who asked, to take it back."""
        held = get_correction(self.person, public_id, "withdraw")
        return self.told(refuse_correction(held, by=self.person, now=self.now, reason=body["reason"]))
