"""Who calls the API in these tests: one person of each role, and clients with tokens of theirs."""

from datetime import datetime, timedelta

from rest_framework.test import APIClient

from accounts.models import Membership, Organisation, Team, User
from accounts.services.tokens import issue_token
from ledger import clock


def person(role, name="", team=None, **more):
    """A person of a role, in a team if one is given."""
    name = name or role.title()
    made = User(email=f"{name.lower().replace(' ', '.')}@example.com", name=name, role=role, **more)
    made.set_unusable_password()
    made.save(now=clock.now(), reason="Test")
    if team:
        Membership(team=team, user=made).save(now=clock.now(), reason="Test")
    return made


def team(name="Payments"):
    """A team."""
    made = Team(name=name)
    made.save(now=clock.now(), reason="Test")
    return made


def organisation():
    """The organisation."""
    made = Organisation(name="Acme", timezone="Europe/Lisbon")
    made.save(now=clock.now(), reason="Test")
    return made


def token_for(owner, *scopes, days=30, now: datetime | None = None):
    """A token of a person and its secret."""
    instant = now or clock.now()
    return issue_token(
        owner=owner, label="Test", scopes=scopes or ("admin",), expires_at=instant + timedelta(days=days), now=instant
    )


def client(owner=None, *scopes):
    """A client that sends a token of this person; without a person, one that sends nothing."""
    caller = APIClient()
    if owner is not None:
        _, secret = token_for(owner, *scopes)
        caller.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return caller


def problems(response):
    """The fields that a refusal names."""
    return [entry["field"] for entry in response.json()["error"]["fields"]]
