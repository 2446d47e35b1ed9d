"""People: invited, changed, deactivated; never deleted."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.contact_kinds import EMAIL
from accounts.models import ContactMethod, Invitation, Membership, Team, User
from accounts.queries import live_invitation, other_admins, tokens_of
from accounts.roles import ADMIN
from accounts.services.tokens import revoke_token
from accounts.uses import Use, uses_of
from ledger.crypto import new_secret, token_hash
from ledger.record import record

INVITATION_LIFE = timedelta(days=7)


class EmailTaken(Exception):
    """Somebody signs in with this address already."""


class InvitationClosed(Exception):
    """The invitation was used, withdrawn by a newer one, or is too old."""


class AlreadyJoined(Exception):
    """The person has a password; a link that sets another one would be a way into their account."""


class LastAdmin(Exception):
    """The change would leave the installation without an admin."""


class StillUsed(Exception):
    """Policies count on this person; `uses` says which."""

    def __init__(self, uses: list[Use]) -> None:
        super().__init__(", ".join(use.what for use in uses))
        self.uses = uses


@transaction.atomic
def invite(
    *, email: str, name: str, role: str, timezone: str, team: Team | None, by: User, now: datetime
) -> tuple[User, str]:
    """Make a person without a password and the secret of the link with which they choose one.

    Raises EmailTaken.
    """
    if User.objects.filter(email=email.strip().lower()).exists():
        raise EmailTaken(email)
    person = User(email=email, name=name, role=role, timezone=timezone)
    person.set_unusable_password()
    person.save(now=now, reason="Invited")
    contact = ContactMethod(user=person, kind=EMAIL, address=person.email, label="Sign-in address")
    contact.save(now=now, reason="Invited")
    if team:
        Membership(team=team, user=person).save(now=now, reason="Invited")
    return person, issue_invitation(person, by=by, now=now)


@transaction.atomic
def issue_invitation(person: User, *, by: User, now: datetime) -> str:
    """Make a new link for a person who has none that works, ending older ones; return its secret.

    Raises AlreadyJoined.
    """
    if person.has_usable_password():
        raise AlreadyJoined
    Invitation.objects.filter(user=person, used_at__isnull=True, expires_at__gt=now).update(expires_at=now)
    secret = new_secret()
    invitation = Invitation.objects.create(
        user=person, invited_by=by, secret_hash=token_hash(secret), created_at=now, expires_at=now + INVITATION_LIFE
    )
    record("user.invited", [person, invitation], {"role": person.role}, now=now)
    return secret


@transaction.atomic
def accept_invitation(*, secret: str, name: str, password: str, now: datetime) -> User:
    """Use the link once: set the password and the name. Raises InvitationClosed."""
    invitation = live_invitation(secret, now=now)
    if invitation is None or not Invitation.objects.filter(pk=invitation.pk, used_at__isnull=True).update(used_at=now):
        raise InvitationClosed
    person = invitation.user
    person.name = name
    person.set_password(password)
    person.save(now=now, reason="Invitation accepted")
    record("user.joined", [person, invitation], {}, now=now)
    return person


@transaction.atomic
def change_role(person: User, role: str, *, now: datetime, reason: str, expected_version: int) -> None:
    """Give a person another role. Raises LastAdmin, StaleVersion."""
    if role != ADMIN and person.role == ADMIN and not other_admins(person).exists():
        raise LastAdmin
    person.role = role
    person.save(now=now, reason=reason, expected_version=expected_version)


def change_settings(person: User, *, name: str, timezone: str, theme: str, now: datetime) -> None:
    """Change what a person decides about themselves: name, zone, theme."""
    person.name, person.timezone, person.theme = name, timezone, theme
    person.save(now=now, reason="Own settings")


@transaction.atomic
def deactivate(person: User, *, now: datetime, reason: str, expected_version: int) -> None:
    """End a person's access: sign-in, API tokens and invitations stop; everything they did stays.

    Raises StillUsed while a policy would be left with nobody, LastAdmin, StaleVersion.
    """
    if person.role == ADMIN and not other_admins(person).exists():
        raise LastAdmin
    uses = uses_of(person)
    if uses:
        raise StillUsed(uses)
    person.is_active = False
    person.save(now=now, reason=reason, expected_version=expected_version)
    for token in tokens_of(person):
        revoke_token(token, now=now, reason="Owner deactivated")
    Invitation.objects.filter(user=person, used_at__isnull=True, expires_at__gt=now).update(expires_at=now)


def reactivate(person: User, *, now: datetime, reason: str, expected_version: int) -> None:
    """Let a person sign in again; tokens stay revoked. Raises StaleVersion."""
    person.is_active = True
    person.save(now=now, reason=reason, expected_version=expected_version)
