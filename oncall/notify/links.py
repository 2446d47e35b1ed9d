"""The signed link in a page: one person, one subject, 24 hours, no sign-in. It can be read, never guessed or moved.

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

LIFE = timedelta(hours=24)
_ID_LENGTH = 16
_MAC_LENGTH = 22
_LINKED = ("step", "responder")


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
    if page.run is None or page.origin not in _LINKED:
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
    if page is None or page.run is None or page.origin not in _LINKED:
        raise BadLink
    if not hmac.compare_digest(_mac(page).encode(), mac.encode("utf-8", "replace")):
        raise BadLink
    if not page.person.is_active:
        raise BadLink
    if now >= expires_at(page):
        raise ExpiredLink
    return LinkTarget(page.person, page.run.subject_kind, page.run.subject_id, page)


def _mac(page: Page) -> str:
    if page.run is None:
        raise BadLink
    bound = (
        page.public_id,
        page.person.public_id,
        page.run.subject_kind,
        page.run.subject_id,
        f"{expires_at(page):%Y%m%dT%H%M%S.%f}",
    )
    return sign("\n".join(bound), "page-link")[:_MAC_LENGTH]
