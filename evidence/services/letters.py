"""Mailing seals to anchors: a row each, sent by the engine after commit, tried again for three days, never in the way.

A failure is a line of the ledger and stands on the page of the ledger; the next day is sealed all the same.
"""

from __future__ import annotations

import smtplib
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F

from evidence import seal_mail
from evidence.models import Anchor, SealLetter
from ledger.hints import hint
from ledger.models import Seal
from ledger.record import record

log = structlog.get_logger(__name__)

# pauses after each failure; a mail server that is away for a weekend loses nothing
RETRY_MINUTES = (1, 5, 30, 120, 360, 720, 1440, 1440)


def post_letter(anchor: Anchor, seal: Seal, *, now: datetime) -> None:
    """Write one seal to one anchor; the engine sends it. The same seal goes to an address once."""
    held = {"created_at": now, "due_at": now}
    SealLetter.objects.get_or_create(
        anchor=anchor, seal=seal, address_fingerprint=anchor.address_fingerprint, defaults=held
    )
    hint("seal")


def post_letters(seal: Seal, *, now: datetime) -> None:
    """Write a new seal to every anchor in force; in the transaction of the seal."""
    for anchor in Anchor.objects.in_force():
        post_letter(anchor, seal, now=now)


def send_seal_letters(now: datetime, *, limit: int = 20) -> int:
    """Send what is due, the oldest day first; return how many left. Claimed by conditional update, sent outside a transaction.

    A crash after the server took it sends it once more: the same seal twice proves no less.
    """
    waiting = SealLetter.objects.filter(ended_at__isnull=True, due_at__lte=now).order_by("seal__day", "pk")
    return sum(_send(letter, now) for letter in waiting.select_related("anchor", "seal__key")[:limit])


def _send(letter: SealLetter, now: datetime) -> int:
    tries = letter.tries + 1
    last = tries > len(RETRY_MINUTES)
    again = now + timedelta(minutes=RETRY_MINUTES[min(letter.tries, len(RETRY_MINUTES) - 1)])
    claimed = SealLetter.objects.filter(pk=letter.pk, ended_at__isnull=True, due_at=letter.due_at)
    if not claimed.update(due_at=again, tries=F("tries") + 1):
        return 0
    try:
        _message(letter).send()
    except OSError as error:  # smtplib.SMTPException is one too
        log.warning("seal_letter_failed", letter=letter.pk, error=type(error).__name__)
        _failed(letter, error, ended=last, now=now)
        return 0
    _sent(letter, tries, now=now)
    return 1


def _message(letter: SealLetter) -> EmailMessage:
    seal, anchor = letter.seal, letter.anchor
    first = not SealLetter.objects.filter(anchor=anchor, seal__key=seal.key, sent_at__isnull=False).exists()
    told = seal_mail.write(seal.text, seal.signature, to=anchor.name, url=settings.PUBLIC_URL, first=first)
    message = EmailMessage(told.subject, told.body, settings.EMAIL_FROM, [anchor.address])
    message.attach(f"{seal.day}.seal", seal.text.encode(), "application/octet-stream")
    message.attach(f"{seal.day}.sig", seal.signature_bytes, "application/octet-stream")
    if first:
        message.attach("public_key.pem", seal.key.pem.encode(), "application/x-pem-file")
    return message


@transaction.atomic
def _sent(letter: SealLetter, tries: int, *, now: datetime) -> None:
    SealLetter.objects.filter(pk=letter.pk).update(sent_at=now, ended_at=now, last_error="")
    record("seal.mailed", [letter.seal, letter.anchor], {"to": letter.anchor.address_mask, "tries": tries}, now=now)


@transaction.atomic
def _failed(letter: SealLetter, error: OSError, *, ended: bool, now: datetime) -> None:
    SealLetter.objects.filter(pk=letter.pk).update(last_error=_words(error), ended_at=now if ended else None)
    if ended or not letter.tries:
        said = {"to": letter.anchor.address_mask, "given_up": ended, "error": type(error).__name__}
        record("seal.mail_failed", [letter.seal, letter.anchor], said, now=now)


def _words(error: OSError) -> str:
    """Why, in words of ours and the server's code: the server's own words may quote the address, which must not be kept."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({str(code) for code, _ in error.recipients.values()})
        return f"the mail server refused the address ({', '.join(codes)})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered {error.smtp_code}"
    if error.strerror:
        return f"the mail server cannot be reached: {error.strerror}"[:200]
    return f"the mail could not be sent ({type(error).__name__})"
