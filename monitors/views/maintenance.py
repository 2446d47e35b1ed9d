"""Maintenance windows: what is muted now, what comes, and planning."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.access import can, get_team, require
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.history import changes_of, naming
from accounts.models import Organisation, Team, User
from ledger.clock import now
from ledger.texts import read_many
from monitors.access import get_window, require_covered
from monitors.forms.maintenance import ExtendForm, NewWindowForm, WindowForm, shown_repeat
from monitors.forms.refusals import refusals_on
from monitors.maintenance import coming, named, times_of, windows_in_force
from monitors.maintenance_rules import STATES
from monitors.models import MaintenanceWindow
from monitors.overview import services_in_force
from monitors.queries import monitors_in_force
from monitors.recurrence import RecurrenceError, occurrences, read_plan, summary
from monitors.services.windows import change_window, plan_of, plan_window
from monitors.views.owned import choices

SHOWN, PREVIEWED, TIMES = 40, 5, 40
LOOK_AHEAD = timedelta(days=2 * 366)


def maintenance_page(request: HttpRequest) -> HttpResponse:
    """What is muted now, what comes in 60 days, and every plan in force."""
    require(request.user, "read")
    instant = now()
    times = coming(now=instant)
    context = {
        "running": [one for one in times if one.in_progress],
        "coming": [one for one in times if not one.in_progress][:SHOWN],
        "more": max(0, sum(not one.in_progress for one in times) - SHOWN),
        "windows": [(one, summary(plan_of(one))) for one in windows_in_force()],
        "names": _names([one.span.covered for one in times]),
        "states": STATES,
        "now": instant,
        "can_add": can(request.user, "edit"),
    }
    return render(request, "monitors/maintenance.html", context)


def window_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One window: its plan in words, what it covers, its times, and its history."""
    return page(request, get_window(request.user, public_id))


def new_window(request: HttpRequest) -> HttpResponse:
    """Plan a window; `look` shows its next times without saving."""
    require(request.user, "edit")
    initial = {"zone": Organisation.current().timezone, "length_s": 3600, **_wanted(request)}
    form = NewWindowForm(posted(request), initial=initial, **_choices(request))
    instant = now()
    if _is_save(request) and form.is_valid():
        with refusals_on(form):
            require_covered(request.user, form.plan["covered"])
            window = plan_window(
                **form.plan, team=_team(request, form), announced=form.cleaned_data["announced"], by=_person(request),
                now=instant, reason="Planned",
            )  # fmt: skip
            messages.success(request, f"{window} is planned. It mutes nothing until it is approved.")
            return redirect("monitors:window", window.public_id)
    context = {"form": form, "preview": _preview(form, instant), "now": instant}
    return render(request, "monitors/maintenance_form.html", context, status=_status(request, form))


def edit_window(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change what is planned; `look` shows its next times without saving."""
    window = get_window(request.user, public_id, "edit")
    form = WindowForm(posted(request), initial=_initial(window), **_choices(request))
    instant = now()
    if _is_save(request) and form.is_valid():
        with refusals_on(form, window):
            require_covered(request.user, form.plan["covered"])
            change_window(
                window, {**form.plan, "team": _team(request, form)}, by=_person(request), now=instant,
                reason=form.cleaned_data["reason"], expected_version=form.cleaned_data["version"],
            )  # fmt: skip
            messages.success(request, f"{window} saved.")
            return redirect("monitors:window", public_id)
    context = {"form": form, "window": window, "preview": _preview(form, instant), "now": instant}
    return render(request, "monitors/maintenance_form.html", context, status=_status(request, form))


def page(request: HttpRequest, window: MaintenanceWindow, *, status: int = 200, **forms: Any) -> HttpResponse:
    """The page of a window, with forms as they were posted."""
    instant = now()
    times = times_of(window, now=instant)
    running = next((one for one in times if one.in_progress), None)
    ahead = [one for one in reversed(times) if not one.span.ending and one.start > instant]
    seen = {"version": window.version}
    context = {
        "window": window,
        "words": summary(plan_of(window)),
        "covered": named(window.covered),
        "running": running,
        "ahead": ahead[:SHOWN],
        "past": [one for one in times if one.span.ending][:TIMES],
        "reasons": read_many({one.span.ending_sha256 for one in times if one.span.ending_sha256}),
        "states": STATES,
        "changes": changes_of(
            window,
            limit=20,
            labels={"team": naming(Team), "requested_by": naming(User), "approved_by": naming(User)},
        ),
        "can_edit": window.retired_at is None and can(request.user, "edit", window),
        "approve_form": RetireForm(initial=seen, auto_id="approve_%s"),
        "announce_form": RetireForm(initial=seen, auto_id="announce_%s"),
        "cancel_form": RetireForm(initial=seen, auto_id="cancel_%s"),
        "extend_form": ExtendForm(auto_id="extend_%s"),
        "now": instant,
        **forms,
    }
    return render(request, "monitors/maintenance_window.html", context, status=status)


def _preview(form: WindowForm, instant: datetime) -> dict[str, Any] | None:
    """The plan in words with its next times, as far as the form can be read."""
    if not form.is_bound or not form.is_valid():
        return None
    plan_given = form.plan
    try:
        plan = read_plan(plan_given["zone"], plan_given["starts"], plan_given["length_s"], plan_given["rrule"])
    except RecurrenceError as error:
        form.add_error(error.field if error.field in form.fields else None, error.sentence)
        return None
    times = occurrences(plan, instant, instant + LOOK_AHEAD)[:PREVIEWED]
    return {"words": summary(plan), "times": times, "zone": plan.zone}


def _is_save(request: HttpRequest) -> bool:
    return request.method == "POST" and "look" not in request.POST


def _status(request: HttpRequest, form: WindowForm) -> int:
    return status_of(form)


def _initial(window: MaintenanceWindow) -> dict[str, Any]:
    return {
        "name": window.name,
        "description": window.description,
        "team": window.team.public_id if window.team else "",
        "services": [one for one in window.covered if one.startswith("svc_")],
        "monitors": [one for one in window.covered if one.startswith("mon_")],
        "starts": window.starts,
        "zone": window.zone,
        "length_s": window.length_s,
        **shown_repeat(window.rrule),
        "version": window.version,
    }


def _wanted(request: HttpRequest) -> dict[str, Any]:
    """What a link into the form has chosen: `?covers=svc_…`."""
    wanted = request.GET.get("covers", "")
    return {"monitors": [wanted]} if wanted.startswith("mon_") else {"services": [wanted]}


def _choices(request: HttpRequest) -> dict[str, Any]:
    """Teams the person may give it to, and services and monitors they may edit."""
    return {
        "teams": choices(request)["teams"],
        "services": [(one.public_id, one.name) for one in services_in_force() if can(request.user, "edit", one)],
        "monitors": [
            (one.public_id, f"{one.service.name}: {one.name}")
            for one in monitors_in_force()
            if can(request.user, "edit", one)
        ],
    }


def _team(request: HttpRequest, form: WindowForm) -> Team | None:
    team = form.cleaned_data["team"]
    return get_team(request.user, team) if team else None


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _names(covered: list[list[str]]) -> dict[str, str]:
    wanted = sorted({one for ids in covered for one in ids})
    return {public_id: name for _, public_id, name in named(wanted)}
