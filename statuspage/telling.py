"""What a person who is about to tell customers finds filled in, and what is still owed to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from incidents.models import Incident
from monitors.service_life import service_lives
from statuspage.models import Component, StatusPage, StatusUpdate
from statuspage.queries import standing_updates
from statuspage.states import DEGRADED, DOWN, INVESTIGATING, RESOLVED, seen


def page_for(incident: Incident, pages: Sequence[StatusPage], wanted: str = "") -> StatusPage | None:
    """The page to write on: the one asked for, else one that shows the incident's service, published ones first.

    None if there is no page.
    """
    showing = set(
        Component.objects.in_force()
        .filter(service=incident.service_id, page__in=pages)
        .values_list("page_id", flat=True)
    )
    ranked = sorted(pages, key=lambda page: (page.public_id != wanted, page.pk not in showing, not page.is_published))
    return ranked[0] if ranked else None


def first_words(incident: Incident, page: StatusPage, *, now: datetime) -> dict[str, Any]:
    """Initial values of the form: what the page says now, or for a first update what was measured."""
    told = next((one for one in standing_updates(incident) if one.page_id == page.pk), None)
    if told is not None:
        impacts = {f"impact-{public_id}": impact for public_id, impact in told.affected.items()}
        status = RESOLVED if not incident.is_open else told.status
        return {"title": told.title, "status": status, **impacts}  # type: ignore[attr-defined]
    rows = list(Component.objects.in_force().filter(page=page, service=incident.service_id))
    lives = service_lives([row.service_id for row in rows], now - timedelta(minutes=1), now=now) if rows else {}
    measured = {row: seen(lives[row.service_id][-1].state) for row in rows if lives.get(row.service_id)}
    impacts = {f"impact-{row.public_id}": state for row, state in measured.items() if state in (DOWN, DEGRADED)}
    return {"status": INVESTIGATING if incident.is_open else RESOLVED, **impacts}


def unfinished(incident: Incident, told: Sequence[StatusUpdate]) -> list[StatusUpdate]:
    """Newest words on published pages that leave customers in an incident which is over for us."""
    if incident.is_open:
        return []
    read = [update for update in told if update.page.is_published and update.page.retired_at is None]
    return [update for update in read if update.status != RESOLVED]
