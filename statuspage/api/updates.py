"""Public updates: what customers were told of an incident, telling them more, correcting it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Body, Id, Instant, OneOf, Pattern, Text
from accounts.api.filters import ChoiceOf, Filters, FlagFilter, IdFilter, InstantFilter, TextFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation, reference
from accounts.api_ids import INCIDENT_NUMBER
from incidents.access import get_incident
from ledger.actors import current_actor
from monitors.api.inventory import Ref
from statuspage.access import get_page, get_update
from statuspage.models import StatusUpdate
from statuspage.queries import with_texts
from statuspage.services import correct_update, publish_update
from statuspage.services.updates import REASON_MAX, TEXT_MAX, TITLE_MAX, Said
from statuspage.states import IMPACTS, STATUSES

HOW = "API"
MOST_AFFECTED = 200


class AffectedOut(serializers.Serializer):
    """What an update says of one component."""

    component = serializers.CharField()
    impact = serializers.ChoiceField(choices=list(IMPACTS))


class StatusUpdateOut(serializers.Serializer):
    """One public update. Customers read it unless another has taken its place."""

    id = serializers.CharField(source="public_id")
    page = Ref()
    incident = serializers.CharField(source="incident.number")
    story = serializers.CharField(help_text="The id under which customers know the incident.")
    status = serializers.ChoiceField(choices=list(STATUSES))
    title = serializers.CharField()
    text = serializers.CharField()
    affected = serializers.SerializerMethodField()
    person = PersonRef()
    how = serializers.CharField()
    occurred_at = Instant()
    recorded_at = Instant()
    supersedes = serializers.CharField(source="supersedes.public_id", default=None, allow_null=True)
    superseded_by = serializers.SerializerMethodField()
    reason = serializers.CharField(help_text="Why it corrects another; empty if it does not.")
    title_sha256 = serializers.CharField()
    text_sha256 = serializers.CharField()

    @extend_schema_field(AffectedOut(many=True))
    def get_affected(self, update: StatusUpdate) -> Any:
        """Components by public id."""
        return [{"component": one, "impact": impact} for one, impact in update.affected.items()]

    def get_superseded_by(self, update: StatusUpdate) -> str | None:
        """The id of the update that took its place; null while customers read this one."""
        newer = getattr(update, "superseded_by", None)
        return newer.public_id if newer else None


class AffectedIn(Body):
    """What an update says of one component."""

    component = Id("cmp")
    impact = OneOf(choices=list(IMPACTS))


class SaidIn(Body):
    """What customers read."""

    status = OneOf(choices=list(STATUSES))
    text = Text(max_length=TEXT_MAX)
    title = Text(
        max_length=TITLE_MAX,
        required=False,
        default="",
        allow_blank=True,
        help_text="What is wrong, in customers' words. Needed for the first update; then the last one goes on.",
    )
    affected = serializers.ListField(child=AffectedIn(), max_length=MOST_AFFECTED, required=False)
    occurred_at = Instant(required=False, allow_null=True, help_text="The time customers read; not in the future.")


class StatusUpdateIn(SaidIn):
    """A new update of an incident on a page."""

    page = Id("stp")
    incident = Pattern(INCIDENT_NUMBER, "Send a number such as INC-2026-0042.", max_length=20)


class CorrectionIn(SaidIn):
    """The whole update as it should have been. Without `affected` it says the same of the same components."""

    reason = Text(max_length=REASON_MAX, help_text="Why. Customers read only that it was corrected.")


class StatusUpdateFilters(Filters):
    """Filters of updates."""

    page = IdFilter("page", label="Public id of a status page.")
    incident = TextFilter(field_name="incident__number", label="Number of an incident.")
    status = ChoiceOf(choices=STATUSES)
    standing = FlagFilter(method="stands", label="Whether customers read it: no correction took its place.")
    recorded_from = InstantFilter(field_name="recorded_at", lookup_expr="gte", label="Recorded at or after.")
    recorded_to = InstantFilter(field_name="recorded_at", lookup_expr="lt", label="Recorded before.")

    def stands(self, rows: QuerySet[StatusUpdate], name: str, wanted: bool) -> QuerySet[StatusUpdate]:
        """Standing or corrected."""
        return rows.filter(superseded_by__isnull=wanted)


class StatusUpdates(ApiView):
    """Public updates."""

    filterset_class = StatusUpdateFilters

    @operation("List public updates", verb="read", gives=StatusUpdateOut, many=True)
    def get(self, request: Request) -> QuerySet[StatusUpdate]:
        """In the order in which they were recorded, corrected ones included."""
        return StatusUpdate.objects.select_related("page", "incident", "person", "supersedes", "superseded_by")

    @operation("Publish an update", verb="respond", takes=StatusUpdateIn, gives=StatusUpdateOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> StatusUpdate:
        """Customers read it at once if the page is published. Send an Idempotency-Key, so that a repeat tells them once."""
        page = reference("page", get_page, self.person, body["page"])
        incident = reference("incident", get_incident, self.person, body["incident"])
        update = publish_update(
            page, incident, said(body, {}), actor=current_actor(), person=self.person, how=HOW, now=self.now
        )
        return with_texts([update])[0]

    def prepare(self, rows: list[Any]) -> None:
        """The texts of a page, in one query."""
        with_texts(rows)


class OneStatusUpdate(ApiView):
    """One public update."""

    @operation("Read a public update", verb="read", gives=StatusUpdateOut)
    def get(self, request: Request, public_id: str) -> StatusUpdate:
        """Corrected ones too."""
        return with_texts([get_update(self.person, public_id)])[0]


class Corrections(ApiView):
    """Correcting an update."""

    @operation("Correct an update", verb="respond", takes=CorrectionIn, gives=StatusUpdateOut, status=201)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> StatusUpdate:
        """A new update in its place; 409 if it was corrected already. The wrong one stays in the record."""
        wrong = get_update(self.person, public_id, "respond")
        new = correct_update(
            wrong, said(body, wrong.affected), reason=body["reason"], actor=current_actor(), person=self.person, how=HOW,
            now=self.now,
        )  # fmt: skip
        return with_texts([new])[0]


def said(body: dict[str, Any], before: dict[str, str]) -> Said:
    """What a body says; before: what is said of components if it names none."""
    named = body.get("affected")
    affected = before if named is None else {one["component"]: one["impact"] for one in named}
    return Said(body["status"], body["text"], body["title"], affected, body.get("occurred_at"))
