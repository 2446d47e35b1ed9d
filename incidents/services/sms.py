"""SMS replies: stored first, then acted on, then answered in words."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from accounts.contact_kinds import PHONE
from accounts.models import ContactMethod
from incidents import states, wording
from incidents.models import Incident
from incidents.queries import open_codes
from incidents.services import outcomes
from incidents.services.answers import ACK, RESOLVE, Answer, give
from incidents.services.outcomes import Outcome
from incidents.services.together import acknowledge_all, numbers_by_outcome
from incidents.subjects import KIND
from ledger.failpoints import fail_point
from ledger.record import record
from oncall.models import InboundSms, Page
from oncall.notify import replies
from oncall.notify.services import handle_sms, receive_sms
from oncall.notify.transitions import mark_healthy
from oncall.queries import newest_bundle, newest_test, pages_by_fingerprint
from oncall.services.exercises import answered
from oncall.subject import EXERCISE

log = structlog.get_logger(__name__)

MAX_BODY = 1600
# A stored text that nobody acted on for so long was left behind by a process that died.
LEFT_BEHIND = timedelta(seconds=5)
LEFT_BEHIND_BATCH = 50
# Explanations to one number in an hour; two machines explaining to each other must come to an end.
EXPLANATIONS_PER_HOUR = 5
# Wrong codes of one number in an hour that are told so. More are no slip of a thumb: no answer, and an alert.
WRONG_CODES_ANSWERED = 3
OPTED_OUT = "opted out by SMS (STOP)"


def receive(*, sid: str, sender: str, body: str, now: datetime) -> str:
    """Store a text and commit, act on it and commit; return the words to answer with, "" for none.

    sid: the provider's id; the same one again gets the same answer and does nothing. sender: E.164.
    """
    sms, _ = receive_sms(sid=sid, number=sender, body=body[:MAX_BODY], now=now)
    return act_on(sms, now=now)


def act_on(sms: InboundSms, *, now: datetime) -> str:
    """Do what a stored text says, once; return its answer."""
    with transaction.atomic():
        sms = InboundSms.objects.select_for_update().get(pk=sms.pk)
        if sms.handled_at is not None:
            return sms.answer
        answer = _understand(sms, now=now)
        handle_sms(sms, answer, now=now)
        fail_point("answer.before_commit")
    fail_point("answer.after_commit")
    return answer


def apply_waiting(*, now: datetime) -> int:
    """Act on texts that a stopped process left behind; return how many. Their senders get no words any more."""
    waiting = InboundSms.objects.filter(handled_at__isnull=True, received_at__lt=now - LEFT_BEHIND)
    done = 0
    for sms in waiting.order_by("received_at")[:LEFT_BEHIND_BATCH]:
        try:
            act_on(sms, now=now)
            done += 1
        except Exception:
            # stays unhandled for the next tick; the other texts are answers too
            log.exception("sms_not_applied", sms=sms.pk)
    return done


def _understand(sms: InboundSms, *, now: datetime) -> str:
    """From words to deed. A number that is nobody's is kept in the row and gets no answer at all."""
    contacts = ContactMethod.objects.in_force().filter(kind=PHONE, address_fingerprint=sms.from_fingerprint)
    pages = pages_by_fingerprint(sms.from_fingerprint, now=now).filter(run__subject_kind__in=(KIND, EXERCISE))
    if not contacts.exists() and not pages.exists():
        log.info("sms_from_stranger", number=sms.from_mask)
        return ""
    reply = replies.parse_sms(sms.body)
    if reply is not None and reply.verb in (replies.STOP, replies.START):
        for contact in contacts:
            _opt(contact, out=reply.verb == replies.STOP, now=now)
        return ""  # the carrier answers these words itself
    if reply is None or reply.verb == replies.HELP:
        return _explain(sms, wording.not_understood(_open(sms, now=now)), now=now)
    page = (pages if reply.code is None else pages.filter(short_code=reply.code)).first()
    test = newest_test(sms.from_fingerprint, now=now) if reply.code is None else None
    if test is not None and (page is None or test.pk > page.pk) and not _open(sms, now=now):
        return _confirm_test(test, now=now)
    if page is not None and page.run is not None and page.run.subject_kind == EXERCISE:
        if reply.code is not None or not _open(sms, now=now):
            return _confirm_test(page, now=now)
        page = pages.filter(run__subject_kind=KIND).first()  # a reply without a code is about what is real
    together = newest_bundle(sms.from_fingerprint, now=now) if reply.code is None else None
    if together is not None and (page is None or together.pk > page.pk):
        return _answer_all(sms, together, reply.verb, now=now)
    if page is None and reply.code is not None:
        return _wrong_code(sms, reply.code, now=now)
    if page is None:
        return _explain(sms, wording.nothing_to_answer(), now=now)
    return _answer(sms, page, RESOLVE if reply.verb == replies.RESOLVE else ACK, now=now)


