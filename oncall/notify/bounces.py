"""Letters that come back: an envelope sender of its own for each attempt, and what the report of a mail server says.

Spam filters and forgers write to any address. A report counts only when it came to an address that we made, which it
proves by an HMAC over page, attempt, person and contact; what the letter itself claims to be about is not asked.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses

from django.conf import settings

from ledger.crypto import sign
from oncall.models import Attempt, Callback, Page
from oncall.notify import callbacks

# Headers in which the address a report came to is found, when the mail server does not tell it.
_ADDRESSED = ("X-Original-To", "Delivered-To", "Envelope-To", "To")
_MAC_LENGTH = 20  # hexadecimal, because some servers write addresses in lower case: 80 bits
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ACTIONS = {
    "failed": "bounced",
    "delayed": "delayed",
    "delivered": "delivered",
    "relayed": "relayed",
    "expanded": "expanded",
}
MAX_REPORT = 1024 * 1024


class BadReport(ValueError):
    """The message is about no letter of ours; the sentence says why."""


@dataclass(frozen=True)
class Report:
    """What a mail server says of a letter: a word of `statuses` and the status of RFC 3463, "" for none."""

    status: str
    code: str = ""


def address_for(page: Page, attempt: int) -> str:
    """Return where this letter comes back to if it cannot be delivered; "" when EMAIL_BOUNCE_ADDRESS is not set."""
    box, _, domain = settings.EMAIL_BOUNCE_ADDRESS.partition("@")
    if not domain:
        return ""
    return f"{box}+{page.public_id.partition('_')[2]}.{attempt}.{_mac(page, attempt)}@{domain}"


def receive(raw: bytes, to: str, *, now: datetime) -> tuple[Callback, Page]:
    """Store what a message to a bounce address says; return the row and the page. The next tick takes it into account.

    to: the address it came to, "" to look for it in the headers. Raises BadReport.
    """
    if len(raw) > MAX_REPORT:
        raise BadReport(f"The message is larger than {MAX_REPORT // 1024} kB.")
    message = message_from_bytes(raw)
    attempt = _attempt_of([to] if to else _addressed(message))
    report = read(message)
    row = callbacks.keep(
        source="bounce",
        provider=attempt.provider,
        sid=attempt.provider_sid,
        status=report.status,
        error_code=report.code,
        now=now,
        attempt=attempt,
    )
    return row, attempt.page


def read(message: Message) -> Report:
    """Return what a message says of the letter: by its delivery status (RFC 3464), else by who sends it.

    A server of the old kind writes prose from the empty address: that is a bounce without a code. Anything else is a
    reply, for instance of somebody on holiday, and says nothing about the way.
    """
    for fields in _recipients(message):
        action = str(fields.get("Action", "")).strip().lower()
        if action in _ACTIONS:
            found = _STATUS.search(str(fields.get("Status", "")))
            return Report(_ACTIONS[action], found[0] if found else "")
    path = str(message.get("Return-Path", "")).strip()
    sender = str(message.get("From", "")).lower()
    automatic = str(message.get("Auto-Submitted", "")).strip().lower()
    returned = path == "<>" or "mailer-daemon" in sender
    return Report("bounced" if returned and not automatic.startswith("auto-replied") else "replied")


def _recipients(message: Message) -> list[Message]:
    """The groups of fields about single recipients; the first group of a report is about the message."""
    parts = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    groups = [group for part in parts for group in (part.get_payload() if part.is_multipart() else [])]
    return [group for group in groups if isinstance(group, Message) and "Action" in group]


def _addressed(message: Message) -> list[str]:
    headers = [str(value) for name in _ADDRESSED for value in message.get_all(name, [])]
    return [address for _, address in getaddresses(headers)]


def _attempt_of(addresses: list[str]) -> Attempt:
    for address in addresses:
        page_id, n, mac = _token_of(address)
        rows = Attempt.objects.select_related("page__person", "page__contact")
        attempt = rows.filter(page__public_id=f"ntf_{page_id}", n=n, page__kind="email").first() if n else None
        if attempt is not None and hmac.compare_digest(_mac(attempt.page, n), mac):
            return attempt
    raise BadReport("The message did not come to an address that this installation made for one of its letters.")


def _token_of(address: str) -> tuple[str, int, str]:
    """`box+<page>.<attempt>.<mac>@domain` → its three parts; ("", 0, "") for another address."""
    token = address.strip().strip("<>").rpartition("@")[0].rpartition("+")[2].lower()
    found = re.fullmatch(r"([a-z0-9]{16})\.(\d{1,3})\.([0-9a-f]{20})", token, re.ASCII)
    return (found[1], int(found[2]), found[3]) if found else ("", 0, "")


def _mac(page: Page, attempt: int) -> str:
    bound = (page.public_id, str(attempt), page.person.public_id, page.contact.public_id)
    return hashlib.sha256(sign("\n".join(bound), "page-bounce").encode()).hexdigest()[:_MAC_LENGTH]
