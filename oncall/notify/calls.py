"""The address of one call: where the provider asks what to say, brings the keys, and reports how the call went.

The token is the page's random id, the number of the attempt, and 110 bits of an HMAC over both and whom they are for.
Nothing is stored for it. The provider's signature proves who asks; the token, about what; and a key counts only in the
call to the number that the page went to.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from django.conf import settings

from ledger.crypto import fingerprint, sign
from oncall.models import Attempt, Page

TALK_PATH = "/in/twilio/voice/"
# Occasions that ask for a key. A code and a stand-down are read out, and that is all.
ASKS_FOR_A_KEY = ("step", "responder", "bundle", "test")
_MAC_LENGTH = 22


class BadCall(Exception):
    """No call of ours has this address, or it is not the call that the page made."""


@dataclass(frozen=True)
class Call:
    """One attempt to call somebody about a page."""

    page: Page
    attempt: Attempt


def talk_url(page: Page, attempt: int) -> str:
    """Return where the provider asks what to say in the `attempt`th call of a page."""
    token = f"{page.public_id.partition('_')[2]}-{attempt}-{_mac(page, attempt)}"
    return f"{settings.PUBLIC_URL.rstrip('/')}{TALK_PATH}{token}/"


def status_url(page: Page, attempt: int) -> str:
    """Return where the provider reports how this call goes."""
    return f"{talk_url(page, attempt)}status"


def read(token: str, *, sid: str, number: str) -> Call:
    """Return the call of a token. sid: the provider's id of the call that asks; number: where it went, E.164.

    Raises BadCall unless it is this very call: the right id, if we know it yet, to the number of the page, whose
    person has not left.
    """
    page_id, _, rest = token.partition("-")
    n, _, mac = rest.partition("-")
    page = Page.objects.select_related("run", "person", "contact").filter(public_id=f"ntf_{page_id}").first()
    if page is None or not page.person.is_active or not (n.isascii() and n.isdigit() and len(n) < 4):
        raise BadCall
    if not hmac.compare_digest(_mac(page, int(n)).encode(), mac.encode("utf-8", "replace")):
        raise BadCall
    attempt = Attempt.objects.filter(page=page, n=int(n)).first()
    if attempt is None or attempt.provider_sid not in ("", sid):
        raise BadCall
    if fingerprint(number, f"contact.{page.contact.kind}") != page.contact.address_fingerprint:
        raise BadCall
    return Call(page, attempt)


def _mac(page: Page, attempt: int) -> str:
    bound = (page.public_id, str(attempt), page.person.public_id, page.contact.public_id)
    return sign("\n".join(bound), "page-call")[:_MAC_LENGTH]
