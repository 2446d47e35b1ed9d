"""Overrides of schedules, and who was on call: the plan changed for a while, and what became of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_person
from accounts.api.fields import Body, Change, Id, Instant, OneOf, Text
from accounts.api.filters import ChoiceOf, Filters, FlagFilter, IdFilter, InstantFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation, reference
from ledger.texts import REMOVED, read_many
from oncall.access import all_intervals, all_overrides, get_interval, get_override, get_schedule, require_override
from oncall.api.schedules import REFUSALS
from oncall.models import OnCallInterval, Override
from oncall.models.duty import NOBODY, OVERRIDE, ROTATION
from oncall.rota.schedule import PRIMARY, ROLES, Kind
from oncall.services.overrides import end_override, make_override


class OverrideOut(serializers.Serializer):
    """A change of who is on call in `[start_at, end_at)`. `number`: its place among those of its schedule."""

    id = serializers.CharField(source="public_id")
    schedule = serializers.CharField(source="schedule.public_id")
    number = serializers.IntegerField()
    role = serializers.CharField()
    kind = serializers.CharField()
    start_at = Instant()
    end_at = Instant()
    who = PersonRef(allow_null=True)
    whom = PersonRef(allow_null=True)
    made_by = PersonRef()
    swap = serializers.CharField(help_text="The swap that it carries out; empty if none.")
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True, help_text="When it was taken back, before it began.")


class DutyOut(serializers.Serializer):
    """Somebody on call in `[started_at, ended_at)`, or nobody. A fact: written when it happened, never computed again."""

    id = serializers.CharField(source="public_id")
    schedule = serializers.CharField(source="schedule.public_id")
    schedule_version = serializers.IntegerField()
    role = serializers.CharField()
    person = serializers.CharField(source="person.public_id", default=None, allow_null=True)
    person_name = serializers.SerializerMethodField()
    started_at = Instant()
    ended_at = Instant(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]
    layer = serializers.CharField(source="layer.public_id", default=None, allow_null=True)
    turn = serializers.IntegerField(allow_null=True)
    override = serializers.CharField(source="override.public_id", default=None, allow_null=True)
    cause = serializers.CharField(help_text="Why there is nobody; empty if there is somebody.")
    why = serializers.SerializerMethodField()
    recorded_at = Instant(help_text="Later than `started_at` if the engine stood.")
    closed_at = Instant(allow_null=True)

    def get_person_name(self, row: OnCallInterval) -> str:
        """As it was then; empty for nobody."""
        return self._text(row.name_sha256)

    def get_why(self, row: OnCallInterval) -> str:
        """The reason, as it was given then."""
        return self._text(row.why_sha256)

    def _text(self, sha: str) -> str:
        return self.context["view"].texts.get(sha, REMOVED) if sha else ""


class OverrideIn(Body):
    """A new override: `replace` who instead of whom, or of everybody; `add` who; `remove` whom."""

    schedule = Id("sch")
    role = OneOf(choices=list(ROLES), required=False, default=PRIMARY)
    kind = OneOf(choices=[str(kind) for kind in Kind])
    start_at = Instant(required=False, help_text="From now without it.")
    end_at = Instant()
    who = Id("usr", required=False, allow_null=True)
    whom = Id("usr", required=False, allow_null=True)
    reason = Text(max_length=500, required=False, default="", allow_blank=True, help_text="Why; kept in the history.")


class OverrideEnd(Change):
    """When it ends; now without it."""

    at = Instant(required=False)


class OverrideFilters(Filters):
    """Filters of overrides."""

    schedule = IdFilter("schedule", label="Public id of a schedule.")
    ends_from = InstantFilter(field_name="end_at", lookup_expr="gt", label="Ends after this instant.")
    starts_to = InstantFilter(field_name="start_at", lookup_expr="lt", label="Starts before this instant.")


class IntervalFilters(Filters):
    """Filters of what is on record."""

    schedule = IdFilter("schedule", label="Public id of a schedule.")
    person = IdFilter("person", label="Public id of a person.")
    role = ChoiceOf(choices=ROLES, label="primary or secondary.")
    source = ChoiceOf(choices=(ROTATION, OVERRIDE, NOBODY), label="rotation, override or nobody.")
    open = FlagFilter(field_name="ended_at", lookup_expr="isnull", label="Only those that go on, or only others.")
    starts_to = InstantFilter(field_name="started_at", lookup_expr="lt", label="Started before this instant.")
    ends_from = InstantFilter(field_name="ended_at", lookup_expr="gt", label="Ended after this instant.")


class Overrides(ApiView):
    """Overrides."""

    filterset_class = OverrideFilters
    refusals = REFUSALS

    @operation("List overrides of schedules", verb="read", gives=OverrideOut, many=True)
    def get(self, request: Request) -> QuerySet[Override]:
        """Oldest first; those that are over are there, those that were taken back are not."""
        return all_overrides(self.person).filter(retired_at__isnull=True)

    @operation("Override a schedule", verb="respond", takes=OverrideIn, gives=OverrideOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Override:
        """Who answers pages may take a shift themselves (`who`); everything else is for who may edit the schedule."""
        for field, find in (("schedule", get_schedule), ("who", get_person), ("whom", get_person)):
            if body.get(field):
                body[field] = reference(field, find, self.person, body[field])
        require_override(self.person, body["schedule"], who=body.get("who"))
        return make_override(**body, by=self.person, now=self.now)


class OneOverride(ApiView):
    """One override."""

    @operation("Read an override", verb="read", gives=OverrideOut)
    def get(self, request: Request, public_id: str) -> Override:
        """Those that were taken back can be read too."""
        return get_override(self.person, public_id)


class OverrideEnding(ApiView):
    """The end of an override."""

    refusals = REFUSALS

    @operation("End an override", verb="respond", takes=OverrideEnd, gives=OverrideOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Override:
        """By who made it, or may edit the schedule. What has not begun is taken back."""
        override, seen = get_override(self.person, public_id, "edit"), body.get("version")
        end_override(override, at=body.get("at"), now=self.now, reason=body["reason"], expected_version=seen)
        return get_override(self.person, public_id)


class _WithReasons(ApiView):
    """Reads the names and reasons of the rows it gives, with one query."""

    texts: dict[str, str]

    def prepare(self, rows: list[Any]) -> None:
        """Read them."""
        self.texts = read_many({sha for row in rows for sha in (row.name_sha256, row.why_sha256) if sha})


class Intervals(_WithReasons):
    """Who was on call."""

    filterset_class = IntervalFilters

    @operation("List who was on call", verb="read", gives=DutyOut, many=True)
    def get(self, request: Request) -> QuerySet[OnCallInterval]:
        """As it was recorded, gaps included, in the order in which it was."""
        return all_intervals(self.person)


class OneInterval(_WithReasons):
    """One interval."""

    @operation("Read who was on call once", verb="read", gives=DutyOut)
    def get(self, request: Request, public_id: str) -> OnCallInterval:
        """With the reason, as it was given then."""
        interval = get_interval(self.person, public_id)
        self.prepare([interval])
        return interval
