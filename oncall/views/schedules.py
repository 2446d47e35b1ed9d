"""Schedules: the list with who is on call, and the page of one over some weeks."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.access import can, require
from ledger.clock import now
from oncall.access import get_schedule
from oncall.bands import Bar, Stretch, bars, override_words
from oncall.hours import shares
from oncall.models import Schedule
from oncall.queries import policies_calling
from oncall.rota.words import moment
from oncall.rotations import rotations_of
from oncall.schedule_history import history_of
from oncall.schedules import override_value, planned_all
from oncall.timetable import Timetable, holes, standings, timetable
from oncall.weeks import weeks_of

MOST_LISTED = 120


def schedules_page(request: HttpRequest) -> HttpResponse:
    """Every schedule in force: who is on call, who is behind them, who follows, and where nobody is."""
    require(request.user, "read")
    instant = now()
    found = list(Schedule.objects.in_force().select_related("team").order_by("name", "pk"))
    rows = [
        {"schedule": one, "standings": standings(plan, now=instant), "holes": holes(plan, now=instant)}
        for one, plan in zip(found, planned_all(found, instant), strict=True)
    ]
    return render(request, "oncall/schedules.html", {"rows": rows, "can_add": can(request.user, "edit")})


def schedule_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One schedule: who is on call now, its bands over some weeks, its shifts, rotations, overrides and history."""
    schedule = get_schedule(request.user, public_id)
    return render(request, "oncall/schedule.html", page_context(request, schedule))


def page_context(request: HttpRequest, schedule: Schedule) -> dict[str, Any]:
    """What the page of a schedule shows."""
    instant = now()
    weeks = weeks_of(request.GET.dict(), schedule.zone, instant)
    table = timetable(schedule, weeks.within, now=instant)
    listed = table.in_order
    retired = schedule.retired_at is not None
    return {
        "schedule": schedule,
        "weeks": weeks,
        "table": table,
        "final": _final(table),
        "layer_bars": [(layer, _bars(table, found)) for layer, found in table.layers],
        "override_bars": _override_bars(table),
        "stretches": listed[:MOST_LISTED],
        "more_stretches": len(listed) - MOST_LISTED,
        "standings": [] if retired else standings(table.plan, now=instant),
        "holes": [] if retired else holes(table.plan, now=instant),
        "rotations": rotations_of(schedule, now=instant),
        "policies": policies_calling(schedule.public_id),
        "shares": [] if retired else shares(schedule, table.plan, now=instant),
        "changes": history_of(schedule),
        "reader_zone": timezone.get_current_timezone_name(),
        "can_edit": not retired and can(request.user, "edit", schedule),
        "can_take": not retired and can(request.user, "respond"),
    }


def _final(table: Timetable) -> list[tuple[str, list[Bar], list[Stretch]]]:
    """Of each role its bars, and the stretches with nobody for the words beside them."""
    return [
        (role, _bars(table, found), [one for one in found if one.is_gap and one.end > table.within.start])
        for role, found in table.roles.items()
    ]


def _bars(table: Timetable, found: list[Stretch]) -> list[Bar]:
    return bars(found, table.within, lambda one: _tooltip(table, one))


def _tooltip(table: Timetable, one: Stretch) -> str:
    when = _span(table, one.start, one.end)
    return "\n".join([f"{one.said}, {when}", *one.why])


def _override_bars(table: Timetable) -> list[tuple[str, list[Bar]]]:
    """One row an override: they may overlap, and each has its number."""
    found = []
    for row in table.overrides:
        words = override_words(override_value(row))
        title = f"{words}, {_span(table, row.start_at, row.end_at)}, by {row.made_by.name}"
        found.append((words, [Bar(row.start_at, row.end_at, "k-shift-2", "", title)]))
    return found


def _span(table: Timetable, start: Any, end: Any) -> str:
    zone = ZoneInfo(table.schedule.zone)
    return f"{moment(start, zone)} to {moment(end, zone)}"
