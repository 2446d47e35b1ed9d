"""State changes around pages that do not come from an escalation: codes, tests, and what a person did with a page."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts.masks import mask_phone
from accounts.models import ContactMethod
from accounts.services.contacts import CodeRefused, start_verification
from ledger.crypto import fingerprint
from ledger.hints import hint
from ledger.record import record
from oncall.escalation.who import reachable
from oncall.models import InboundKey, InboundSms, Page
from oncall.notify.rows import new_page
from oncall.notify.states import ANSWERED
from oncall.notify.transitions import confirm, learnt, lock

TESTS_PER_HOUR = 6


@transaction.atomic
def send_verification(contact: ContactMethod, *, now: datetime) -> Page:
    """Make a new code for a contact and page it there. Raises CodeRefused after too many codes in an hour."""
    verification = start_verification(contact, now=now)
    return _send(contact, "verification", verification.public_id, now=now)


@transaction.atomic
def send_test(contact: ContactMethod, *, now: datetime) -> Page:
    """Page a contact with a test, over the same way as a real page. Raises CodeRefused after six in an hour."""
    recent = Page.objects.filter(contact=contact, origin="test", planned_at__gt=now - timedelta(hours=1)).count()
    if recent >= TESTS_PER_HOUR:
        raise CodeRefused(f"{TESTS_PER_HOUR} tests were sent there in the last hour. Wait a while before the next one.")
    return _send(contact, "test", f"test-{now:%Y%m%d%H%M%S%f}", now=now)


def _send(contact: ContactMethod, origin: str, reference: str, *, now: datetime) -> Page:
    person = contact.user
    page = new_page(reachable(contact, person), run=None, origin=origin, now=now, reference=reference)
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
