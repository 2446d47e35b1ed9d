"""Keys pressed in a call: stored first, then acted on, then answered in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from incidents import wording
from incidents.models import Incident
from incidents.services import outcomes
from incidents.services.answers import ACK, RESOLVE, Answer, give
from incidents.services.outcomes import Outcome
from incidents.services.together import acknowledge_all, numbers_by_outcome
from incidents.subjects import KIND
from ledger.failpoints import fail_point
from oncall.models import InboundKey, Page
from oncall.notify.services import handle_key, receive_key
from oncall.notify.states import BUNDLE
from oncall.services.exercises import answered

log = structlog.get_logger(__name__)

# The same verbs as in a text, since fingers know them.
VERBS = {"4": ACK, "6": RESOLVE}
HELP, AGAIN = "0", "*"
# A stored key that nobody acted on for so long was left behind by a process that died.
LEFT_BEHIND = timedelta(seconds=5)
LEFT_BEHIND_BATCH = 50


@dataclass(frozen=True)
class Reply:
    """What is said to a key. `ends`: the call has done its work. `repeats`: the page itself is to be said again."""

    words: str
    ends: bool = False
    repeats: bool = False


def press(page: Page, *, sid: str, round_: int, digits: str, now: datetime) -> Reply:
    """Store a key and commit, act on it and commit; return what to say.

    sid: the provider's id of the call. round_: which question of the call the key answers; the same one again gets the
    same answer and does nothing.
    """
    key, _ = receive_key(page, sid=sid, round_=round_, digits=digits, now=now)
    return act_on(key, now=now)


def act_on(key: InboundKey, *, now: datetime) -> Reply:
    """Do what a stored key says, once; return what to say."""
    with transaction.atomic():
        key = (
            InboundKey.objects.select_for_update(of=("self",))
            .select_related("page__run", "page__person")
            .get(pk=key.pk)
        )
        reply = _meaning(key)
        if key.handled_at is not None:
            return Reply(key.answer, reply.ends, reply.repeats)
        words = _do(key, now=now) if reply.ends else reply.words
        handle_key(key, words, now=now)
        fail_point("answer.before_commit")
    fail_point("answer.after_commit")
    return Reply(words, reply.ends, reply.repeats)


def apply_waiting(*, now: datetime) -> int:
    """Act on keys that a stopped process left behind; return how many. The caller hears no words any more."""
    waiting = InboundKey.objects.filter(handled_at__isnull=True, received_at__lt=now - LEFT_BEHIND)
    done = 0
    for key in waiting.order_by("received_at")[:LEFT_BEHIND_BATCH]:
        try:
            act_on(key, now=now)
            done += 1
        except Exception:
            # stays unhandled for the next tick; the other keys are answers too
            log.exception("key_not_applied", key=key.pk)
    return done


def _meaning(key: InboundKey) -> Reply:
    """What a key is for, before it does anything."""
    asks, several = key.page.run is not None, key.page.origin == BUNDLE
    if key.digits == "4" or (asks and key.digits in VERBS):
        return Reply("", ends=True)
    if key.digits == AGAIN:
        return Reply("", repeats=True)
    if key.digits == HELP and asks:
        return Reply(wording.SPOKEN_HELP)
    if key.digits == HELP and several:
        return Reply(wording.SPOKEN_HELP_ALL)
    return Reply(wording.spoken_wrong_key(key.digits))


def _do(key: InboundKey, *, now: datetime) -> str:
    page = key.page
    if page.origin == BUNDLE:
        yours, others, refused = numbers_by_outcome(acknowledge_all(page, "voice", now=now))
        if refused:
            return wording.spoken_not_allowed(page.person.role)
        return wording.spoken_acknowledged_all(len(yours), len(others))
    if page.run is None or page.run.subject_kind != KIND:
        answered(page, "voice", now=now)
        return wording.SPOKEN_TEST_DONE
    incident = Incident.objects.get(number=page.run.subject_id)
    return in_words(give(Answer(page, VERBS[key.digits], "voice"), incident, now=now), page, now=now)


def in_words(outcome: Outcome, page: Page, *, now: datetime) -> str:
    """What is said to whoever pressed, with times in the zone of the person."""
    incident, zone = outcome.incident, page.person.zone
    if outcome.kind == outcomes.REFUSED:
        return wording.spoken_not_allowed(page.person.role)
    if outcome.kind == outcomes.RESOLVED:
        return wording.spoken_resolved()
    if outcome.kind == outcomes.ALREADY_RESOLVED:
        return wording.spoken_already_resolved((incident.resolved_at or now).astimezone(zone))
    if outcome.kind == outcomes.ACKNOWLEDGED:
        return wording.spoken_acknowledged([str(user) for user in outcome.spared])
    at = (incident.acknowledged_at or now).astimezone(zone)
    same = outcome.kind == outcomes.ALREADY_YOURS
    return wording.spoken_already_acknowledged(str(incident.acknowledged_by), at, same_person=same)
