"""Calendars of absences and holidays, and what they clash with. They are held against shifts and change none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import can_arrange, get_arranged
from accounts.api.errors import ApiError, Refusal, Refusals
from accounts.api.fields import Body, Change, Id, Instant, Text
from accounts.api.filters import Filters, FlagFilter, IdFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation, reference
from oncall.absences import Clash, clashes_of
from oncall.access import all_absences, get_absences, get_schedule
from oncall.calendar_read import MOST_BYTES, CalendarError
from oncall.models import AbsenceCalendar
from oncall.queries import people_by_id
from oncall.rota.calendar import window
from oncall.services.absences import NAME_MOST, AbsencesWithdrawn, take_absences, withdraw_absences

REFUSALS: Refusals = {
    CalendarError: Refusal(400, "invalid", field="ics"),
    AbsencesWithdrawn: Refusal(409, "conflict"),
}
LONGEST = timedelta(days=400)


class AbsenceCalendarOut(serializers.Serializer):
    """One file that was taken in: of a person who is away, or of a schedule whose holidays they are."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    person = PersonRef(allow_null=True)
    schedule = serializers.CharField(source="schedule.public_id", default=None, allow_null=True)
    uploaded_by = PersonRef()
    file_sha256 = serializers.CharField()
    times = serializers.IntegerField(help_text="Stretches in the 400 days after it was taken in.")
    left_out = serializers.IntegerField(help_text="Events that could not be read.")
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True, help_text="When it was withdrawn.")


class TakenOut(AbsenceCalendarOut):
    """The same, with a sentence for each event that was left out."""

    not_read = serializers.ListField(child=serializers.CharField())


class ClashOut(serializers.Serializer):
    """Somebody is on call in `[start, end)` while away, on a holiday, or in two roles at once."""

    kind = serializers.ChoiceField(choices=["away", "holiday", "doubled"])
    start = Instant(source="conflict.start")
    end = Instant(source="conflict.end")
    person = serializers.CharField(source="conflict.person.id")
    person_name = serializers.CharField(source="conflict.person.name")
    roles = serializers.ListField(child=serializers.CharField(), source="conflict.roles")
    calendar = serializers.CharField(help_text="The calendar it comes from; empty for two roles at once.")
    what = serializers.SerializerMethodField()

    def get_what(self, clash: Clash) -> str:
        """What the calendar calls it. Of a person's own calendar only for themselves and who arranges how they are paged."""
        return clash.what if clash.kind != "away" or clash.conflict.person.id in self.context["view"].open_to else ""


class ClashesOut(serializers.Serializer):
    """What does not fit together in a window."""

    conflicts = ClashOut(many=True)


class AbsencesIn(Body):
    """A file, as text, and whose it is: one person's, or one schedule's."""

    name = Text(max_length=NAME_MOST)
    person = Id("usr", required=False, allow_null=True)
    schedule = Id("sch", required=False, allow_null=True)
    ics = serializers.CharField(
        max_length=MOST_BYTES, trim_whitespace=False, help_text="The iCalendar file (RFC 5545)."
    )
    reason = Text(max_length=500, required=False, default="", allow_blank=True, help_text="Why; kept in the history.")


class WithinIn(Body):
    """A window of at most 400 days."""

    start = Instant()
    end = Instant()


class AbsenceFilters(Filters):
    """Filters of calendars of absences."""

    person = IdFilter("person", label="Public id of a person.")
    schedule = IdFilter("schedule", label="Public id of a schedule.")
    withdrawn = FlagFilter(
        field_name="retired_at", lookup_expr="isnull", exclude=True, label="Whether it was withdrawn."
    )


class AbsenceCalendars(ApiView):
    """Calendars of absences."""

    filterset_class = AbsenceFilters
    refusals = REFUSALS

    @operation("List calendars of absences", verb="read", gives=AbsenceCalendarOut, many=True)
    def get(self, request: Request) -> QuerySet[AbsenceCalendar]:
        """Withdrawn ones included."""
        return all_absences(self.person)

    @operation("Take absences or holidays in", verb="respond", takes=AbsencesIn, gives=TakenOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> AbsenceCalendar:
        """Of oneself, of whom one arranges, or of a schedule one may edit. Nothing is fetched, and no shift changes."""
        person, schedule = body.pop("person", None), body.pop("schedule", None)
        if bool(person) == bool(schedule):
            raise ApiError(400, "invalid", "Send either a person or a schedule.", field="person")
        of = (
            {"person": reference("person", get_arranged, self.person, person)}
            if person
            else {
                "schedule": reference(
                    "schedule", lambda user, one: get_schedule(user, one, "edit"), self.person, schedule
                )
            }
        )
        made, found = take_absences(
            **of, name=body["name"], data=body["ics"].encode(), by=self.person, now=self.now, reason=body["reason"]
        )
        made.not_read = found.left_out  # type: ignore[attr-defined]
        return made


class OneAbsenceCalendar(ApiView):
    """One calendar of absences."""

    @operation("Read a calendar of absences", verb="read", gives=AbsenceCalendarOut)
    def get(self, request: Request, public_id: str) -> AbsenceCalendar:
        """Withdrawn ones can be read too."""
        return get_absences(self.person, public_id)


class AbsenceWithdrawal(ApiView):
    """Taking a calendar back."""

    refusals = REFUSALS

    @operation("Withdraw a calendar of absences", verb="respond", takes=Change, gives=AbsenceCalendarOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> AbsenceCalendar:
        """Nothing of it is held against shifts any more."""
        held = get_absences(self.person, public_id, "edit")
        return withdraw_absences(held, now=self.now, reason=body["reason"], expected_version=body.get("version"))


class Conflicts(ApiView):
    """What does not fit together."""

    open_to: set[str]

    @operation("Look at the conflicts of a schedule", verb="read", takes=WithinIn, gives=ClashesOut, repeatable=False)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """As planned now, from now on at the earliest. Nothing is stored and no shift changes."""
        start = max(body["start"], self.now)
        if not start < body["end"] <= start + LONGEST:
            raise ApiError(400, "invalid", "The window ends later than now, and lasts at most 400 days.", field="end")
        found = clashes_of(get_schedule(self.person, public_id), window(start, body["end"]))
        self.open_to = self._open_to({one.conflict.person.id for one in found})
        return {"conflicts": found}

    def _open_to(self, people: set[str]) -> set[str]:
        return {one.public_id for one in people_by_id(people).values() if can_arrange(self.person, one)}
