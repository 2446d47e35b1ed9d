"""The first run: a link that makes the first admin, and what it makes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.contact_kinds import EMAIL
from accounts.models import ContactMethod, Membership, Organisation, SetupLink, Team, User
from accounts.queries import live_setup_link
from accounts.roles import ADMIN
from ledger.crypto import new_secret, token_hash
from ledger.record import record

LINK_LIFE = timedelta(hours=1)
FIRST_TEAM = "Operations"
REASON = "First run"


class SetupClosed(Exception):
    """The link was used, is too old, was replaced by a newer one, or somebody is already here."""


@dataclass(frozen=True)
class FirstRun:
    """What the first run leaves behind."""

    admin: User
    organisation: Organisation
    team: Team
    contact: ContactMethod


def issue_setup_link(now: datetime) -> str | None:
    """Make a new set-up link and end every older one; return its secret, or None once a user exists.

    The secret has 256 bits, is stored as a hash, holds for one hour and is printed once by the supervisor.
    """
    with transaction.atomic():
        if User.objects.exists():
            return None
        SetupLink.objects.filter(used_at__isnull=True, expires_at__gt=now).update(expires_at=now)
        secret = new_secret()
        SetupLink.objects.create(secret_hash=token_hash(secret), created_at=now, expires_at=now + LINK_LIFE)
    return secret


@transaction.atomic
def complete_setup(
    *, secret: str, email: str, name: str, password: str, organisation: str, timezone: str, now: datetime
) -> FirstRun:
    """Use the link: make the organisation, its first admin, a team and the admin's e-mail contact.

    Raises SetupClosed when the link does not hold; then nothing was made.
    """
    link = live_setup_link(secret, now=now)
    if link is None or not SetupLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=now):
        raise SetupClosed
    house = Organisation.objects.first() or Organisation()
    house.name, house.timezone = organisation, timezone
    house.save(now=now, reason=REASON)
    admin = create_admin(email=email, name=name, password=password, timezone=timezone, now=now, reason=REASON)
    team = Team(name=FIRST_TEAM)
    team.save(now=now, reason=REASON)
    Membership(team=team, user=admin).save(now=now, reason=REASON)
    record("setup.completed", [house, admin], {}, now=now)
    return FirstRun(admin, house, team, admin.contact_methods.get())


@transaction.atomic
def create_admin(*, email: str, name: str, password: str, timezone: str, now: datetime, reason: str) -> User:
    """Make an admin who can sign in at once, with the same address as a contact method still to be confirmed."""
    admin = User(email=email, name=name, role=ADMIN, timezone=timezone)
    admin.set_password(password)
    admin.save(now=now, reason=reason)
    contact = ContactMethod(user=admin, kind=EMAIL, address=admin.email, label="Sign-in address")
    contact.save(now=now, reason=reason)
    return admin
