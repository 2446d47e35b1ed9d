"""Reads: pages, components, and what customers were told. `now` is always an argument."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from incidents.models import Incident
from ledger import texts
from statuspage.models import Component, StatusPage, StatusUpdate
from statuspage.states import RESOLVED

LATE = timedelta(minutes=1)
REMOVED = "This text was removed."


def published(slug: str) -> StatusPage | None:
    """The page customers reach at an address; None for one that is not there, not published, or no longer in force."""
    return StatusPage.objects.in_force().filter(slug=slug, is_published=True).first()


def pages_in_force() -> QuerySet[StatusPage]:
    """Pages by name, with how many components each shows."""
    live = Count("components", filter=Q(components__retired_at__isnull=True, components__is_hidden=False))
    return StatusPage.objects.in_force().select_related("team").annotate(shown=live).order_by("name", "pk")


def components_of(pages: Iterable[StatusPage]) -> QuerySet[Component]:
    """Components in force, hidden ones included, in the order of their page."""
    found = Component.objects.in_force().filter(page__in=list(pages)).select_related("page", "service")
    return found.order_by("page_id", "position", "pk")


def updates_of(incident: Incident) -> list[StatusUpdate]:
    """Everything customers were told of an incident, newest first, corrected updates too, with their texts."""
    found = StatusUpdate.objects.filter(incident=incident).select_related("page", "person", "superseded_by")
    return with_texts(found.order_by("-occurred_at", "-pk"))


def standing_updates(incident: Incident) -> list[StatusUpdate]:
    """The newest word on each page: what customers believe of an incident now, newest first, with texts."""
    newest = {update.page_id: update for update in reversed(updates_of(incident)) if stands(update)}
    return list(newest.values())[::-1]


def stands(update: StatusUpdate) -> bool:
    """Whether no correction has taken its place."""
    return not hasattr(update, "superseded_by")


def told_lately(page: StatusPage, *, now: datetime, days: int) -> list[StatusUpdate]:
    """Updates of the incidents that a page shows, newest first, with texts; corrected ones are left out.

    Those are the incidents that are open to customers, and those of which they heard in the last days.
    """
    mine = StatusUpdate.objects.filter(page=page, superseded_by__isnull=True)
    newest = mine.filter(incident=OuterRef("incident")).order_by("-occurred_at", "-pk").values("pk")[:1]
    last_words = mine.filter(pk=Subquery(newest))
    lately = Q(occurred_at__gte=now - timedelta(days=days)) | ~Q(status=RESOLVED)
    wanted = last_words.filter(lately).values("incident_id")
    found = mine.filter(incident__in=wanted).select_related("incident", "supersedes")
    return with_texts(found.order_by("-occurred_at", "-pk"))


def with_texts(updates: Iterable[StatusUpdate]) -> list[StatusUpdate]:
    """The updates with `.title`, `.text`, `.reason` and `.late` filled in: one query for all of them."""
    rows = list(updates)
    shas = {sha for row in rows for sha in (row.title_sha256, row.text_sha256, row.reason_sha256) if sha}
    bodies = texts.read_many(shas)
    for row in rows:
        row.title = bodies.get(row.title_sha256, REMOVED)  # type: ignore[attr-defined]
        row.text = bodies.get(row.text_sha256, REMOVED)  # type: ignore[attr-defined]
        row.late = row.recorded_at - row.occurred_at > LATE  # type: ignore[attr-defined]
        row.reason = bodies.get(row.reason_sha256, REMOVED) if row.reason_sha256 else ""  # type: ignore[attr-defined]
    return rows


def with_intros(pages: Sequence[StatusPage]) -> list[StatusPage]:
    """The pages with `.intro` filled in, empty if it was redacted: one query for all of them."""
    bodies = texts.read_many({page.intro_sha256 for page in pages if page.intro_sha256})
    for page in pages:
        page.intro = bodies.get(page.intro_sha256, "")  # type: ignore[attr-defined]
    return list(pages)
