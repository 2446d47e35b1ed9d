"""Hours on call, planned against what was, on a page and as CSV; and who covers some days over all schedules."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.access import require
from accounts.forms.changes import status_of
from ledger.clock import now
from oncall.access import get_schedule
from oncall.cover import cover
from oncall.forms.days import DaysForm
from oncall.hours import LONGEST, days_window, hours_csv, hours_report
from oncall.models import Schedule

DAY = timedelta(days=1)
MONTH = timedelta(days=31)
A_WEEK = 6 * DAY


def hours_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Hours, nights and weekends of each person in some days; this month without any."""
    schedule, instant = get_schedule(request.user, public_id), now()
    month = _this_month(schedule)
    form = _days(request, month)
    first, last = form.days(month)
    rows = hours_report(schedule, days_window(first, last, schedule.zone), now=instant)
    context = {"schedule": schedule, "form": form, "rows": rows, "first": first, "last": last}
    return render(request, "oncall/hours.html", context, status=status_of(form))


def hours_file(request: HttpRequest, public_id: str) -> HttpResponse:
    """The same as CSV."""
    schedule, instant = get_schedule(request.user, public_id), now()
    month = _this_month(schedule)
    form = _days(request, month)
    if form.is_bound and not form.is_valid():
        return render(request, "oncall/hours.html", {"schedule": schedule, "form": form}, status=status_of(form))
    first, last = form.days(month)
    rows = hours_report(schedule, days_window(first, last, schedule.zone), now=instant)
    answer = HttpResponse("".join(hours_csv(schedule, rows, first, last)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="hours_{schedule.public_id}_{first}_{last}.csv"'
    return answer


def cover_page(request: HttpRequest) -> HttpResponse:
    """Who is on call on some days, over all schedules; the coming week without any."""
    require(request.user, "read")
    instant = now()
    today = timezone.localtime(instant).date()
    form = DaysForm(request.GET or None, longest=MONTH, initial={"first": today, "last": today + A_WEEK})
    first, last = form.days((today, today + A_WEEK))
    within = days_window(first, last, timezone.get_current_timezone_name())
    context = {"form": form, "rows": cover(within, now=instant), "first": first, "last": last, "within": within}
    return render(request, "oncall/cover.html", context, status=status_of(form))


def _days(request: HttpRequest, month: tuple[date, date]) -> DaysForm:
    return DaysForm(
        request.GET or None, longest=LONGEST - DAY, initial=dict(zip(("first", "last"), month, strict=True))
    )


def _this_month(schedule: Schedule) -> tuple[date, date]:
    today = timezone.localtime(now(), ZoneInfo(schedule.zone)).date()
    return today.replace(day=1), (today.replace(day=1) + 32 * DAY).replace(day=1) - DAY
