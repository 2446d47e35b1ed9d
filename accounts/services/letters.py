"""Mail about somebody's own account. A request writes the row; the engine sends it after commit (law 8)."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F

from accounts.models import Letter, User
from ledger.hints import hint

log = structlog.get_logger(__name__)

LETTER_LIFE = timedelta(hours=1)
RETRY = timedelta(seconds=30)
MOST_TRIES = 5


def post_letter(*, user: User, subject: str, body: str, now: datetime) -> Letter:
    """Write a mail to a person's sign-in address; the next tick sends it."""
    with transaction.atomic():
        letter = Letter.objects.create(
            user=user, subject=subject, body=body, created_at=now, due_at=now, expires_at=now + LETTER_LIFE
        )
        hint("send")
    return letter


def ask_for_letters(now: datetime) -> bool:
    """Knock on the sender's door while a letter is due; whether one is. For the tick: it finds what a hint missed."""
    due = Letter.objects.filter(ended_at__isnull=True, due_at__lte=now).exists()
    if due:
        hint("send")
    return due


def send_letters(now: datetime, *, limit: int = 20) -> int:
    """Send what is due and return how many left. Claimed by a conditional update, sent outside a transaction.

    A crash after the provider took it sends it once more: two reset mails are better than none. Failures are
    tried again after 30 s, five times in all.
    """
    waiting = Letter.objects.filter(ended_at__isnull=True, due_at__lte=now).order_by("due_at").select_related("user")
    return sum(_send(letter, now) for letter in waiting[:limit])


def _send(letter: Letter, now: datetime) -> int:
    claimed = Letter.objects.filter(pk=letter.pk, ended_at__isnull=True, due_at=letter.due_at)
    if not claimed.update(due_at=now + RETRY, tries=F("tries") + 1):
        return 0
    if now >= letter.expires_at:
        _end(letter, now, error="expired")
        return 0
    try:
        EmailMessage(letter.subject, letter.body, settings.EMAIL_FROM, [letter.user.email]).send()
    except OSError as error:  # smtplib.SMTPException is one too
        log.warning("letter_failed", letter=letter.pk, error=type(error).__name__)
        Letter.objects.filter(pk=letter.pk).update(last_error=str(error)[:200])
        if letter.tries + 1 >= MOST_TRIES:
            _end(letter, now, error=str(error))
        return 0
    _end(letter, now, error="")
    return 1


def _end(letter: Letter, now: datetime, *, error: str) -> None:
    """Close the row and empty its text, which held a link that opens an account."""
    letter.body, letter.ended_at, letter.last_error = "", now, error[:200]
    letter.sent_at = None if error else now
    letter.save(update_fields=["body", "ended_at", "last_error", "sent_at"])
