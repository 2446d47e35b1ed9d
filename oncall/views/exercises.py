"""Exercises: the series of canaries, the drills, the canary's setting, and one of them with its pages."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, require, signed_in
from accounts.forms.changes import posted, status_of
from accounts.history import changes_of
from accounts.models import Organisation
from accounts.queries import pageable_people
from ledger.clock import now
from ledger.texts import read
from ledger.tracked import StaleVersion
from oncall.access import get_canary, get_exercise, get_policy, require_ending
from oncall.canary_times import next_slot
from oncall.exercises import figures, newest_canaries, newest_drills, target_name, with_pages
from oncall.forms.exercises import CanaryForm, DrillForm
from oncall.models import Exercise, Schedule
from oncall.services.exercises import ExerciseRefused, call_off, change_canary, send_canary, start_drill


def exercises_page(request: HttpRequest) -> HttpResponse:
    """Everything that was held, newest first, with how long the answers took."""
    require(request.user, "read")
    instant, canary = now(), get_canary(request.user)
    canaries, drills = newest_canaries(), newest_drills()
    zone = Organisation.current().zone
    context = {
        "canary": canary,
        "goes_to": target_name(canary.target),
        "next_at": next_slot(canary.at, canary.days, zone, instant) if canary.target else None,
        "canaries": with_pages(canaries),
        "figures": figures(canaries),
        "drills": with_pages(drills),
        "can_set": can(request.user, "edit_any"),
        "now": instant,
    }
    return render(request, "oncall/exercises.html", context)


def exercise_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One of them: who was reached over what, when, and who answered."""
    exercise = get_exercise(request.user, public_id)
    context = {
        "held": with_pages([exercise])[0],
        "exercise": exercise,
        "goes_to": target_name(exercise.target),
        "reason": read(exercise.reason_sha256),
        "can_end": exercise.ended_at is None and _may_end(request, exercise),
        "now": now(),
    }
    return render(request, "oncall/exercise.html", context)


def canary_page(request: HttpRequest) -> HttpResponse:
    """Set the canary."""
    canary = get_canary(request.user, "edit")
    people = [(person.public_id, person.name) for person in pageable_people()]
    schedules = [(s.public_id, f"On call: {s.name}") for s in Schedule.objects.in_force().order_by("name", "pk")]
    initial = {
        "target": canary.target, "at": canary.at, "days": [str(day) for day in canary.days],
        "minutes": canary.confirm_within_s // 60, "version": max(canary.version, 1),
    }  # fmt: skip
    form = CanaryForm(posted(request), initial=initial, targets=[*schedules, *people])
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            change_canary(
                target=data["target"], at=data["at"], days=[int(day) for day in data["days"]],
                confirm_within_s=data["minutes"] * 60, now=now(), reason=data["reason"],
                expected_version=data["version"] if canary.version else None,
            )  # fmt: skip
            messages.success(request, "The canary is saved.")
            return redirect("oncall:exercises")
        except ExerciseRefused as error:
            for field, problem in error.problems.items():
                form.add_error(field if field in form.fields else None, problem)
        except StaleVersion:
            form.conflict(canary)
    context = {"form": form, "changes": changes_of(canary) if canary.pk else [], "now": now()}
    return render(request, "oncall/canary.html", context, status=status_of(form))


@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """A canary out of turn."""
    canary = get_canary(request.user, "edit")
    try:
        made = send_canary(canary, now=now(), by=signed_in(request))
    except ExerciseRefused as error:
        messages.error(request, str(error))
        return redirect("oncall:exercises")
    return redirect("oncall:exercise", made.public_id)


def drill(request: HttpRequest, public_id: str) -> HttpResponse:
    """Page a policy as a drill, after a word about what that does."""
    policy = get_policy(request.user, public_id, "edit")
    form = DrillForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = start_drill(policy, by=signed_in(request), now=now(), **form.cleaned_data)
            return redirect("oncall:exercise", made.public_id)
        except ExerciseRefused as error:
            form.add_error(None, str(error))
    return render(request, "oncall/drill.html", {"form": form, "policy": policy}, status=status_of(form))


@require_POST
def end(request: HttpRequest, public_id: str) -> HttpResponse:
    """End one before its time."""
    exercise = get_exercise(request.user, public_id)
    require_ending(request.user, exercise)
    try:
        call_off(exercise, by=signed_in(request), now=now())
        messages.success(request, "It is over. Nobody else is called.")
    except ExerciseRefused as error:
        messages.error(request, str(error))
    return redirect("oncall:exercise", public_id)


def _may_end(request: HttpRequest, exercise: Exercise) -> bool:
    return can(request.user, "edit", exercise.policy) if exercise.policy else can(request.user, "edit_any")
