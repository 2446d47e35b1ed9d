"""A status page as JSON. docs/status-pages.md documents the shape; a test compares."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from ledger.record import instant
from monitors.days import Day
from statuspage.models import StatusPage, StatusUpdate
from statuspage.public import Shown, ShownComponent, ShownIncident, ShownWork
from statuspage.states import WORDS


def url_of(page: StatusPage) -> str:
    """Where customers read a page."""
    return f"{settings.PUBLIC_URL}/status/{page.slug}/"


def summary_of(shown: Shown) -> dict[str, Any]:
    """Page, components and incidents; instants in UTC, days in the zone of the page."""
    page = shown.page
    return {
        "page": {
            "id": page.public_id,
            "name": page.name,
            "url": url_of(page),
            "time_zone": page.timezone,
            "at": instant(shown.at),
        },
        "status": {"state": shown.state, "words": shown.headline, "beside": shown.beside},
        "components": [_component(one) for one in shown.components],
        "incidents": [_incident(one) for one in (*shown.open, *shown.past)],
        "maintenance": [_work(one) for one in shown.work],
    }


def _work(one: ShownWork) -> dict[str, Any]:
    """Planned work; `in_progress` or still ahead."""
    return {
        "starts_at": instant(one.start),
        "ends_at": instant(one.end),
        "in_progress": one.in_progress,
        "components": [component.id for component in one.components],
    }


def _component(one: ShownComponent) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "heading": one.heading,
        "state": one.state,
        "words": WORDS[one.state],
        "since": _or_null(one.since),
        "days": [_day(day) for day in one.days],
    }


def _day(day: Day) -> dict[str, Any]:
    """A day before the service was watched has no seconds, and its state is null."""
    seconds = {state: int(length) for state, length in sorted(day.seconds.items())}
    return {"date": day.date.isoformat(), "state": day.state if seconds else None, "seconds": seconds}


def _incident(one: ShownIncident) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "status": one.status,
        "began_at": instant(one.began_at),
        "resolved_at": _or_null(one.resolved_at),
        "components": [{"id": component.id, "impact": impact} for component, impact in one.affected],
        "updates": [_update(update) for update in one.updates],
    }


def _update(update: StatusUpdate) -> dict[str, Any]:
    return {
        "id": update.public_id,
        "status": update.status,
        "text": update.text,  # type: ignore[attr-defined]
        "occurred_at": instant(update.occurred_at),
        "recorded_at": instant(update.recorded_at),
        "corrected": update.supersedes_id is not None,
    }


def _or_null(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None
