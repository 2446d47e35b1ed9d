"""Badges: made, changed, given another key, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ledger.crypto import new_secret
from monitors.models import Monitor, Service
from monitors.models.badges import SHOWS, STATE, Badge
from monitors.services.refusals import refusal

LABEL_MAX = 60


def create_badge(
    subject: Monitor | Service, *, now: datetime, label: str = "", shows: str = STATE, reason: str = ""
) -> Badge:
    """Make a badge of a monitor or a service. label: what strangers read, its name if empty. Raises ValidationError."""
    if subject.retired_at is not None:
        raise refusal("subject", f"{subject} was retired; there is nothing to show of it.", "conflict")
    of = {"monitor": subject} if isinstance(subject, Monitor) else {"service": subject}
    badge = Badge(team=subject.team, key=new_secret(), **of)
    _put(badge, {"label": label.strip() or subject.name[:LABEL_MAX], "shows": shows})
    badge.save(now=now, reason=reason)
    return badge


def change_badge(
    badge: Badge, changes: Mapping[str, Any], *, now: datetime, reason: str = "", expected_version: int | None = None
) -> Badge:
    """Change label or what it shows. Raises ValidationError, StaleVersion."""
    _put(badge, changes)
    badge.save(now=now, reason=reason, expected_version=expected_version)
    return badge


def rotate_badge_key(badge: Badge, *, now: datetime, reason: str, expected_version: int | None = None) -> Badge:
    """Give it another key; the old one opens nothing from now on."""
    badge.key = new_secret()
    badge.save(now=now, reason=reason, expected_version=expected_version)
    return badge


def retire_badge(badge: Badge, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take it away; its key opens nothing from now on."""
    badge.retire(now=now, reason=reason, expected_version=expected_version)


def _put(badge: Badge, changes: Mapping[str, Any]) -> None:
    unknown = set(changes) - {"label", "shows"}
    if unknown:
        raise TypeError(f"a badge has no {', '.join(sorted(unknown))}")
    badge.label = str(changes.get("label", badge.label)).strip()
    badge.shows = str(changes.get("shows", badge.shows))
    if not badge.label or len(badge.label) > LABEL_MAX or not badge.label.isprintable():
        raise refusal("label", f"A label is one line of at most {LABEL_MAX} characters.")
    if badge.shows not in SHOWS:
        raise refusal("shows", f"A badge shows one of {', '.join(SHOWS)}.")
