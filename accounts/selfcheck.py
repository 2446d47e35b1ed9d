"""What accounts promises: mail about somebody's own account leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import Letter
from accounts.services.letters import ask_for_letters
from ledger.promises import Breach, Promise, waiting

SENT_WITHIN = timedelta(minutes=2)


def letters_leave(now: datetime) -> Breach | None:
    """Invitations and resets leave within two minutes; one that was given up was found before its last try."""
    stuck = Letter.objects.filter(ended_at__isnull=True, created_at__lt=now - SENT_WITHIN)
    oldest = stuck.order_by("created_at").values_list("created_at", flat=True).first()
    if oldest is None:
        return None
    return Breach(waiting(stuck.count(), "letter", oldest, now, "to be taken by the mail server"))


PROMISES = (
    Promise(
        name="accounts.letters_leave",
        says="Invitations and password resets leave within 2 min.",
        trouble="invitations and resets do not leave",
        check=letters_leave,
        remedy="Check EMAIL_URL with `manage.py doctor`.",
        repair=ask_for_letters,
        mends="knocks on the sender's door",
    ),
)
