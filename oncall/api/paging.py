"""Runs of escalation and the pages they sent, each with its four truths apart."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_own_contact
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Instant
from accounts.api.filters import ChoiceOf, Filters, IdFilter, InstantFilter, TextFilter
from accounts.api.people import PersonRef
from accounts.api.throttles import SEND
from accounts.api.views import ApiView, operation
from accounts.scopes import OWN
from accounts.services.contacts import CodeRefused
from oncall.access import all_pages, all_runs, get_page, get_run
from oncall.escalation.states import STATES as RUN_STATES
from oncall.models import Callback, Page, Run
from oncall.notify.services import send_test, send_verification
from oncall.notify.states import STATES as PAGE_STATES
from oncall.notify.text import ORIGINS
from oncall.queries import callbacks_of

SENDING: Refusals = {CodeRefused: Refusal(429, "too_many_requests")}


class SubjectOut(serializers.Serializer):
    """What a run is about, as it was when the run began."""

    kind = serializers.CharField()
    id = serializers.CharField()
    title = serializers.CharField()
    severity = serializers.IntegerField()
    urgency = serializers.CharField()
    url = serializers.CharField()


class FrozenPolicyOut(serializers.Serializer):
    """The policy that a run froze; an empty id means that none applied."""

    id = serializers.CharField(source="policy_frozen.policy")
    version = serializers.IntegerField(source="policy_version")
    sha256 = serializers.CharField(source="policy_sha256")


class RunOut(serializers.Serializer):
    """One escalation of one subject."""

    id = serializers.CharField(source="public_id")
    subject = SubjectOut()
    policy = FrozenPolicyOut(source="*")
    state = serializers.ChoiceField(choices=list(RUN_STATES))
    loop = serializers.IntegerField()
    step = serializers.IntegerField(help_text="The step to be taken next.")
    due_at = Instant(allow_null=True)
    started_at = Instant()
    last_progress_at = Instant()
    exhausted_at = Instant(allow_null=True)
    nobody_notified_at = Instant(allow_null=True)
    stopped_at = Instant(allow_null=True)
    stop_reason = serializers.CharField()
    stopped_by = serializers.CharField()


class LineOut(serializers.Serializer):
    """One page that a step made for a person: over which contact, by which rule, how long after the step."""

    contact = serializers.CharField()
    kind = serializers.CharField()
    rule = serializers.CharField()
    delay_s = serializers.IntegerField()


class RecipientOut(serializers.Serializer):
    """Somebody whom a step named, and why they were or were not paged."""

    person = serializers.CharField()
    why = serializers.CharField()
    contacts = serializers.ListField(child=serializers.CharField())
    absent = serializers.CharField(allow_blank=True)
    how = serializers.CharField(default="", help_text="rules, no_rules, rules_left_none, opted_out or catch_all.")
    rules = serializers.CharField(default="", help_text="The contact rules that were used, and their version.")
    lines = LineOut(many=True, default=[])
    skipped = serializers.ListField(child=serializers.CharField(), default=[])


class StepTakenOut(serializers.Serializer):
    """One step of a run, as it was taken."""

    id = serializers.CharField(source="public_id")
    loop = serializers.IntegerField()
    step = serializers.IntegerField()
    planned_at = Instant()
    executed_at = Instant()
    lateness_ms = serializers.IntegerField()
    outcome = serializers.CharField()
    reason = serializers.CharField()
    recipients = RecipientOut(many=True)


class OneRunOut(RunOut):
    """A run with the steps it took."""

    steps_taken = StepTakenOut(source="executions", many=True)


class PageOut(serializers.Serializer):
    """One message to one person over one contact. Accepted, delivered, answered and confirmed are four facts."""

    id = serializers.CharField(source="public_id")
    run = serializers.CharField(source="run.public_id", allow_null=True, default=None)
    subject = serializers.CharField(source="run.subject_id", allow_null=True, default=None)
    origin = serializers.ChoiceField(choices=ORIGINS)
    loop = serializers.IntegerField()
    step = serializers.IntegerField()
    rule = serializers.CharField(help_text="By which rule the contact was chosen: all, rule_1, last_resort, catch_all.")
    person = PersonRef()
    contact_method = serializers.CharField(source="contact.public_id")
    kind = serializers.CharField()
    to = serializers.CharField(source="to_mask", help_text="Masked.")
    urgency = serializers.CharField()
    state = serializers.ChoiceField(choices=list(PAGE_STATES))
    reason = serializers.CharField()
    error_code = serializers.CharField()
    planned_at = Instant()
    due_at = Instant()
    attempts_made = serializers.IntegerField()
    accepted_at = Instant(allow_null=True)
    sent_at = Instant(allow_null=True)
    delivered_at = Instant(allow_null=True)
    answered_at = Instant(allow_null=True)
    confirmed_at = Instant(allow_null=True)
    confirmed_how = serializers.CharField()
    ended_at = Instant(allow_null=True)
    in_flight_at_ack = serializers.BooleanField()
    held_at = Instant(
        allow_null=True, help_text="When a limit first held it back; then due_at is when it is looked at again."
    )
    carried_by = serializers.CharField(
        source="carried_by.public_id", allow_null=True, default=None,
        help_text="The page of origin bundle that says this one among others.",
    )  # fmt: skip


class AttemptOut(serializers.Serializer):
    """One call to a provider."""

    n = serializers.IntegerField()
    provider = serializers.CharField()
    provider_sid = serializers.CharField()
    begun_at = Instant()
    completed_at = Instant(allow_null=True)
    outcome = serializers.CharField()
    status = serializers.CharField()
    http_status = serializers.IntegerField()
    error_code = serializers.CharField()
    error = serializers.CharField()
    text_fingerprint = serializers.CharField()


class OnePageOut(PageOut):
    """A page with its attempts."""

    attempts = serializers.SerializerMethodField()

    @extend_schema_field(AttemptOut(many=True))
    def get_attempts(self, page: Page) -> Any:
        """In order; of a page that a bundle says, the bundle's."""
        return AttemptOut((page.carried_by or page).attempts.order_by("n"), many=True).data


