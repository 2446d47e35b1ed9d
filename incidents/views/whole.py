"""What the page of one incident shows, gathered once: a constant number of queries, whatever its length."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from incidents import states
from incidents.models import Alert, Incident
from incidents.observed import shown_state, standing_of
from incidents.queries import alerts_of, times_of
from incidents.subjects import KIND
from incidents.views.lanes import lanes_of
from incidents.views.log import log_of
from incidents.views.paging import rows_of
from monitors.queries import Standing
from oncall.queries import next_step, pages_for_subject

SPANS = tuple(timedelta(minutes=m) for m in (15, 30, 60, 120, 240, 480, 1440, 2880, 10080, 43200, 525600))
BEFORE = 0.17  # of the span lies before the incident, so that its beginning is seen against what was well


def whole(incident: Incident, *, now: datetime) -> dict[str, Any]:
    """Facts, axis, pages, alerts and timeline of an incident, as its templates take them."""
    pages = list(pages_for_subject(KIND, incident.number))
    alerts = list(alerts_of(incident))
    start, end = window(incident, now=now)
    return {
        "incident": incident,
        "now": now,
        "start": start,
        "end": end,
        "at": settled(now, start, end) if incident.is_open else None,
        "lanes": lanes_of(alerts, pages, start=start, end=end, now=now),
        "pages": rows_of(pages),
        "alerts": with_standing(alerts, now=now),
        "log": log_of(incident),
        "next_step": next_step(KIND, incident.number) if incident.state == states.TRIGGERED else None,
        **clocks(incident),
    }


def window(incident: Incident, *, now: datetime) -> tuple[datetime, datetime]:
    """The span of the axis: the smallest round one that holds the incident with something before and after it.

    It grows in steps, so that an open page does not slide under the reader's eyes.
    """
    until = incident.resolved_at or now
    length = until - incident.opened_at
    span = next((s for s in SPANS if length <= s * (0.9 - BEFORE)), SPANS[-1])
    start = (incident.opened_at - span * BEFORE).replace(second=0, microsecond=0)
    return start, start + span


def settled(now: datetime, start: datetime, end: datetime) -> datetime:
    """Now, held still for a two-hundredth of the axis: a line that creeps would change the page at every look."""
    grain = (end - start) / 200
    return start + ((now - start) // grain) * grain


def clocks(incident: Incident) -> dict[str, timedelta | None]:
    """How long it took: from the beginning by the evidence to our knowing, and to the first acknowledge."""
    times = times_of(incident)
    return {"known_after": times.to_detect, "acknowledged_after": times.until_acknowledged}


def with_standing(alerts: list[Alert], *, now: datetime) -> list[tuple[Alert, str, Standing | None]]:
    """Each alert with the state its monitor may claim now and what its last check showed."""
    known = standing_of([alert.monitor for alert in alerts if alert.monitor], now=now)
    held = [(alert, known.get(alert.monitor_id or 0)) for alert in alerts]
    return [(alert, shown_state(standing) if alert.monitor else "", standing) for alert, standing in held]
