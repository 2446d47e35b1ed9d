"""From the rows of attempts to the account that takes the next one; the rule itself is in failover.py."""

from __future__ import annotations

from datetime import datetime, timedelta

from oncall.models import Attempt, Page
from oncall.notify.failover import Tried, another, choose
from oncall.notify.providers import names
from oncall.notify.retry import CONTACT_CODES

# An account is judged by its attempts of so long; after that it is tried again.
LATELY = timedelta(minutes=5)
_NEWEST = 20
_OTHERS = {"email": "smtp"}


def provider_of(page: Page, *, now: datetime) -> str:
    """Return the name of the provider that takes the next attempt of a page."""
    known = names(page.kind)
    if len(known) < 2:
        return known[0] if known else _OTHERS.get(page.kind, page.kind)
    newest = Attempt.objects.filter(page__kind=page.kind, begun_at__gt=now - LATELY).order_by("-pk")[:_NEWEST]
    return choose(known, _of(page), [_tried(attempt) for attempt in newest])


def may_go_elsewhere(page: Page) -> bool:
    """Whether a page whose last attempt was refused for good may be given to another account."""
    known = names(page.kind)
    return len(known) > 1 and another(known, _of(page))


def _of(page: Page) -> list[Tried]:
    return [_tried(attempt) for attempt in page.attempts.order_by("n")]


def _tried(attempt: Attempt) -> Tried:
    code = attempt.error_code
    blames = code.isdigit() and int(code) in CONTACT_CODES
    return Tried(attempt.provider, attempt.outcome, code, blames, attempt.http_status)
