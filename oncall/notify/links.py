"""The signed link in a page: one person, one subject (of a test or a bundle: itself), 24 hours, no sign-in. Read, never guessed or moved.

The token is short, because it shares 160 characters with everything else in an SMS: the page's own random id and 132 bits
of an HMAC over page, person, subject and expiry. Nothing is stored for it.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from accounts.models import User
from ledger.crypto import sign
from oncall.models import Page
from oncall.notify.states import BUNDLE, TAKEN

LIFE = timedelta(hours=24)
_ID_LENGTH = 16
_MAC_LENGTH = 22
_LINKED = ("step", "responder", TAKEN)
# The subject of a link in a test: the page itself, which it proves and nothing else.
TEST = "test"
# The subject of a link in a bundle: the message, with all that it says.
OF_ITSELF = (TEST, BUNDLE)


class BadLink(Exception):
    """Nobody of ours made this link, or it was altered, or its person has left."""


class ExpiredLink(Exception):
    """The link is older than 24 hours. Whoever follows it must sign in."""


class LinkTarget(NamedTuple):
    """Whom and what a link speaks for."""

    person: User
    subject_kind: str
    subject_id: str
    page: Page


def token_for(page: Page) -> str:
    """Return the token of a page, the same one every time; "" for pages that carry no link."""
    if _subject(page) is None:
        return ""
    return page.public_id.partition("_")[2] + _mac(page)


def url_for(page: Page) -> str:
    """Return the address in the page's text; "" for pages that carry no link."""
    token = token_for(page)
    return f"{settings.PUBLIC_URL.rstrip('/')}/a/{token}/" if token else ""


def expires_at(page: Page) -> datetime:
    """Return when the page's link ends: 24 hours after the page was planned."""
    return page.planned_at + LIFE


def read(token: str, now: datetime) -> LinkTarget:
    """Return what a token speaks for. Raises BadLink, ExpiredLink. A GET may call this: it changes nothing."""
    page_id, mac = token[:_ID_LENGTH], token[_ID_LENGTH:]
    page = Page.objects.select_related("run", "person").filter(public_id=f"ntf_{page_id}").first()
    subject = _subject(page) if page else None
    if page is None or subject is None:
        raise BadLink
    if not hmac.compare_digest(_mac(page).encode(), mac.encode("utf-8", "replace")):
        raise BadLink
    if not page.person.is_active:
        raise BadLink
    if now >= expires_at(page):
        raise ExpiredLink
    return LinkTarget(page.person, *subject, page)


def _subject(page: Page) -> tuple[str, str] | None:
    """What a page's link is about: (kind, id); None for pages that carry none."""
    if page.run is not None:
        return (page.run.subject_kind, page.run.subject_id) if page.origin in _LINKED else None
    return (page.origin, page.public_id) if page.origin in OF_ITSELF else None


def _mac(page: Page) -> str:
    subject = _subject(page)
    if subject is None:
        raise BadLink
    bound = (page.public_id, page.person.public_id, *subject, f"{expires_at(page):%Y%m%dT%H%M%S.%f}")
    return sign("\n".join(bound), "page-link")[:_MAC_LENGTH]
