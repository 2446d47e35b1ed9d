"""Action items: promise, change, done, verify, open again, drop."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_person, get_recorded
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Change, Day, Id, Instant, OneOf, Pattern, Text
from accounts.api.filters import ChoiceOf, Filters, FlagFilter, IdFilter, TextFilter
from accounts.api.history import HistoryView, VersionOut
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation, reference
from accounts.api_ids import POSTMORTEM_NUMBER
from ledger import clock
from ledger.actors import current_actor
from postmortems.access import APPROVE, WRITE, get_action, get_postmortem, visible_actions
from postmortems.api.documents import MoveIn, ReasonIn
from postmortems.models import ActionItem
from postmortems.queries import with_words
from postmortems.sections import KINDS
from postmortems.services import actions as services
from postmortems.services.refusals import BadInput
from postmortems.states import ITEM_STATES, OPEN, IllegalMove

REFUSALS: Refusals = {IllegalMove: Refusal(409, "illegal_move"), BadInput: Refusal(400, "invalid")}


class ActionOut(serializers.Serializer):
    """One promise out of a post-mortem. `due_on` is a day of the organisation's zone."""

    number = serializers.CharField()
    postmortem = serializers.CharField(source="postmortem.public_id")
    incident = serializers.CharField(source="postmortem.incident.number")
    text = serializers.CharField()
    text_sha256 = serializers.CharField()
    kind = serializers.ChoiceField(choices=list(KINDS))
    owner = PersonRef()
    due_on = serializers.DateField()
    extended_count = serializers.IntegerField()
    state = serializers.ChoiceField(choices=list(ITEM_STATES), source="status")
    done_at = Instant(allow_null=True)
    done_by = PersonRef(allow_null=True)
    evidence = serializers.CharField()
    verified_at = Instant(allow_null=True)
    verified_by = PersonRef(allow_null=True)
    dropped_at = Instant(allow_null=True)
    dropped_because = serializers.CharField()
    version = serializers.IntegerField()

    def to_representation(self, instance: ActionItem) -> dict[str, Any]:
        """One item is given without its words; a list has read those of a whole page."""
        if not hasattr(instance, "evidence"):
            with_words([instance])
        return super().to_representation(instance)


class ActionIn(Body):
    """A new promise."""

    postmortem = Pattern(POSTMORTEM_NUMBER, "Send a number such as PM-2026-0042.", max_length=20)
    text = Text(max_length=services.MAX_TEXT)
    kind = OneOf(choices=list(KINDS))
    owner = Id("usr")
    due_on = Day()


class ActionChange(Change):
    """Other words, another owner, another day."""

    text = Text(max_length=services.MAX_TEXT, required=False)
    kind = OneOf(choices=list(KINDS), required=False)
    owner = Id("usr", required=False)
    due_on = Day(required=False, help_text="A later day is counted as an extension.")


class DoneIn(MoveIn):
    """How anybody can tell."""

    evidence = Text(max_length=services.MAX_EVIDENCE)


class ActionFilters(Filters):
    """Filters of action items."""

    state = ChoiceOf(choices=ITEM_STATES, field_name="status")
    postmortem = TextFilter(field_name="postmortem__public_id", label="Number of a post-mortem.")
    owner = IdFilter("owner", label="Public id of a person.")
    kind = ChoiceOf(choices=KINDS)
    late = FlagFilter(method="is_late", label="Open, and its day is over.")

    def is_late(self, rows: QuerySet[ActionItem], name: str, wanted: bool) -> QuerySet[ActionItem]:
        """Late, or not."""
        late = {"status": OPEN, "due_on__lt": services.today(clock.now())}
        return rows.filter(**late) if wanted else rows.exclude(**late)


class ActionItems(ApiView):
    """Action items."""

    filterset_class = ActionFilters
    order = ("-id",)
    refusals = REFUSALS

    @operation("List action items", verb="read", gives=ActionOut, many=True)
    def get(self, request: Request) -> QuerySet[ActionItem]:
        """Newest first."""
        return visible_actions(self.person)

    @operation("Promise an action item", verb=WRITE, takes=ActionIn, gives=ActionOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> ActionItem:
        """Also after its post-mortem was published."""
        postmortem = reference("postmortem", get_postmortem, self.person, body.pop("postmortem"))
        owner = reference("owner", get_person, self.person, body.pop("owner"))
        return services.create_action(postmortem, **body, owner=owner, actor=current_actor(), now=self.now)

    def prepare(self, rows: list[Any]) -> None:
        """The words of a page, in one query."""
        with_words(rows)


class OneActionItem(ApiView):
    """One action item."""

    refusals = REFUSALS

    @operation("Read an action item", verb="read", gives=ActionOut)
    def get(self, request: Request, number: str) -> ActionItem:
        """By its number."""
        return get_action(self.person, number)

    @operation("Change an action item", verb=WRITE, takes=ActionChange, gives=ActionOut)
    def patch(self, request: Request, number: str, body: dict[str, Any]) -> ActionItem:
        """While it is open."""
        item = get_action(self.person, number, WRITE)
        expected, reason = body.pop("version", None), body.pop("reason")
        if "owner" in body:
            body["owner"] = reference("owner", get_person, self.person, body["owner"])
        return services.change_action(
            item, body, actor=current_actor(), now=self.now, reason=reason, expected_version=expected
        )


class _Move(ApiView):
    """What the moves share."""

    refusals = REFUSALS

    def moved(self, do: Any, number: str, need: str, body: dict[str, Any]) -> ActionItem:
        """Find the item, make the move, give it back."""
        expected = body.pop("version", None)
        item = get_action(self.person, number, need)
        made: ActionItem = do(
            item, **body, actor=current_actor(), person=self.person, now=self.now, expected_version=expected
        )
        return made


class Finish(_Move):
    """It is done."""

    @operation("Mark an action item done", verb=WRITE, takes=DoneIn, gives=ActionOut)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> ActionItem:
        """With the evidence that somebody else will look at."""
        return self.moved(services.finish, number, WRITE, body)


class Verification(_Move):
    """Somebody else looked."""

    @operation("Verify an action item", verb=WRITE, takes=MoveIn, gives=ActionOut)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> ActionItem:
        """By somebody who neither owns it nor did it."""
        return self.moved(services.verify, number, WRITE, body)


class Reopening(_Move):
    """Not done after all."""

    @operation("Open an action item again", verb=WRITE, takes=ReasonIn, gives=ActionOut)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> ActionItem:
        """One that is done and not verified, or dropped."""
        return self.moved(services.reopen, number, WRITE, body)


class Drop(_Move):
    """It will not be done."""

    @operation("Drop an action item", verb=APPROVE, takes=ReasonIn, gives=ActionOut)
    def post(self, request: Request, number: str, body: dict[str, Any]) -> ActionItem:
        """With the reason, which is kept."""
        return self.moved(services.drop, number, APPROVE, body)


class ActionHistory(HistoryView):
    """Versions of an action item."""

    @operation("List the versions of an action item", verb="read", gives=VersionOut, many=True)
    def get(self, request: Request, number: str) -> QuerySet[Any]:
        """Newest first. Words are hashes in it."""
        rows: QuerySet[Any] = ActionItem.history.filter(id=get_recorded(self.person, ActionItem, number).pk)
        return rows
