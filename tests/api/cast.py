"""Who calls the API in these tests, and clients with tokens of theirs."""

from datetime import datetime, timedelta

from rest_framework.test import APIClient

from accounts.services.tokens import issue_token
from ledger import clock
from tests import builders


def person(role, name="", **more):
    """A person of a role."""
    return builders.person(name or role.title(), role, now=clock.now(), **more)


def token_for(owner, *scopes, days=30, now: datetime | None = None):
    """A token of a person and its secret."""
    instant = now or clock.now()
    return issue_token(
        owner=owner,
        label="Test",
        scopes=scopes or ("admin",),
        expires_at=instant + timedelta(days=days),
        now=instant,
        reason="Test",
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
