"""Post-mortems: begin from an incident, write section by section, have approved, correct."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_recorded
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Instant, OneOf, Pattern, Text, Whole, YesNo
from accounts.api.filters import ChoiceOf, Filters, FlagFilter, IdFilter, InstantFilter, TextFilter
from accounts.api.history import HistoryView, VersionOut
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation, reference
from accounts.api_ids import INCIDENT_NUMBER
from incidents.access import get_incident
from ledger.actors import current_actor
from postmortems.access import APPROVE, WRITE, get_postmortem, visible_postmortems
from postmortems.markup import MAX_BYTES, citations
from postmortems.models import PostMortem, Publication, SectionVersion
from postmortems.queries import computed, current_versions, with_texts
from postmortems.sections import ALL, BY_KEY, CATEGORIES
from postmortems.services import review
from postmortems.services.documents import classify, save_section, start_postmortem
from postmortems.services.refusals import AlreadyStarted, BadInput, Incomplete, StaleSection, StaleText
from postmortems.states import STATES, IllegalMove

HOW = "API"
REFUSALS: Refusals = {
    IllegalMove: Refusal(409, "illegal_move"),
    AlreadyStarted: Refusal(409, "taken", field="incident"),
    Incomplete: Refusal(409, "conflict"),
    StaleSection: Refusal(409, "stale_version"),
    StaleText: Refusal(409, "stale_version"),
    BadInput: Refusal(400, "invalid"),
}


class PostMortemOut(serializers.Serializer):
    """A post-mortem without its words. `published_at` and `approved_by` are of the newest published revision."""

    number = serializers.CharField()
    incident = serializers.CharField(source="incident.number")
    title = serializers.CharField(source="incident.title")
    state = serializers.ChoiceField(choices=list(STATES), source="status")
    revision = serializers.IntegerField()
    author = PersonRef()
    required = serializers.BooleanField()  # type: ignore[assignment]
    required_because = serializers.CharField()
    due_at = Instant(allow_null=True)
    root_cause_category = serializers.ChoiceField(choices=list(CATEGORIES), allow_blank=True)
    runbook_changed = serializers.BooleanField(allow_null=True)
    drafted_at = Instant()
    submitted_at = Instant(allow_null=True)
    submitted_by = PersonRef(allow_null=True)
    published_at = Instant(allow_null=True)
    approved_by = PersonRef(allow_null=True)
    version = serializers.IntegerField()


class SavedOut(serializers.Serializer):
    """One saved text of one section."""

    id = serializers.CharField(source="public_id")
    section = serializers.ChoiceField(choices=list(BY_KEY))
    version = serializers.IntegerField()
    revision = serializers.IntegerField()
    text = serializers.CharField(help_text="Markdown with citations by id; a sentence in its place if redacted.")
    text_sha256 = serializers.CharField()
    citations = serializers.SerializerMethodField()
    author = PersonRef()
    how = serializers.CharField()
    saved_at = Instant()
    ledger_seq = serializers.IntegerField(source="entry.seq", allow_null=True)

    def get_citations(self, saved: SectionVersion) -> list[str]:
        """Ids of the facts that the text cites; each is a line of the incident's timeline or a step of a run."""
        return citations(saved.text)  # type: ignore[attr-defined]


@extend_schema_field({"type": "integer"})
class Seconds(serializers.Field):
    """A length of time in whole seconds, the rest cut off."""

    def to_representation(self, value: timedelta) -> int:
        """Seconds."""
        return int(value.total_seconds())


class ComputedOut(serializers.Serializer):
    """What nobody can type, subtracted from the record; null: not so far."""

    began_at = Instant(source="times.began_at")
    detected_at = Instant(source="times.detected_at")
    first_page_accepted_at = Instant(source="times.first_page_at", allow_null=True)
    acknowledged_at = Instant(source="times.acknowledged_at", allow_null=True)
    resolved_at = Instant(source="times.resolved_at", allow_null=True)
    beginning_to_detected_s = Seconds(source="times.to_detect")
    detected_to_page_s = Seconds(source="times.to_page", allow_null=True)
    detected_to_acknowledged_s = Seconds(source="times.to_acknowledge", allow_null=True)
    beginning_to_resolved_s = Seconds(source="times.to_resolve", allow_null=True)
    pages = serializers.IntegerField(source="paged.pages")
    pages_accepted = serializers.IntegerField(source="paged.accepted")
    pages_delivered = serializers.IntegerField(source="paged.delivered")
    pages_confirmed = serializers.IntegerField(source="paged.confirmed")
    people_paged = serializers.ListField(child=serializers.CharField(), source="paged.people")


