"""State changes around pages that do not come from an escalation: codes, tests, and what a person did with a page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts.masks import mask_member, mask_phone
from accounts.models import ContactMethod, User
from accounts.queries import contacts_of
from accounts.services.contacts import CodeRefused, start_verification
from ledger.crypto import fingerprint
from ledger.hints import hint
from ledger.record import record
from oncall.escalation.who import reachable
from oncall.models import ContactTest, InboundKey, InboundSms, InboundTap, Page
from oncall.notify.rows import new_page
from oncall.notify.slack_actions import Press
from oncall.notify.states import ANSWERED
from oncall.notify.transitions import confirm, learnt, lock

# To one contact; and how often somebody may have another person's contacts tested, whoever it is.
TESTS_PER_HOUR = 6
TESTS_OF_ANOTHER_PER_HOUR = 2


class NothingToTest(Exception):
    """The person has no contact that could be tested; the message says so."""


@transaction.atomic
def send_verification(contact: ContactMethod, *, now: datetime) -> Page:
    """Make a new code for a contact and page it there. Raises CodeRefused after too many codes in an hour."""
    verification = start_verification(contact, now=now)
    return _send(contact, "verification", verification.public_id, now=now)


@transaction.atomic
def ask_for_test(
    person: User, *, by: User, now: datetime, contacts: Sequence[ContactMethod] | None = None
) -> tuple[ContactTest, list[Page]]:
    """Page a person with a test over the same ways as a real page: over each verified contact, or over these.

    Raises NothingToTest when there is no contact, CodeRefused after too many tests in an hour, so that nobody is flooded.
    """
    asked = list(contacts_of(person).filter(verified_at__isnull=False)) if contacts is None else list(contacts)
    if not asked:
        raise NothingToTest(f"{person} has no confirmed contact, so there is nothing to test.")
    _refuse_too_many(person, by, asked, now=now)
    test = ContactTest.objects.create(person=person, asked_by=by, asked_at=now)
    note = "" if by.pk == person.pk else f"{by} asked for it."
    pages = [_send(contact, "test", test.public_id, now=now, note=note) for contact in asked]
    record("contact.test_asked", [test, person, *asked], {"by": by.public_id, "pages": len(pages)}, now=now)
    return test, pages


def send_test(contact: ContactMethod, *, now: datetime) -> Page:
    """Test one contact of one's own, whether it is verified or not. Raises CodeRefused after six in an hour."""
    return ask_for_test(contact.user, by=contact.user, now=now, contacts=[contact])[1][0]


def _refuse_too_many(person: User, by: User, asked: Sequence[ContactMethod], *, now: datetime) -> None:
    lately = now - timedelta(hours=1)
    sent = Page.objects.filter(contact__in=asked, origin="test", planned_at__gt=lately)
    counts = Counter(sent.values_list("contact_id", flat=True))
    full = next((contact for contact in asked if counts[contact.pk] >= TESTS_PER_HOUR), None)
    if full is not None:
        raise CodeRefused(
            f"{TESTS_PER_HOUR} tests were sent to {full.address_mask} in the last hour. Wait a while before the next one."
        )
    by_others = ContactTest.objects.filter(person=person, asked_at__gt=lately).exclude(asked_by=person)
    if by.pk != person.pk and by_others.count() >= TESTS_OF_ANOTHER_PER_HOUR:
        raise CodeRefused(
            f"Others had {person} tested {TESTS_OF_ANOTHER_PER_HOUR} times in the last hour. That is enough for now."
        )


def _send(contact: ContactMethod, origin: str, reference: str, *, now: datetime, note: str = "") -> Page:
    person = contact.user
    to = reachable(contact, person)
    page = new_page(to, run=None, origin=origin, now=now, reference=reference, note=note)
    page.save(force_insert=True)
    record(f"page.{origin}_planned", [page, contact, person], {"channel": page.kind}, now=now)
    hint("send")
    return page


@transaction.atomic
def answered(page: Page, *, now: datetime) -> None:
    """Somebody, or a program, opened the page's link. It proves that it arrived, not that a person read it."""
    learnt(lock(page.pk)[1], ANSWERED, now=now)


@transaction.atomic
def confirmed(page: Page, how: str, *, now: datetime) -> None:
    """A person acted on this very page. how: `sms`, `voice`, `link`, `screen` or `api`. Safe to repeat."""
    confirm(lock(page.pk)[1], how, now=now)


@transaction.atomic
def receive_sms(*, sid: str, number: str, body: str, now: datetime) -> tuple[InboundSms, bool]:
    """Store a text that came in; return its row and whether it is new.

    The provider may send the same text again (same sid): then the first row comes back, and its `answer` is the answer to
    give, if `handled_at` says that there is one. Must be committed before the text is acted on.
    """
    return InboundSms.objects.get_or_create(
        sid=sid,
        defaults={
            "from_fingerprint": fingerprint(number, "contact.phone"),
            "from_mask": mask_phone(number),
            "body": body,
            "received_at": now,
        },
    )


def handle_sms(sms: InboundSms, answer: str, *, now: datetime) -> bool:
    """Write down the answer to a text, in the transaction of what it did. False when another process already had."""
    waiting = InboundSms.objects.filter(pk=sms.pk, handled_at__isnull=True)
    return bool(waiting.update(handled_at=now, answer=answer[:400]))


@transaction.atomic
def receive_tap(press: Press, page: Page | None, *, provider: str, now: datetime) -> tuple[InboundTap, bool]:
    """Store a button that was pressed; return its row and whether it is new.

    page: what the button is about, None where it is none of ours. Must be committed before the press is acted upon.
    """
    return InboundTap.objects.get_or_create(
        sid=press.sid,
        defaults={
            "provider": provider,
            "page": page,
            "verb": press.verb,
            "user_fingerprint": fingerprint(press.user, "contact.slack"),
            "user_mask": mask_member(press.user),
            "reply_to": json.dumps({"channel": press.channel, "user": press.user}),
            "received_at": now,
        },
    )


def handle_tap(tap: InboundTap, outcome: str, answer: str, *, now: datetime) -> None:
    """Write down what a press did, in the transaction of it, and have the words sent. The caller holds the row's lock."""
    waiting = InboundTap.objects.filter(pk=tap.pk, handled_at__isnull=True)
    waiting.update(handled_at=now, outcome=outcome, answer=answer[:400], reply_due_at=now)
    hint("send")


@transaction.atomic
def receive_key(page: Page, *, sid: str, round_: int, digits: str, now: datetime) -> tuple[InboundKey, bool]:
    """Store a key that was pressed in a call; return its row and whether it is new.

    The provider may bring the same key again: then the first row comes back, with what was said to it. Must be
    committed before the key is acted upon.
    """
    return InboundKey.objects.get_or_create(
        sid=sid, round=round_, defaults={"page": page, "digits": digits[:8], "received_at": now}
    )


def handle_key(key: InboundKey, answer: str, *, now: datetime) -> bool:
    """Write down what was said to a key, in the transaction of what it did. False when another process already had."""
    waiting = InboundKey.objects.filter(pk=key.pk, handled_at__isnull=True)
    return bool(waiting.update(handled_at=now, answer=answer[:400]))
