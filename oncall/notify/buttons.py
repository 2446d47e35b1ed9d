"""What a button in a chat carries: the page it belongs to, and an HMAC that says we made it.

Who pressed it, the chat's own signature says; the token only says about what. Nothing is stored for it.
"""

from __future__ import annotations

import hmac

from django.conf import settings

from ledger.crypto import sign
from oncall.models import Page

# Occasions that ask for an answer. A test asks for one to show the whole way.
ASKS = ("step", "responder", "test")
_MAC_LENGTH = 22


class BadButton(Exception):
    """Nobody of ours made this button."""


def token_for(page: Page) -> str:
    """Return what the buttons of a page carry; "" where it has none: it asks nothing, or nobody could press them."""
    if page.kind != "slack" or page.origin not in ASKS or not settings.SLACK_SIGNING_SECRET:
        return ""
    return f"{page.public_id.partition('_')[2]}-{_mac(page)}"


def read(token: str) -> Page:
    """Return the page of a token. Raises BadButton."""
    page_id, _, mac = token.partition("-")
    page = Page.objects.select_related("run", "person", "contact").filter(public_id=f"ntf_{page_id}").first()
    if page is None or not hmac.compare_digest(_mac(page).encode(), mac.encode("utf-8", "replace")):
        raise BadButton
    return page


def _mac(page: Page) -> str:
    bound = (page.public_id, page.person.public_id, page.contact.public_id)
    return sign("\n".join(bound), "page-button")[:_MAC_LENGTH]
