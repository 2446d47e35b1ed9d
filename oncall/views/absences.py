"""Absences of a person and holidays of a schedule: what was taken in, what it clashes with, taking in and withdrawing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, can_arrange, get_arranged, get_person, signed_in
from accounts.forms.changes import posted, status_of
from accounts.models import User
from ledger.clock import now
from oncall.absences import LOOKED, Clash, clashes_of, clashes_of_person
from oncall.access import all_swaps, get_absences, get_schedule
from oncall.calendar_read import CalendarError
from oncall.forms.absences import AbsencesForm
from oncall.models import AbsenceCalendar, Schedule
from oncall.rota.calendar import Window
from oncall.rota.swaps import OPEN
from oncall.services.absences import AbsencesWithdrawn, take_absences, withdraw_absences

MOST, MOST_SHOWN = 40, 5
# what a schedule's own page warns of
SHOWN = timedelta(days=28)


def of_person(request: HttpRequest, public_id: str) -> HttpResponse:
    """When somebody is away, and which of their shifts that meets."""
    post = request.method == "POST"
    person = get_arranged(request.user, public_id) if post else get_person(request.user, public_id)
    instant = now()
    form = AbsencesForm(posted(request), request.FILES or None)
    if post and form.is_valid() and _taken(request, form, person=person):
        return redirect("oncall:absences", public_id)
    context = {
        "person": person,
        "may": can_arrange(request.user, person),
        "clashes": _cut(clashes_of_person(person, Window(instant, instant + LOOKED))),
        "calendars": _calendars(person=person),
    }
    return _page(request, form, context)


def of_schedule(request: HttpRequest, public_id: str) -> HttpResponse:
    """The holidays of a schedule, and everything in it that does not fit together."""
    post = request.method == "POST"
    schedule = get_schedule(request.user, public_id, "edit" if post else "read")
    instant = now()
    form = AbsencesForm(posted(request), request.FILES or None)
    if post and form.is_valid() and _taken(request, form, schedule=schedule):
        return redirect("oncall:holidays", public_id)
    context = {
        "schedule": schedule,
        "may": schedule.retired_at is None and can(request.user, "edit", schedule),
        "clashes": _cut(clashes_of(schedule, Window(instant, instant + LOOKED))),
        "calendars": _calendars(schedule=schedule),
    }
    return _page(request, form, context)


def part_of_schedule(request: HttpRequest, public_id: str) -> HttpResponse:
    """Open swaps and coming conflicts of a schedule: a fragment of its page."""
    schedule = get_schedule(request.user, public_id)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("oncall:holidays", public_id)
    instant = now()
    context = {
        "schedule": schedule,
        "open": all_swaps(request.user).filter(schedule=schedule, state__in=OPEN).order_by("expires_at", "pk")[:MOST],
        "clashes": clashes_of(schedule, Window(instant, instant + SHOWN))[:MOST_SHOWN],
        "days": SHOWN // timedelta(days=1),
    }
    return render(request, "oncall/_swaps_of_schedule.html", context)


@require_POST
def withdraw(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a calendar back."""
    held = get_absences(request.user, public_id, "edit")
    try:
        withdraw_absences(held, now=now(), reason="Withdrawn on the page of absences")
    except AbsencesWithdrawn as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{held} is withdrawn. It is held against no shift any more.")
    if held.person is not None:
        return redirect("oncall:absences", held.person.public_id)
    return redirect("oncall:holidays", held.schedule.public_id if held.schedule else "")


def _taken(
    request: HttpRequest, form: AbsencesForm, *, person: User | None = None, schedule: Schedule | None = None
) -> bool:
    data = form.cleaned_data
    try:
        made, found = take_absences(
            name=data["name"], data=data["data"], person=person, schedule=schedule, by=signed_in(request), now=now(),
            reason="Taken in on the page of absences",
        )  # fmt: skip
    except CalendarError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, f"{made}: {made.times} times in the next 400 days. No shift has changed.")
    for said in found.left_out[:5]:
        messages.warning(request, f"Left out: {said}")
    return True


def _calendars(**of: Any) -> list[AbsenceCalendar]:
    return list(AbsenceCalendar.objects.filter(**of).select_related("uploaded_by").order_by("-pk")[:MOST])


def _cut(clashes: list[Clash]) -> list[Clash]:
    return clashes[:MOST]


def _page(request: HttpRequest, form: AbsencesForm, context: dict[str, Any]) -> HttpResponse:
    days = LOOKED // timedelta(days=1)
    return render(request, "oncall/absences.html", {"form": form, "days": days, **context}, status=status_of(form))
