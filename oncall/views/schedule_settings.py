"""Making a schedule, changing its name, team or zone, and taking it out of force."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, get_team, require
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.models import Organisation
from accounts.queries import teams
from ledger.clock import now
from ledger.tracked import StaleVersion
from oncall.access import get_schedule
from oncall.forms.schedules import NewScheduleForm, ScheduleForm
from oncall.models import Schedule
from oncall.queries import policies_calling
from oncall.rota.problems import ScheduleError
from oncall.schedules import planned
from oncall.services import NameTaken
from oncall.services.schedules import change_schedule, create_schedule, retire_schedule
from oncall.timetable import standings


def new_schedule(request: HttpRequest) -> HttpResponse:
    """Make a schedule; its first rotation is asked for next."""
    require(request.user, "edit")
    form = NewScheduleForm(posted(request), teams=_teams(request), initial={"zone": Organisation.current().timezone})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        team = get_team(request.user, data["team"])
        try:
            made = create_schedule(name=data["name"], team=team, zone=data["zone"], now=now(), reason="New schedule")
            return redirect("oncall:new_rotation", made.public_id)
        except (NameTaken, ScheduleError) as error:
            _refused(form, error)
    return render(request, "oncall/schedule_form.html", {"form": form}, status=status_of(form))


def edit_schedule(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change its name, team or zone; nobody's turns move."""
    schedule = get_schedule(request.user, public_id, "edit")
    initial = {
        "name": schedule.name,
        "team": schedule.team.public_id,
        "zone": schedule.zone,
        "version": schedule.version,
    }
    form = ScheduleForm(posted(request), teams=_teams(request), initial=initial)
    if request.method == "POST" and form.is_valid() and _changed(request, schedule, form):
        messages.success(request, f"{form.cleaned_data['name']} is kept.")
        return redirect("oncall:schedule", public_id)
    return _page(request, schedule, form, RetireForm(initial={"version": schedule.version}), status_of(form))


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a schedule out of force, unless a policy calls it."""
    schedule = get_schedule(request.user, public_id, "edit")
    form = RetireForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            retire_schedule(schedule, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{schedule} is out of force.")
            return redirect("oncall:schedules")
        except ScheduleError as error:
            form.add_error(None, str(error))
        except StaleVersion:
            form.conflict(schedule)
    initial = {
        "name": schedule.name,
        "team": schedule.team.public_id,
        "zone": schedule.zone,
        "version": schedule.version,
    }
    return _page(request, schedule, ScheduleForm(teams=_teams(request), initial=initial), form, status_of(form))


def _page(
    request: HttpRequest, schedule: Schedule, form: ScheduleForm, retire_form: RetireForm, status: int
) -> HttpResponse:
    instant = now()
    context = {
        "form": form,
        "schedule": schedule,
        "retire_form": retire_form,
        "policies": policies_calling(schedule.public_id),
        "standings": standings(planned(schedule, instant), now=instant),
    }
    return render(request, "oncall/schedule_form.html", context, status=status)


def _changed(request: HttpRequest, schedule: Schedule, form: ScheduleForm) -> bool:
    data = form.cleaned_data
    try:
        change_schedule(
            schedule, name=data["name"], team=get_team(request.user, data["team"]), zone=data["zone"], now=now(),
            reason=data["reason"], expected_version=data["version"],
        )  # fmt: skip
    except (NameTaken, ScheduleError) as error:
        _refused(form, error)
    except StaleVersion:
        form.conflict(schedule)
    return not form.errors


def _refused(form: ScheduleForm, error: Exception) -> None:
    if isinstance(error, ScheduleError):
        form.refused(error)
    else:
        form.add_error("name", f"There is a schedule {form.cleaned_data['name']} already.")


def _teams(request: HttpRequest) -> list[tuple[str, str]]:
    """The teams for which somebody may make schedules."""
    return [(team.public_id, team.name) for team in teams() if can(request.user, "edit", Schedule(team=team))]
