"""Buttons pressed in a chat: stored first, then acted on, then answered in words that only who pressed sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from accounts.contact_kinds import SLACK
from accounts.models import ContactMethod, User
from incidents import wording
from incidents.models import Incident
from incidents.services import outcomes
from incidents.services.answers import Answer, give
from incidents.services.rows import lock
from incidents.services.sms import in_words
from incidents.services.story import tell
from incidents.states import IllegalMove
from incidents.subjects import KIND
from ledger.actors import Actor
from ledger.failpoints import fail_point
from oncall.models import InboundTap, Page
from oncall.notify import buttons
from oncall.notify.buttons import BadButton
from oncall.notify.links import expires_at
from oncall.notify.services import handle_tap, receive_tap
from oncall.notify.slack_actions import Press
from oncall.services.exercises import answered

log = structlog.get_logger(__name__)

# A stored press that nobody acted on for so long was left behind by a process that died.
LEFT_BEHIND = timedelta(seconds=5)
LEFT_BEHIND_BATCH = 50
UNKNOWN, STRANGER, EXPIRED, OVER, TEST = "unknown_button", "stranger", "expired", "over", "test"


@dataclass(frozen=True)
class Reply:
    """What a press did, in one word for the row, and in words for who pressed."""

    outcome: str
    words: str


def press(pressed: Press, *, provider: str, now: datetime) -> Reply:
    """Store a press and commit, act on it and commit; return what it did. The same press again does nothing."""
    try:
        page = buttons.read(pressed.token)
    except BadButton:
        page = None
    tap, _ = receive_tap(pressed, page, provider=provider, now=now)
    return act_on(tap, now=now)


def act_on(tap: InboundTap, *, now: datetime) -> Reply:
    """Do what a stored press says, once; return what it did."""
    with transaction.atomic():
        tap = InboundTap.objects.select_for_update(of=("self",)).get(pk=tap.pk)
        if tap.handled_at is not None:
            return Reply(tap.outcome, tap.answer)
        reply = _do(tap, now=now)
        handle_tap(tap, reply.outcome, reply.words, now=now)
        fail_point("answer.before_commit")
    fail_point("answer.after_commit")
    return reply


def apply_waiting(*, now: datetime) -> int:
    """Act on presses that a stopped process left behind; return how many."""
    waiting = InboundTap.objects.filter(handled_at__isnull=True, received_at__lt=now - LEFT_BEHIND)
    done = 0
    for tap in waiting.order_by("received_at")[:LEFT_BEHIND_BATCH]:
        try:
            act_on(tap, now=now)
            done += 1
        except Exception:
            # stays unhandled for the next tick; the other presses are answers too
            log.exception("tap_not_applied", tap=tap.pk)
    return done


def _do(tap: InboundTap, *, now: datetime) -> Reply:
    """From a press to a deed. Who pressed must be the person the page went to, proved by a contact of theirs."""
    if tap.page_id is None:
        return Reply(UNKNOWN, wording.unknown_button())
    page = Page.objects.select_related("run", "person", "contact").get(pk=tap.page_id)
    person = _person_of(tap)
    if person is None or person.pk != page.person_id:
        return _stranger(tap, page, person, now=now)
    if page.run is None or page.run.subject_kind != KIND:
        answered(page, tap.provider, now=now, verb=tap.verb)
        return Reply(TEST, wording.tap_arrived())
    if now >= expires_at(page):
        return Reply(EXPIRED, wording.button_expired())
    incident = Incident.objects.get(number=page.run.subject_id)
    try:
        outcome = give(Answer(page, tap.verb, tap.provider), incident, now=now)
    except IllegalMove:
        return Reply(OVER, wording.over_for_good(incident.number))
    if outcome.kind == outcomes.ESCALATED:
        return Reply(outcome.kind, wording.escalated(incident.number))
    return Reply(outcome.kind, in_words(outcome, page, [], now=now))


def _person_of(tap: InboundTap) -> User | None:
    """Who proved to be this member; nobody who has left, and nobody by an address that was removed."""
    proved = ContactMethod.objects.in_force().filter(
        kind=SLACK, address_fingerprint=tap.user_fingerprint, verified_at__isnull=False, user__is_active=True
    )
    # two people can prove the same member only one after the other; the newest proof is the one that holds
    contact = proved.select_related("user").order_by("-verified_at").first()
    return contact.user if contact else None


def _stranger(tap: InboundTap, page: Page, person: User | None, *, now: datetime) -> Reply:
    """Somebody else than who was paged pressed: nothing happens, and the story says so."""
    if page.run is not None and page.run.subject_kind == KIND:
        incident = lock(Incident.objects.get(number=page.run.subject_id))
        how = f"button in Slack message to {page.to_mask}, pressed by {tap.user_mask}"
        actor = Actor(tap.provider, person.public_id if person else "", via=how[:64])
        tell(incident, "refused_stranger", actor=actor, person=person, how=how, now=now, about=(page,))
    return Reply(STRANGER, wording.not_yours())