class OnePostMortemOut(PostMortemOut):
    """A post-mortem with its words, the facts of its incident and what approval still asks for."""

    sections = serializers.SerializerMethodField()
    computed = serializers.SerializerMethodField()
    missing = serializers.SerializerMethodField()
    sha256 = serializers.SerializerMethodField()

    @extend_schema_field(SavedOut(many=True))
    def get_sections(self, postmortem: PostMortem) -> Any:
        """Every section that was ever saved, as it stands, in the order of the document."""
        held = current_versions(postmortem)
        return SavedOut(with_texts(held[one.key] for one in ALL if one.key in held), many=True).data

    @extend_schema_field(ComputedOut)
    def get_computed(self, postmortem: PostMortem) -> Any:
        """Instants, lengths and pages."""
        return ComputedOut(computed(postmortem.incident)).data

    def get_missing(self, postmortem: PostMortem) -> dict[str, str]:
        """What stands between the draft and its approval, a sentence by field."""
        return {} if postmortem.is_published else review.gaps(postmortem, current_versions(postmortem))

    def get_sha256(self, postmortem: PostMortem) -> str:
        """Hash of the document as it stands: send it with the approval."""
        return review.hash_of(postmortem, current_versions(postmortem))


class PublicationOut(serializers.Serializer):
    """One approved revision. `sections` maps each section to the hash of its text."""

    id = serializers.CharField(source="public_id")
    number = serializers.CharField(source="postmortem.number")
    revision = serializers.IntegerField()
    sections = serializers.DictField(child=serializers.CharField(allow_blank=True))
    root_cause_category = serializers.CharField()
    runbook_changed = serializers.BooleanField()
    sha256 = serializers.CharField()
    approved_by = PersonRef()
    published_at = Instant()
    second_person = serializers.BooleanField(help_text="False: the approver wrote part of it, an exception.")


class BeginIn(Body):
    """Whose post-mortem it is."""

    incident = Pattern(INCIDENT_NUMBER, "Send a number such as INC-2026-0042.", max_length=20)


class CauseChange(Body):
    """What kind of cause it was, and whether a runbook was changed."""

    root_cause_category = OneOf(choices=list(CATEGORIES), required=False)
    runbook_changed = YesNo(required=False, allow_null=True)
    version = Whole(min_value=1, max_value=2_147_483_647, required=False, help_text="409 if another is in force.")


class SectionIn(Body):
    """The whole text of one section."""

    text = Text(
        max_length=MAX_BYTES, allow_blank=True, help_text="Markdown, at most 64 kB; facts as [tle_…] or [esc_…]."
    )
    version = Whole(
        min_value=0,
        max_value=2_147_483_647,
        required=False,
        help_text="The version you saw, 0 for none; 409 if it is another.",
    )


class MoveIn(Body):
    """A move without a reason."""

    version = Whole(min_value=1, max_value=2_147_483_647, required=False, help_text="409 if another is in force.")


class ReasonIn(MoveIn):
    """A move that needs a reason."""

    reason = Text(max_length=review.MAX_REASON)


class PublishIn(Body):
    """What the approver read."""

    sha256 = Text(max_length=64, required=False, help_text="Hash of the document you read; 409 if it changed.")
    exception = Text(
        max_length=review.MAX_REASON, required=False, default="", allow_blank=True,
        help_text="Why nobody else can approve, if you wrote part of it. Recorded.",
    )  # fmt: skip


class PostMortemFilters(Filters):
    """Filters of post-mortems."""

    state = ChoiceOf(choices=STATES, field_name="status")
    incident = TextFilter(field_name="incident__number", label="Number of an incident.")
    author = IdFilter("author", label="Public id of a person.")
    required = FlagFilter(field_name="required", label="Owed by the severity of the incident.")
    due_from = InstantFilter(field_name="due_at", lookup_expr="gte", label="Due at or after.")
    due_to = InstantFilter(field_name="due_at", lookup_expr="lt", label="Due before.")


class SavedFilters(Filters):
    """Filters of saved texts."""

    section = ChoiceOf(choices=BY_KEY)


