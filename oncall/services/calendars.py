"""Calendar addresses: made, given another secret, revoked. A secret is told once, by the function that made it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from ledger.crypto import fingerprint, new_secret, token_hash
from oncall.models import CalendarFeed, Schedule

HINT = 6
# more than somebody's devices; each reading costs a look at the plan
MOST = 20
TOUCHED_EVERY = timedelta(hours=1)


class TooManyFeeds(Exception):
    """The person has as many calendar addresses as one may."""


class FeedRevoked(Exception):
    """The address was revoked: nothing can be done with it any more."""


@transaction.atomic
def make_feed(owner: User, *, schedule: Schedule | None, now: datetime, reason: str = "") -> tuple[CalendarFeed, str]:
    """Make an address of somebody's shifts, or of a schedule; return it with its secret. Raises TooManyFeeds."""
    User.objects.select_for_update().get(pk=owner.pk)
    if CalendarFeed.objects.in_force().filter(owner=owner).count() >= MOST:
        raise TooManyFeeds(f"You have {MOST} calendar addresses. Revoke one that is not read any more.")
    made = CalendarFeed(owner=owner, schedule=schedule)
    secret = _new_secret(made)
    made.save(now=now, reason=reason)
    return made, secret


@transaction.atomic
def rotate_feed(
    feed: CalendarFeed, *, now: datetime, reason: str, expected_version: int | None = None
) -> tuple[CalendarFeed, str]:
    """Give it another secret and return that; the old address opens nothing from now on. Raises FeedRevoked, StaleVersion."""
    held = _held(feed)
    secret = _new_secret(held)
    held.save(now=now, reason=reason, expected_version=expected_version)
    return held, secret


@transaction.atomic
def revoke_feed(feed: CalendarFeed, *, now: datetime, reason: str, expected_version: int | None = None) -> CalendarFeed:
    """End an address at once, for good. Raises FeedRevoked, StaleVersion."""
    held = _held(feed)
    held.retire(now=now, reason=reason, expected_version=expected_version)
    return held


def touch_feed(feed: CalendarFeed, *, now: datetime) -> None:
    """Note that an address was read, at most once an hour; the row is read again under lock, so that a revocation stays."""
    if feed.last_used_at and now - feed.last_used_at < TOUCHED_EVERY:
        return
    with transaction.atomic():
        held = CalendarFeed.objects.select_for_update().get(pk=feed.pk)
        held.last_used_at = now
        held.save(now=now, update_fields=["last_used_at"])


def _held(feed: CalendarFeed) -> CalendarFeed:
    held: CalendarFeed = (
        CalendarFeed.objects.select_for_update(of=("self",)).select_related("owner", "schedule").get(pk=feed.pk)
    )
    if held.retired_at is not None:
        raise FeedRevoked("It was revoked; make another one.")
    return held


def _new_secret(feed: CalendarFeed) -> str:
    secret = new_secret()
    feed.secret_hash, feed.secret_hint = token_hash(secret), secret[:HINT]
    feed.secret_fingerprint = fingerprint(secret, "calendar.secret")
    return secret
