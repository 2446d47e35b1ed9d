"""Teams and who is in them."""

from datetime import datetime

from django.db import transaction

from accounts.models import Membership, Team, User


class NameTaken(Exception):
    """Another team in force has this name."""


def create_team(*, name: str, now: datetime, reason: str) -> Team:
    """Make a team. Raises NameTaken."""
    _refuse_taken(name, 0)
    team = Team(name=name)
    team.save(now=now, reason=reason)
    return team


def rename_team(team: Team, *, name: str, now: datetime, reason: str, expected_version: int) -> None:
    """Rename a team. Raises NameTaken, StaleVersion."""
    _refuse_taken(name, team.pk)
    team.name = name
    team.save(now=now, reason=reason, expected_version=expected_version)


@transaction.atomic
def add_member(team: Team, user: User, *, now: datetime, reason: str) -> Membership:
    """Put a person into a team; who is in it already stays as they are."""
    held = Membership.objects.in_force().filter(team=team, user=user).first()
    if held:
        return held
    membership = Membership(team=team, user=user)
    membership.save(now=now, reason=reason)
    return membership


def remove_member(membership: Membership, *, now: datetime, reason: str) -> None:
    """Take a person out of a team."""
    membership.retire(now=now, reason=reason)


def _refuse_taken(name: str, pk: int) -> None:
    if Team.objects.in_force().filter(name__iexact=name).exclude(pk=pk).exists():
        raise NameTaken(name)
