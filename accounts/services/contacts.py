"""Contact methods: add, remove, and prove by a code."""

import hashlib
import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.contact_kinds import CONTACT_KINDS
from accounts.egress.signature import new_secret
from accounts.models import ContactMethod, ContactRules, User, Verification
from accounts.queries import contacts_of, live_verification
from accounts.services.contact_rules import forget_contact
from accounts.uses import uses_of
from ledger.crypto import fingerprint, sign

CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5
CODES_PER_HOUR = 4


class ContactExists(Exception):
    """The person already has this address."""


class LastContact(Exception):
    """A policy counts on this person and this is the only way to reach them; the message says so."""


class SignsNothing(Exception):
    """The contact is of a kind that has no secret; the message says so."""


class CodeRefused(Exception):
    """The code did not prove the contact; the message says why and what to do."""


def add_contact(*, user: User, kind: str, address: str, label: str, now: datetime) -> ContactMethod:
    """Add an address, not yet confirmed. Raises ContactExists for one that is there already.

    One of a kind that signs gets a secret, which the caller may show once.
    """
    held = ContactMethod.objects.in_force().filter(
        user=user, kind=kind, address_fingerprint=fingerprint(address, f"contact.{kind}")
    )
    if held.exists():
        raise ContactExists
    contact = ContactMethod(user=user, kind=kind, address=address, label=label)
    contact.save(now=now, reason="Added")
    return contact


@transaction.atomic
def remove_contact(contact: ContactMethod, *, now: datetime, reason: str) -> list[ContactRules]:
    """Take a contact out of use and out of its person's rules; pages that went to it keep its mask.

    Returns the rules that ended with it, because they named no other contact. Raises LastContact when it is the person's
    only one and a policy would page nobody without them.
    """
    if not contacts_of(contact.user).exclude(pk=contact.pk).exists():
        uses = uses_of(contact.user)
        if uses:
            raise LastContact(
                f"{contact.address_mask} stays: it is the only way to reach somebody {uses[0].what} counts on."
            )
    contact.retire(now=now, reason=reason)
    return forget_contact(contact, now=now, reason=reason)


def rotate_contact_secret(
    contact: ContactMethod, *, now: datetime, reason: str, expected_version: int | None = None
) -> ContactMethod:
    """Make a new secret, which the caller may show once. The old one signs beside it for WEBHOOK_OVERLAP_S.

    Raises SignsNothing for a kind that has no secret, StaleVersion.
    """
    if not CONTACT_KINDS[contact.kind].signs:
        raise SignsNothing(f"{contact} has no secret: nothing that is sent there is signed.")
    contact.previous_secret, contact.secret = contact.secret, new_secret()
    contact.previous_until = now + timedelta(seconds=settings.WEBHOOK_OVERLAP_S)
    contact.save(now=now, reason=reason, expected_version=expected_version)
    return contact


@transaction.atomic
def start_verification(contact: ContactMethod, *, now: datetime) -> Verification:
    """Make a new code for a contact and end its older ones. The sender asks `verification_code` for the digits.

    Raises CodeRefused after four codes in an hour, so that nobody's phone is flooded in another's name.
    """
    recent = Verification.objects.filter(contact=contact, created_at__gt=now - timedelta(hours=1))
    if recent.count() >= CODES_PER_HOUR:
        raise CodeRefused(f"{CODES_PER_HOUR} codes were sent in the last hour. Wait until one of them is an hour old.")
    recent.filter(used_at__isnull=True, expires_at__gt=now).update(expires_at=now)
    return Verification.objects.create(contact=contact, created_at=now, expires_at=now + CODE_LIFE)


def verification_code(verification: Verification) -> str:
    """The six digits of a verification, derived from its row under the signing key and stored nowhere."""
    mac = sign(verification.public_id, "verification")
    return f"{int(hashlib.sha256(mac.encode()).hexdigest(), 16) % 1_000_000:06d}"


def confirm_contact(contact: ContactMethod, code: str, *, now: datetime) -> ContactMethod:
    """Compare a typed code with the newest one; a match marks the contact confirmed.

    A try is counted and committed before the comparison, so that a crash gives no free guesses.
    Raises CodeRefused with a sentence for the form when there is no live code, no try left or no match.
    """
    verification = live_verification(contact, now=now)
    if verification is None:
        raise CodeRefused("No code is waiting: it was used, or is older than 10 minutes. Send a new one.")
    tries = Verification.objects.filter(pk=verification.pk, used_at__isnull=True, tries__lt=CODE_TRIES)
    if not tries.update(tries=F("tries") + 1):
        raise CodeRefused(f"{CODE_TRIES} wrong codes: this one is void. Send a new one.")
    typed = "".join(c for c in code if c.isdigit())
    if not hmac.compare_digest(typed, verification_code(verification)):
        left = CODE_TRIES - verification.tries - 1
        raise CodeRefused(f"{typed or code} is not the code we sent to {contact.address_mask}. {_tries(left)}")
    with transaction.atomic():
        Verification.objects.filter(pk=verification.pk).update(used_at=now)
        contact.verified_at = now
        contact.unhealthy_since, contact.unhealthy_reason = None, ""
        contact.save(now=now, reason="Confirmed by code")
    return contact


def _tries(left: int) -> str:
    if not left:
        return "That was the last try; send a new code."
    return "1 try left." if left == 1 else f"{left} tries left."
