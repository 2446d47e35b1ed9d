"""Making, changing and retiring status pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.zones import zone_choices
from ledger import texts
from statuspage.models import StatusPage
from statuspage.services.refusals import once, one_line, refusal, words

NAME_MAX, SLUG_MAX, INTRO_MAX = 120, 60, 1000
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FIELDS = frozenset({"name", "slug", "timezone", "team", "is_published", "intro"})


def create_page(*, name: str, slug: str, now: datetime, reason: str = "", **fields: Any) -> StatusPage:
    """Make a status page. fields: timezone, team, is_published, intro. Raises ValidationError."""
    return _save(StatusPage(), {"name": name, "slug": slug, **fields}, now=now, reason=reason)


def change_page(
    page: StatusPage,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    reason: str = "",
    expected_version: int | None = None,
) -> StatusPage:
    """Change some fields of a page; publishing is one of them. Raises ValidationError, StaleVersion."""
    return _save(page, changes, now=now, reason=reason, expected_version=expected_version)


def retire_page(page: StatusPage, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take a page out of force: its address is free again, what was told on it stays."""
    page.retire(now=now, reason=reason, expected_version=expected_version)


def _save(
    page: StatusPage, changes: Mapping[str, Any], *, now: datetime, reason: str, expected_version: int | None = None
) -> StatusPage:
    unknown = set(changes) - FIELDS
    if unknown:
        raise TypeError(f"A status page has no {', '.join(sorted(unknown))} to change")
    fields = dict(changes)
    if "intro" in fields:
        said = words("intro", fields.pop("intro"), INTRO_MAX, "An introduction", required=False)
        fields["intro_sha256"] = texts.keep(said, now=now)
    for name, value in fields.items():
        setattr(page, name, value)
    _check(page)
    with once("slug", f"Another status page is already at {page.slug}, or has this name."):
        page.save(now=now, reason=reason, expected_version=expected_version)
    return page


def _check(page: StatusPage) -> None:
    page.name = one_line("name", page.name, NAME_MAX, "A name")
    page.slug = page.slug.strip()
    if len(page.slug) > SLUG_MAX or not SLUG.fullmatch(page.slug):
        raise refusal(
            "slug",
            f"An address has at most {SLUG_MAX} small letters, digits and single hyphens, such as acme. You wrote {page.slug[:80]}.",
        )
    if page.timezone not in dict(zone_choices()):
        raise refusal("timezone", f"There is no zone {page.timezone[:64]}. Send one such as Europe/Berlin, or UTC.")
    others = StatusPage.objects.in_force().exclude(pk=page.pk)
    if others.filter(slug=page.slug).exists():
        raise refusal("slug", f"Another status page is already at {page.slug}.", "taken")
    if others.filter(name=page.name).exists():
        raise refusal("name", f"Another status page is already called {page.name}.", "taken")
