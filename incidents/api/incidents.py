"""Incidents: declare, read, and everything a responder does with one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_person
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Id, Instant, OneOf, Text, Whole
from accounts.api.filters import ChoiceOf, Filters, FlagFilter, IdFilter, InstantFilter, WholeFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation, reference
from incidents.access import get_incident
from incidents.api.timeline import EntryOut, tell_texts
from incidents.models import Incident, TimelineEntry
from incidents.queries import recent_incidents
from incidents.services.asking import LEAST_S, MOST_S, snooze
from incidents.services.handing import reassign, take_over
from incidents.services.outcomes import Outcome
from incidents.services.rows import StaleIncident
from incidents.services.transitions import acknowledge, resolve
from incidents.services.work import (
    MAX_NOTE,
    MAX_TITLE,
    BadInput,
    add_note,
    add_person,
    declare,
    escalate,
)
from incidents.states import OPEN_STATES, STATES, IllegalMove
from ledger.actors import current_actor
from monitors.access import get_service
from monitors.api.inventory import Ref
from monitors.models.monitors import URGENCIES

HOW = "API"
REFUSALS: Refusals = {
    IllegalMove: Refusal(409, "illegal_move"),
    StaleIncident: Refusal(409, "stale_version", field="version"),
    BadInput: Refusal(400, "invalid"),
}


class IncidentOut(serializers.Serializer):
    """What people work on. `opened_at` is by the evidence, `recorded_at` when we knew."""

    number = serializers.CharField()
    state = serializers.ChoiceField(choices=list(STATES))
    title = serializers.CharField()
    severity = serializers.IntegerField()
    urgency = serializers.ChoiceField(choices=list(URGENCIES))
    service = Ref(allow_null=True)
    runbook_url = serializers.CharField()
    detected_by = serializers.CharField()
    opened_at = Instant()
    recorded_at = Instant()
    first_acknowledged_at = Instant(allow_null=True)
    acknowledged_at = Instant(allow_null=True)
    ask_again_at = Instant(allow_null=True, help_text="When whoever has it is called again if it goes on.")
    acknowledged_by = PersonRef(allow_null=True)
    resolved_at = Instant(allow_null=True)
    resolved_by = PersonRef(allow_null=True)
    reopened_count = serializers.IntegerField()
    last_reopened_at = Instant(allow_null=True)
    version = serializers.IntegerField()


class OutcomeOut(serializers.Serializer):
    """What became of an answer: `already_taken` and its like are no errors, they are recorded too."""

    outcome = serializers.CharField(source="kind")
    changed = serializers.BooleanField()
    not_called = PersonRef(source="spared", many=True, help_text="People who would have been called next.")
    incident = IncidentOut()


class DeclareIn(Body):
    """An incident that a person or a program declares."""

    title = Text(max_length=MAX_TITLE)
    severity = Whole(min_value=1, max_value=4, help_text="1 is the worst.")
    urgency = OneOf(choices=list(URGENCIES), required=False, default="high")
    service = Id("svc", required=False, allow_null=True)
    note = Text(max_length=MAX_NOTE, required=False, default="", allow_blank=True)
    opened_at = Instant(required=False, allow_null=True, help_text="Since when, if known.")


class ResolveIn(Body):
    """How it ended."""

    note = Text(max_length=MAX_NOTE, required=False, default="", allow_blank=True, help_text="What it was.")
    version = Whole(min_value=1, max_value=2_147_483_647, required=False, help_text="409 if another is in force.")


class SnoozeIn(Body):
    """For how long."""

    for_s = Whole(min_value=LEAST_S, max_value=MOST_S, help_text="Seconds from now.")


class AddPersonIn(Body):
    """Who else is called."""

    person = Id("usr")


class ReassignIn(Body):
    """Who shall have it."""

    person = Id("usr")


class NoteIn(Body):
    """A note for the timeline."""

    text = Text(max_length=MAX_NOTE)
    occurred_at = Instant(required=False, allow_null=True, help_text="When it happened; not in the future.")


class IncidentFilters(Filters):
    """Filters of incidents."""

    state = ChoiceOf(choices=STATES)
    open = FlagFilter(method="is_open", label="Triggered or acknowledged.")
    severity = WholeFilter(min_value=1, max_value=4)
    service = IdFilter("service", label="Public id of a service.")
    opened_from = InstantFilter(field_name="opened_at", lookup_expr="gte", label="Began at or after.")
    opened_to = InstantFilter(field_name="opened_at", lookup_expr="lt", label="Began before.")

    def is_open(self, rows: QuerySet[Incident], name: str, wanted: bool) -> QuerySet[Incident]:
        """Open or ended."""
        return rows.filter(state__in=OPEN_STATES) if wanted else rows.exclude(state__in=OPEN_STATES)


class Incidents(ApiView):
    """Incidents."""

    filterset_class = IncidentFilters
    order = ("-opened_at", "-id")
    refusals = REFUSALS

    @operation("List incidents", verb="read", gives=IncidentOut, many=True)
    def get(self, request: Request) -> QuerySet[Incident]:
        """Newest first, by when they began."""
        return recent_incidents()

    @operation("Declare an incident", verb="declare", takes=DeclareIn, gives=IncidentOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Incident:
        """Somebody is paged, as by a monitor's. Send an Idempotency-Key, so that a repeat pages nobody twice."""
        named = body.pop("service", None)
        service = reference("service", get_service, self.person, named) if named else None
        return declare(**body, service=service, actor=current_actor(), person=self.person, how=HOW, now=self.now)


