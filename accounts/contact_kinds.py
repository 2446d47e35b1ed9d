"""The kinds of contact methods: what each is called, how its address is read and masked. A new kind is a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accounts.addresses import read_email, read_member, read_phone, read_routing_key, read_web_address
from accounts.egress.urls import URL_MAX
from accounts.masks import mask_email, mask_key, mask_member, mask_phone, mask_url

ADDRESS_MAX = URL_MAX
EMAIL, PHONE, VOICE, WEBHOOK, PAGERDUTY = "email", "phone", "voice", "webhook", "pagerduty"
SLACK = "slack"


@dataclass(frozen=True)
class ContactKind:
    """One kind. offer: how the form names it. read: from what was typed to the one spelling; raises AddressRefused.

    mask: how an address looks where the whole of it must not be shown or kept. is_secret: the address itself is a key, so
    that not even its owner sees it again. signs: what is sent there is signed with a secret of the contact.
    """

    label: str
    offer: str
    read: Callable[[str], str]
    mask: Callable[[str], str]
    is_secret: bool = False
    signs: bool = False


CONTACT_KINDS: dict[str, ContactKind] = {
    PHONE: ContactKind("Phone (SMS)", "Phone, by SMS", read_phone, mask_phone),
    VOICE: ContactKind("Phone (call)", "Phone, by call", read_phone, mask_phone),
    EMAIL: ContactKind("E-mail", "E-mail", read_email, mask_email),
    SLACK: ContactKind("Slack", "Slack, member or channel", read_member, mask_member),
    WEBHOOK: ContactKind("Webhook", "Webhook, signed", read_web_address, mask_url, is_secret=True, signs=True),
    PAGERDUTY: ContactKind("PagerDuty", "PagerDuty, routing key", read_routing_key, mask_key, is_secret=True),
}
KINDS: dict[str, str] = {name: kind.label for name, kind in CONTACT_KINDS.items()}


def read_address(kind: str, text: str) -> str:
    """The one spelling of an address of a kind. Raises AddressRefused."""
    return CONTACT_KINDS[kind].read(text)
