"""Naming the outsiders who get each day's seal."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.addresses import read_email
from evidence.models import Anchor
from evidence.services.letters import post_letter
from ledger.crypto import fingerprint
from ledger.seals import newest_seal


class AnchorExists(ValueError):
    """This address gets the seals already."""


@transaction.atomic
def add_anchor(*, name: str, address: str, now: datetime, reason: str) -> Anchor:
    """Mail each day's seal to an address from now on, the newest one at once: its key's fingerprint is in it.

    Raises AnchorExists, AddressRefused.
    """
    anchor = Anchor(name=name.strip(), address=_free(read_email(address)))
    anchor.save(now=now, reason=reason)
    _send_newest(anchor, now)
    return anchor


@transaction.atomic
def change_anchor(
    anchor: Anchor, *, name: str, address: str, now: datetime, reason: str, expected_version: int | None = None
) -> Anchor:
    """Another name or address; "" keeps the address. A new address gets the newest seal at once.

    Raises AnchorExists, AddressRefused, StaleVersion.
    """
    before = anchor.address
    anchor.name = name.strip()
    if address:
        anchor.address = _free(read_email(address), but=anchor)
    anchor.save(now=now, reason=reason, expected_version=expected_version)
    if anchor.address != before:
        _send_newest(anchor, now)
    return anchor


@transaction.atomic
def retire_anchor(anchor: Anchor, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Stop mailing. What has left stays where it is; what waits is not sent any more. Raises StaleVersion."""
    anchor.retire(now=now, reason=reason, expected_version=expected_version)
    anchor.letters.filter(ended_at__isnull=True).update(ended_at=now, last_error="")


def _free(address: str, *, but: Anchor | None = None) -> str:
    taken = Anchor.objects.in_force().filter(address_fingerprint=fingerprint(address, "anchor.address"))
    if any(anchor != but for anchor in taken):
        raise AnchorExists(f"{address} gets the seals already.")
    return address


def _send_newest(anchor: Anchor, now: datetime) -> None:
    newest = newest_seal()
    if newest is not None:
        post_letter(anchor, newest, now=now)