class CallbackOut(serializers.Serializer):
    """One thing a provider said: pushed to us, or the answer to our question."""

    source = serializers.CharField()  # type: ignore[assignment]
    provider = serializers.CharField()
    provider_sid = serializers.CharField(source="sid")
    status = serializers.CharField()
    error_code = serializers.CharField()
    received_at = Instant()
    applied_at = Instant(allow_null=True)
    outcome = serializers.CharField(allow_null=True)


class RunFilters(Filters):
    """Filters of runs."""

    state = ChoiceOf(choices=RUN_STATES)
    subject = TextFilter(field_name="subject_id", label="What it is about: INC-2026-0042.")
    policy = IdFilter("policy", label="Public id of a policy.")
    started_from = InstantFilter(field_name="started_at", lookup_expr="gte", label="Began at or after.")
    started_to = InstantFilter(field_name="started_at", lookup_expr="lt", label="Began before.")


class PageFilters(Filters):
    """Filters of pages."""

    state = ChoiceOf(choices=PAGE_STATES)
    origin = ChoiceOf(choices=ORIGINS)
    run = IdFilter("run", label="Public id of a run.")
    subject = TextFilter(field_name="run__subject_id", label="What it is about: INC-2026-0042.")
    person = IdFilter("person", label="Public id of a person.")
    planned_from = InstantFilter(field_name="planned_at", lookup_expr="gte", label="Planned at or after.")
    planned_to = InstantFilter(field_name="planned_at", lookup_expr="lt", label="Planned before.")


class Runs(ApiView):
    """Escalations."""

    filterset_class = RunFilters
    order = ("-id",)

    @operation("List escalation runs", verb="read", gives=RunOut, many=True)
    def get(self, request: Request) -> QuerySet[Run]:
        """Newest first."""
        return all_runs(self.person)


class OneRun(ApiView):
    """One escalation."""

    @operation("Read an escalation run", verb="read", gives=OneRunOut)
    def get(self, request: Request, public_id: str) -> Run:
        """With every step it took, when it was due and when it happened."""
        return get_run(self.person, public_id)


class Pages(ApiView):
    """Pages."""

    filterset_class = PageFilters
    order = ("-id",)

    @operation("List pages", verb="read", gives=PageOut, many=True)
    def get(self, request: Request) -> QuerySet[Page]:
        """Newest first. Addresses are masked."""
        return all_pages(self.person)


class OnePage(ApiView):
    """One page."""

    @operation("Read a page", verb="read", gives=OnePageOut)
    def get(self, request: Request, public_id: str) -> Page:
        """With every attempt to send it."""
        return get_page(self.person, public_id)


class Callbacks(ApiView):
    """What providers said of a page."""

    order = ("-id",)

    @operation("List what providers said of a page", verb="read", gives=CallbackOut, many=True)
    def get(self, request: Request, public_id: str) -> QuerySet[Callback]:
        """Newest first: early, repeated and reversed ones too, as they came. Without addresses and texts."""
        return callbacks_of(get_page(self.person, public_id))


class Verification(ApiView):
    """Proving an address."""

    refusals = SENDING

    @operation("Send a code to a contact method", verb=OWN, gives=PageOut, status=202, rule=SEND)
    def post(self, request: Request, public_id: str) -> Page:
        """One's own only. The page is planned; the engine sends it. Older codes end."""
        return send_verification(get_own_contact(self.person, public_id), now=self.now)


class TestPage(ApiView):
    """Trying an address."""

    refusals = SENDING

    @operation("Send a test page to a contact method", verb=OWN, gives=PageOut, status=202, rule=SEND)
    def post(self, request: Request, public_id: str) -> Page:
        """One's own only. It goes the same way as a real page."""
        return send_test(get_own_contact(self.person, public_id), now=self.now)
