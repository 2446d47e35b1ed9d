"""Reads about people: rows and counts for screens and for the engine."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Prefetch, Q, QuerySet

from accounts.models import (
    AllowedNetwork,
    ApiToken,
    ContactMethod,
    ContactRules,
    Invitation,
    Membership,
    SetupLink,
    Team,
    User,
    Verification,
)
from accounts.roles import ADMIN
from ledger.crypto import token_hash


def live_setup_link(secret: str, *, now: datetime) -> SetupLink | None:
    """The set-up link of a secret while it may be used: unused, not expired, and nobody here yet."""
    if User.objects.exists():
        return None
    return SetupLink.objects.filter(secret_hash=token_hash(secret), used_at__isnull=True, expires_at__gt=now).first()


def live_invitation(secret: str, *, now: datetime) -> Invitation | None:
    """The invitation of a secret while it may be used, with the invited person."""
    live = Invitation.objects.filter(used_at__isnull=True, expires_at__gt=now, user__is_active=True)
    return live.select_related("user").filter(secret_hash=token_hash(secret)).first()


def live_verification(contact: ContactMethod, *, now: datetime) -> Verification | None:
    """The newest code of a contact that can still be entered."""
    live = Verification.objects.filter(contact=contact, used_at__isnull=True, expires_at__gt=now)
    return live.order_by("-created_at", "-pk").first()


def other_admins(user: User) -> QuerySet[User]:
    """Active admins beside this one."""
    return User.objects.filter(role=ADMIN, is_active=True).exclude(pk=user.pk)


def people(*, active: bool | None = True) -> QuerySet[User]:
    """People by name, with their contacts and teams loaded: three queries for any number of people. None: everybody."""
    contacts = ContactMethod.objects.in_force().order_by("kind", "created_at")
    memberships = Membership.objects.in_force().select_related("team").order_by("team__name")
    found = User.objects.order_by("name", "pk")
    if active is not None:
        found = found.filter(is_active=active)
    return found.prefetch_related(
        Prefetch("contact_methods", queryset=contacts, to_attr="contacts"),
        Prefetch("memberships", queryset=memberships, to_attr="in_teams"),
    )


def pageable_people() -> QuerySet[User]:
    """People who may stand in a policy: active, by name."""
    return User.objects.filter(is_active=True).order_by("name", "pk")


def teams() -> QuerySet[Team]:
    """Teams in force by name, with the number of their active members."""
    members = Count("memberships", filter=Q(memberships__retired_at__isnull=True, memberships__user__is_active=True))
    return Team.objects.in_force().annotate(members=members).order_by("name")


def members(team: Team) -> QuerySet[Membership]:
    """Memberships of a team in force, by name of the person."""
    return team.memberships.filter(retired_at__isnull=True).select_related("user").order_by("user__name")


def memberships() -> QuerySet[Membership]:
    """Every membership in force, of teams in force, with person and team."""
    return Membership.objects.in_force().filter(team__retired_at__isnull=True).select_related("team", "user")


def first_team_of(user: User) -> Team | None:
    """The team a person is in longest: where what they make goes, since a manager could not edit it otherwise."""
    held = Membership.objects.in_force().filter(user=user).select_related("team").order_by("pk").first()
    return held.team if held else None


def contacts_of(user: User) -> QuerySet[ContactMethod]:
    """A person's contact methods in force, oldest first within a kind."""
    return ContactMethod.objects.in_force().filter(user=user).order_by("kind", "created_at")


def rules_of(user: User) -> QuerySet[ContactRules]:
    """A person's contact rules in force, at most one an urgency."""
    return ContactRules.objects.in_force().filter(user=user).order_by("urgency")


def tokens_of(user: User | None = None) -> QuerySet[ApiToken]:
    """API tokens not revoked, newest first; of one person, or of everybody."""
    held = ApiToken.objects.in_force().filter(revoked_at__isnull=True).select_related("owner")
    return (held.filter(owner=user) if user else held).order_by("-created_at")


def allowed_networks() -> QuerySet[AllowedNetwork]:
    """Networks our outgoing calls may reach although they are private, in order of address text."""
    return AllowedNetwork.objects.in_force().order_by("cidr")


def people_by_id(public_ids: Sequence[str]) -> list[User]:
    """People in the order of the ids given, contacts loaded; ids that are nobody's are left out."""
    contacts = ContactMethod.objects.in_force().order_by("kind", "created_at")
    found = User.objects.filter(public_id__in=public_ids)
    held = {user.public_id: user for user in found.prefetch_related(Prefetch("contact_methods", contacts, "contacts"))}
    return [held[public_id] for public_id in dict.fromkeys(public_ids) if public_id in held]
