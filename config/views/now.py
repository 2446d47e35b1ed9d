"""The first page after sign-in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import can, require
from config.health import engine_ticks
from config.now.rows import board, minute
from config.now.sentence import headline
from config.wording import listed
from incidents.models import Incident
from incidents.queries import open_incidents
from incidents.states import TRIGGERED
from incidents.subjects import KIND
from ledger.clock import now as clock_now
from monitors.queries import monitors_in_force
from oncall.queries import next_step, pages_can_leave

COLUMNS = ("public_id", "name", "paused_at", "service__public_id", "service__name")
BEFORE, AFTER = timedelta(hours=11), timedelta(hours=4)


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The whole page; asked by htmx, what changes on it."""
    require(request.user, "read")
    context = gathered(now=clock_now()) | {
        "may_declare": can(request.user, "declare"),
        "may_edit": can(request.user, "edit"),
    }
    return render(request, "_now.html" if request.headers.get("HX-Request") else "now.html", context)


def gathered(*, now: datetime) -> dict[str, Any]:
    """Everything the page says as of `now`."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    start, end = hour - BEFORE, hour + AFTER
    incidents = list(open_incidents())
    # a page asked for every ten seconds reads five columns of a monitor, not its target and its secrets
    monitors = list(monitors_in_force().select_related(None).select_related("service").only(*COLUMNS))
    shown = board(monitors, incidents, start=start, end=end, now=now)
    engine = engine_ticks(now=now)
    said = headline(
        incidents,
        shown.counts,
        engine="" if engine.holds else engine.sentence,
        unwell=[row.name for row in shown.watcher if row.state not in ("", "up")],
        next_call=_next_call(incidents[0]) if incidents else "",
        now=now,
    )
    return {
        "now": now,
        "start": start,
        "end": end,
        "at": minute(now),
        "open": incidents,
        "worst": incidents[0] if incidents else None,
        "headline": said,
        "board": shown,
        "watched": len(monitors),
        "cannot_page": cannot_page(),
    }


def _next_call(incident: Incident) -> str:
    """`; Ana Duarte is called next` while the run climbs."""
    step = next_step(KIND, incident.number) if incident.state == TRIGGERED else None
    if step is None:
        return ""
    names = listed([str(person) for person in step.people]) or "the catch-all"
    return f"; {names} {'are' if len(step.people) > 1 else 'is'} called next"


def cannot_page() -> str:
    """Why pages cannot leave this machine, "" while they can: Now nags until somebody sets it right."""
    if pages_can_leave():
        return ""
    return "Neither EMAIL_URL nor TWILIO_ACCOUNT_SID is set, so no page can leave this machine."