def _wrong_code(sms: InboundSms, code: int, *, now: datetime) -> str:
    """No page of this phone has the code. The first few are told so; after that somebody is guessing, and hears nothing."""
    InboundSms.objects.filter(pk=sms.pk).update(wrong_code=True)
    if len(wrong_codes(now=now, phone=sms.from_fingerprint)) > WRONG_CODES_ANSWERED:
        log.warning("wrong_codes", number=sms.from_mask)
        return ""
    return _explain(sms, wording.no_such_code(str(code), _open(sms, now=now)), now=now)


def wrong_codes(*, now: datetime, phone: str = "") -> list[InboundSms]:
    """Texts of the last hour with a code that was none, of one phone or of all, oldest first."""
    found = InboundSms.objects.filter(wrong_code=True, received_at__gt=now - timedelta(hours=1))
    return list((found.filter(from_fingerprint=phone) if phone else found).order_by("received_at", "pk"))


def _confirm_test(test: Page, *, now: datetime) -> str:
    """The reply is about a test, a canary or a drill: the newest page of this phone while nothing is open, or named by its code."""
    answered(test, "sms", now=now)
    return wording.test_confirmed(now.astimezone(test.person.zone))


def _answer_all(sms: InboundSms, bundle: Page, verb: str, *, now: datetime) -> str:
    """The newest page of this phone said several incidents: an acknowledge is for each of them."""
    if verb == replies.RESOLVE:
        return _explain(sms, wording.one_by_one(), now=now)
    became = acknowledge_all(bundle, "sms", now=now)
    yours, others, refused = numbers_by_outcome(became)
    if refused:
        return wording.not_allowed("these incidents", bundle.person.role)
    return wording.acknowledged_all(yours, others, now.astimezone(bundle.person.zone))


def _answer(sms: InboundSms, page: Page, verb: str, *, now: datetime) -> str:
    assert page.run is not None  # noqa: S101 - pages a reply may answer have one
    incident = Incident.objects.get(number=page.run.subject_id)
    outcome = give(Answer(page, verb, "sms"), incident, now=now)
    # who acknowledged has read what is theirs; who is asked again should know what nobody has
    others = open_codes(sms.from_fingerprint, now=now, states=(states.TRIGGERED,), but=incident.number)
    return in_words(outcome, page, others, now=now)


def in_words(outcome: Outcome, page: Page, others: list[str], *, now: datetime) -> str:
    """The answer to a reply, with times in the zone of the person. others: what else is open and nobody's."""
    incident, zone = outcome.incident, page.person.zone
    number = incident.number
    if outcome.kind == outcomes.REFUSED:
        return wording.not_allowed(number, page.person.role)
    if outcome.kind == outcomes.RESOLVED:
        return wording.resolved(number, now.astimezone(zone), others)
    if outcome.kind == outcomes.ALREADY_RESOLVED:
        return wording.already_resolved(number, (incident.resolved_at or now).astimezone(zone), others)
    at = (incident.acknowledged_at or now).astimezone(zone)
    if outcome.kind == outcomes.ACKNOWLEDGED:
        return wording.acknowledged(
            number, at, [str(user) for user in outcome.spared], others,
            again=incident.ask_again_at.astimezone(zone) if incident.ask_again_at else None,
        )  # fmt: skip
    same = outcome.kind == outcomes.ALREADY_YOURS
    return wording.already_acknowledged(number, str(incident.acknowledged_by), at, same_person=same, also_open=others)


def _explain(sms: InboundSms, words: str, *, now: datetime) -> str:
    lately = InboundSms.objects.filter(
        from_fingerprint=sms.from_fingerprint, received_at__gt=now - timedelta(hours=1), pk__lt=sms.pk
    ).exclude(answer="")
    return words if lately.count() < EXPLANATIONS_PER_HOUR else ""


def _open(sms: InboundSms, *, now: datetime) -> list[str]:
    return open_codes(sms.from_fingerprint, now=now, states=states.OPEN_STATES)


def _opt(contact: ContactMethod, *, out: bool, now: datetime) -> None:
    """STOP: the carrier delivers nothing there any more, so the contact must not be counted on. START: again."""
    if not out:
        mark_healthy(contact, now=now)
    elif contact.unhealthy_since is None:
        contact.unhealthy_since, contact.unhealthy_reason = now, OPTED_OUT
        contact.save(now=now, reason=OPTED_OUT)
        record("contact.opted_out", [contact], {}, now=now)