class OneIncident(ApiView):
    """One incident."""

    @operation("Read an incident", verb="read", gives=IncidentOut)
    def get(self, request: Request, number: str) -> Incident:
        """By its number."""
        return get_incident(self.person, number)


class Acknowledgement(ApiView):
    """Somebody has it."""

    refusals = REFUSALS

    @operation("Acknowledge an incident", verb="respond", gives=OutcomeOut)
    def post(self, request: Request, number: str) -> Outcome:
        """Stops the escalation and cancels pages not yet sent. Safe to repeat."""
        incident = get_incident(self.person, number, "respond")
        return acknowledge(incident, actor=current_actor(), person=self.person, how=HOW, now=self.now)


class Resolution(ApiView):
    """It is over."""

    refusals = REFUSALS

    @operation("Resolve an incident", verb="respond", takes=ResolveIn, gives=OutcomeOut)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> Outcome:
        """Closes its alerts, stops the escalation, and tells everybody who was paged."""
        incident = get_incident(self.person, number, "respond")
        return resolve(
            incident, actor=current_actor(), person=self.person, how=HOW, now=self.now,
            note=body["note"], expected_version=body.get("version"),
        )  # fmt: skip


class TakingOver(ApiView):
    """Somebody else has it now."""

    refusals = REFUSALS

    @operation("Take an incident over", verb="respond", gives=IncidentOut)
    def post(self, request: Request, number: str) -> Incident:
        """From whoever has it; they are told. 409 while nobody has it: then acknowledge it."""
        incident = get_incident(self.person, number, "respond")
        return take_over(incident, actor=current_actor(), person=self.person, how=HOW, now=self.now)


class Reassignment(ApiView):
    """Somebody else shall have it."""

    refusals = REFUSALS

    @operation("Give an incident to somebody", verb="respond", takes=ReassignIn, gives=IncidentOut)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> Incident:
        """They are called now, alone for five minutes and then with the chain; it is nobody's until somebody answers."""
        incident = get_incident(self.person, number, "respond")
        to = reference("person", get_person, self.person, body["person"])
        return reassign(incident, to, actor=current_actor(), person=self.person, how=HOW, now=self.now)


class Snooze(ApiView):
    """Asked again later."""

    refusals = REFUSALS

    @operation("Put an incident off", verb="respond", takes=SnoozeIn, gives=IncidentOut)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> Incident:
        """Who has it keeps it, and is called again then if it goes on. 409 while nobody has it."""
        incident = get_incident(self.person, number, "respond")
        return snooze(
            incident, body["for_s"], actor=current_actor(), person=self.person, how=HOW, now=self.now
        )  # fmt: skip


class Escalation(ApiView):
    """Somebody else is needed."""

    refusals = REFUSALS

    @operation("Escalate an incident", verb="respond", gives=IncidentOut)
    def post(self, request: Request, number: str) -> Incident:
        """The next people are called now; the incident is nobody's until one of them answers."""
        incident = get_incident(self.person, number, "respond")
        return escalate(incident, actor=current_actor(), person=self.person, how=HOW, now=self.now)


class Responders(ApiView):
    """One more person."""

    refusals = REFUSALS

    @operation("Call one more person", verb="respond", takes=AddPersonIn, gives=IncidentOut)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> Incident:
        """By every contact they confirmed. Who has the incident keeps it."""
        incident = get_incident(self.person, number, "respond")
        added = reference("person", get_person, self.person, body["person"])
        return add_person(incident, added, actor=current_actor(), person=self.person, how=HOW, now=self.now)


class Notes(ApiView):
    """Notes."""

    refusals = REFUSALS

    @operation("Write a note", verb="respond", takes=NoteIn, gives=EntryOut, status=201)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> TimelineEntry:
        """Also after the end. The entry keeps both clocks."""
        incident = get_incident(self.person, number, "respond")
        entry = add_note(
            incident, body["text"], actor=current_actor(), person=self.person, how=HOW, now=self.now,
            occurred_at=body.get("occurred_at"),
        )  # fmt: skip
        tell_texts([entry])
        return entry