class PostMortems(ApiView):
    """Post-mortems."""

    filterset_class = PostMortemFilters
    order = ("-id",)
    refusals = REFUSALS

    @operation("List post-mortems", verb="read", gives=PostMortemOut, many=True)
    def get(self, request: Request) -> QuerySet[PostMortem]:
        """Newest first, without their words."""
        return visible_postmortems(self.person)

    @operation("Begin a post-mortem", verb=WRITE, takes=BeginIn, gives=OnePostMortemOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> PostMortem:
        """Of an incident that is over. Its summary begins with citations of the record."""
        incident = reference("incident", get_incident, self.person, body["incident"])
        return start_postmortem(incident, actor=current_actor(), person=self.person, how=HOW, now=self.now)


class OnePostMortem(ApiView):
    """One post-mortem."""

    refusals = REFUSALS

    @operation("Read a post-mortem", verb="read", gives=OnePostMortemOut)
    def get(self, request: Request, number: str) -> PostMortem:
        """With its words, the facts of its incident and what is missing."""
        return get_postmortem(self.person, number)

    @operation("Class the cause", verb=WRITE, takes=CauseChange, gives=OnePostMortemOut)
    def patch(self, request: Request, number: str, body: dict[str, Any]) -> PostMortem:
        """Not while it is published."""
        postmortem = get_postmortem(self.person, number, WRITE)
        expected = body.pop("version", None)
        return classify(postmortem, body, expected_version=expected, now=self.now)


class OneSection(ApiView):
    """One section."""

    refusals = REFUSALS

    @operation("Write a section", verb=WRITE, takes=SectionIn, gives=OnePostMortemOut)
    def put(self, request: Request, number: str, section: str, body: dict[str, Any]) -> PostMortem:
        """Saved as a new version of its own; the same text again is none. Not while it is published."""
        postmortem = get_postmortem(self.person, number, WRITE)
        save_section(
            postmortem, section, body["text"], expected_version=body.get("version"),
            actor=current_actor(), person=self.person, how=HOW, now=self.now,
        )  # fmt: skip
        return postmortem


class SavedTexts(ApiView):
    """Everything that was ever saved in one post-mortem."""

    filterset_class = SavedFilters
    order = ("-id",)

    @operation("List the saved texts of a post-mortem", verb="read", gives=SavedOut, many=True)
    def get(self, request: Request, number: str) -> QuerySet[SectionVersion]:
        """Newest first: who wrote which section when, and the words unless they were redacted."""
        return get_postmortem(self.person, number).versions.select_related("author", "entry")

    def prepare(self, rows: list[Any]) -> None:
        """The texts of a page, in one query."""
        with_texts(rows)


class Publications(ApiView):
    """What was published of one post-mortem."""

    order = ("-revision",)
    refusals = REFUSALS

    @operation("List the published revisions of a post-mortem", verb="read", gives=PublicationOut, many=True)
    def get(self, request: Request, number: str) -> QuerySet[Publication]:
        """Newest first."""
        return get_postmortem(self.person, number).publications.select_related("postmortem", "approved_by")

    @operation("Approve and publish", verb=APPROVE, takes=PublishIn, gives=PublicationOut, status=201)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> Publication:
        """By somebody who wrote none of it; otherwise with a reason that is recorded as an exception."""
        return review.publish(
            get_postmortem(self.person, number, APPROVE), actor=current_actor(), person=self.person, how=HOW, now=self.now,
            expected_sha256=body.get("sha256"), exception=body["exception"],
        )  # fmt: skip


class Submission(ApiView):
    """Asking for approval."""

    refusals = REFUSALS

    @operation("Ask for approval", verb=WRITE, takes=MoveIn, gives=PostMortemOut)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> PostMortem:
        """409 `conflict` with a sentence by field while something is missing."""
        postmortem = get_postmortem(self.person, number, WRITE)
        return review.submit(
            postmortem, actor=current_actor(), person=self.person, now=self.now, expected_version=body.get("version")
        )


class SendingBack(ApiView):
    """Not yet."""

    refusals = REFUSALS

    @operation("Send back to the author", verb=WRITE, takes=ReasonIn, gives=PostMortemOut)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> PostMortem:
        """It is a draft again, and the reason is kept in its history."""
        postmortem = get_postmortem(self.person, number, WRITE)
        return review.send_back(
            postmortem, reason=body["reason"], actor=current_actor(), person=self.person, now=self.now,
            expected_version=body.get("version"),
        )  # fmt: skip


class Correction(ApiView):
    """The next revision."""

    refusals = REFUSALS

    @operation("Begin a correction", verb=WRITE, takes=ReasonIn, gives=PostMortemOut)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> PostMortem:
        """What was published stays as it is; the correction needs approval again."""
        postmortem = get_postmortem(self.person, number, WRITE)
        return review.correct(
            postmortem, reason=body["reason"], actor=current_actor(), person=self.person, now=self.now,
            expected_version=body.get("version"),
        )  # fmt: skip


class PostMortemHistory(HistoryView):
    """Versions of the tracked row."""

    @operation("List the versions of a post-mortem", verb="read", gives=VersionOut, many=True)
    def get(self, request: Request, number: str) -> QuerySet[Any]:
        """Newest first: its states, dates and people. Words are no part of it."""
        rows: QuerySet[Any] = PostMortem.history.filter(id=get_recorded(self.person, PostMortem, number).pk)
        return rows
