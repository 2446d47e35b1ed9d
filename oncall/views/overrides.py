"""Overrides by form: made, taken and ended, each with what it changes in words before it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime

from accounts.access import signed_in
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.queries import pageable_people
from ledger.clock import now
from ledger.tracked import StaleVersion
from oncall.access import get_override, get_schedule, require_override
from oncall.effectwords import first_change
from oncall.forms.overrides import OverrideForm, TakeForm
from oncall.models import Schedule
from oncall.reviews import Review, review
from oncall.rota import schedule as rota
from oncall.rota.calendar import INSTANT, Window
from oncall.rota.effects import effects
from oncall.rota.problems import ScheduleError
from oncall.rota.schedule import PRIMARY, ROLES, Kind
from oncall.schedules import person_value, planned
from oncall.services.overrides import end_override, make_override

TOOK = "Took the shift"


def override_schedule(request: HttpRequest, public_id: str) -> HttpResponse:
    """Override a schedule for a while."""
    schedule = get_schedule(request.user, public_id, "edit")
    people = {person.public_id: person for person in pageable_people()}
    form = OverrideForm(
        posted(request),
        zone=schedule.zone,
        people=[(key, person.name) for key, person in people.items()],
        initial={"role": PRIMARY, "kind": Kind.REPLACE, **_asked(request)},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        given = {
            "kind": data["kind"], "role": data["role"], "who": people.get(data["who"]), "whom": people.get(data["whom"]),
            "start_at": data["start"], "end_at": data["end"], "reason": data["reason"],
        }  # fmt: skip
        if _made(request, schedule, form, given):
            return redirect("oncall:schedule", public_id)
    return render(request, "oncall/override_form.html", {"form": form, "schedule": schedule}, status=status_of(form))


def take_shift(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a shift oneself: what that changes, and one button."""
    person = signed_in(request)
    schedule = get_schedule(person, public_id)
    require_override(person, schedule, who=person)
    instant = now()
    form = TakeForm(posted(request), zone=schedule.zone, initial=_asked(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        given = {
            "kind": Kind.REPLACE, "role": data["role"], "who": person, "reason": data["reason"].strip() or TOOK,
            "start_at": data["start"] if data["start"] > instant else None, "end_at": data["end"],
        }  # fmt: skip
        if _made(request, schedule, form, given):
            return redirect("oncall:schedule", public_id)
    if request.method != "POST" and {"role", "start", "end"} - set(form.initial):
        raise Http404
    shown = dict(form.initial) if not form.is_bound or form.errors else form.cleaned_data
    found = _if_taken(schedule, shown, person_value(person), instant)
    context = {"form": form, "schedule": schedule, "review": found, "shown": shown}
    return render(request, "oncall/take_shift.html", context, status=status_of(form))


def end_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """End an override that runs, or withdraw one that has not begun: who is on call then, and why it is ended."""
    override = get_override(request.user, public_id, "edit")
    schedule, instant = override.schedule, now()
    form = RetireForm(posted(request), initial={"version": override.version})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            end_override(override, now=instant, reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"Override #{override.number} is ended.")
            return redirect("oncall:schedule", schedule.public_id)
        except ScheduleError as error:
            form.add_error(None, str(error))
        except StaleVersion:
            form.conflict(override)
    before = planned(schedule, instant)
    after = replace(before, overrides=tuple(one for one in before.overrides if one.id != override.public_id))
    found = review(schedule, before, after, now=instant, until=max(override.end_at, instant + INSTANT))
    context = {"form": form, "schedule": schedule, "override": override, "review": found}
    return render(request, "oncall/override_end.html", context, status=status_of(form))


def _made(request: HttpRequest, schedule: Schedule, form: Any, given: dict[str, Any]) -> bool:
    """Make the override, and say in a sentence what it changes; put a refusal into the form."""
    instant = now()
    before = planned(schedule, instant)
    try:
        made = make_override(schedule, **given, by=signed_in(request), now=instant)
    except ScheduleError as error:
        form.refused(error)
        return False
    found = effects(before, planned(schedule, instant), Window(instant, made.end_at))
    messages.success(request, f"Override #{made.number} is kept. {first_change(found, schedule.zone)}")
    return True


def _if_taken(schedule: Schedule, shown: dict[str, Any], person: rota.Person, instant: datetime) -> Review | None:
    """What it changes if somebody takes a stretch; None where the stretch cannot be read or is over."""
    start, end = shown.get("start"), shown.get("end")
    if not isinstance(start, datetime) or not isinstance(end, datetime) or end <= max(start, instant):
        return None
    plan = planned(schedule, instant)
    taken = rota.Override(
        "taken", 1 + max((one.number for one in plan.overrides), default=0), Kind.REPLACE, max(start, instant), end,
        person, person, role=shown.get("role", PRIMARY),
    )  # fmt: skip
    return review(schedule, plan, replace(plan, overrides=(*plan.overrides, taken)), now=instant, until=end)


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What the link to a form says of role, kind and time; what cannot be read is left out."""
    found: dict[str, Any] = {
        name: value
        for name, known in (("role", ROLES), ("kind", list(Kind)))
        if (value := request.GET.get(name, "")) in known
    }
    for name in ("start", "end"):
        at = _instant(request.GET.get(name, ""))
        if at is not None:
            found[name] = at
    return found


def _instant(text: str) -> datetime | None:
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
