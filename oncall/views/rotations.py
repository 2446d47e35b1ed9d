"""Rotations by form: a draft, the difference it makes, and its confirmation. Nothing is kept before that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.forms.changes import ChangeForm, posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.queries import pageable_people
from ledger.clock import now
from ledger.tracked import StaleVersion
from oncall.access import get_layer, get_members, get_schedule
from oncall.forms.rotations import (
    ConfirmForm,
    EndRotationForm,
    RotationForm,
    as_layer,
    initial_of,
    moved,
    read_people,
    read_rows,
    rows_of,
)
from oncall.models import LayerMembers, Schedule
from oncall.reviews import Review, review
from oncall.rota import schedule as rota
from oncall.rota.draft import Effect, added, decide, drafted, ended
from oncall.rota.problems import ScheduleError
from oncall.rota.schedule import PRIMARY, Layer, Unit
from oncall.rotations import Rotation, next_hand_off, rotation_of
from oncall.schedules import person_value, planned
from oncall.services.rotations import edit_rotation, end_rotation, written
from oncall.services.schedules import add_layer, withdraw_members

# what is not carried from the form into its confirmation
NOT_CARRIED = ("csrfmiddlewaretoken", "step", "edit", "reason", "at", "version")
EDITING, REVIEW, CONFIRM = "edit", "review", "confirm"
PASSED = "A hand-off has come meanwhile, so this takes effect at the one after it. Look at the difference again."


@dataclass(frozen=True)
class Draft:
    """An edit that was typed: when it takes effect, the schedule before and after, and how it is kept."""

    at: datetime
    before: rota.Schedule
    after: rota.Schedule
    keep: Callable[[str, int], None]
    is_nothing: bool = False


def new_rotation(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add a rotation to a schedule, from now or a date on."""
    schedule, instant = get_schedule(request.user, public_id, "edit"), now()
    first = {
        "role": PRIMARY,
        "place": 1,
        "unit": Unit.WEEKS,
        "lengths": "1",
        "zone": schedule.zone,
        "effect": Effect.NOW,
    }
    form = _form(request, schedule, None, first)

    def draft() -> Draft:
        data, wish = form.cleaned_data, form.wish
        at = data["date"] if data["effect"] == Effect.DATE else instant
        assert wish is not None  # noqa: S101 - a valid form has one
        layer = as_layer(wish, data["role"], max(at, instant))

        def keep(reason: str, version: int) -> None:
            add_layer(schedule, **written(layer), now=instant, reason=reason, expected_version=version)

        before = planned(schedule, instant)
        return Draft(at, before, added(before, layer), keep)

    return _answer(request, schedule, form, draft, instant, {"adding": True})


def change_rotation(request: HttpRequest, public_id: str) -> HttpResponse:
    """Edit a rotation: members and their order, length, hand-off, hours."""
    row, instant = get_layer(request.user, public_id, "edit"), now()
    shown = rotation_of(row, list(LayerMembers.objects.in_force().filter(layer=row)), now=instant)
    form = _form(request, row.schedule, shown, initial_of(shown.layer))

    def draft() -> Draft:
        wish = form.wish
        assert wish is not None  # noqa: S101 - a valid form has one
        effect = Effect(form.cleaned_data["effect"])
        at = _takes_effect(effect, form.cleaned_data["date"], shown.layer, instant)
        edit = decide(shown.layer, wish, effect, at, instant)

        def keep(reason: str, version: int) -> None:
            edit_rotation(row, edit, now=instant, reason=reason, expected_version=version)

        before = planned(row.schedule, instant)
        return Draft(edit.at, before, drafted(before, edit), keep, edit.is_nothing)

    return _answer(request, row.schedule, form, draft, instant, {"shown": shown})


def end_rotation_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """End a rotation, or take it back before it begins: the hole it leaves is said first."""
    row, instant = get_layer(request.user, public_id, "edit"), now()
    schedule = row.schedule
    shown = rotation_of(row, list(LayerMembers.objects.in_force().filter(layer=row)), now=instant)
    form = EndRotationForm(posted(request), zone=schedule.zone, initial={"version": schedule.version})
    before = planned(schedule, instant)
    at = shown.next_hand_off if shown.begun else instant
    form.fields["reason"].required = request.POST.get("step") == CONFIRM
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if shown.begun:
            at = _takes_effect(Effect(data["effect"]), data["date"], shown.layer, instant)
        if request.POST.get("step") == CONFIRM and _kept(
            form,
            schedule,
            lambda: end_rotation(row, at, now=instant, reason=data["reason"], expected_version=data["version"]),
        ):
            messages.success(request, f"{row.name} ends.")
            return redirect("oncall:schedule", schedule.public_id)
    reviewed = review(schedule, before, ended(before, row.public_id, at), now=instant)
    context = {"form": form, "schedule": schedule, "shown": shown, "review": reviewed, "at": at}
    return render(request, "oncall/rotation_end.html", context, status=status_of(form))


def withdraw_list(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take back a list of members that does not count yet."""
    members = get_members(request.user, public_id, "edit")
    schedule = members.layer.schedule
    form = RetireForm(posted(request), initial={"version": schedule.version})
    if (
        request.method == "POST"
        and form.is_valid()
        and _kept(
            form,
            schedule,
            lambda: withdraw_members(
                members, now=now(), reason=form.cleaned_data["reason"], expected_version=form.cleaned_data["version"]
            ),
        )
    ):
        messages.success(request, "The list is taken back.")
        return redirect("oncall:schedule", schedule.public_id)
    context = {"form": form, "schedule": schedule, "members": members}
    return render(request, "oncall/members_withdraw.html", context, status=status_of(form))


def _answer(
    request: HttpRequest,
    schedule: Schedule,
    form: RotationForm,
    draft: Callable[[], Draft],
    instant: datetime,
    context: dict[str, Any],
) -> HttpResponse:
    """The form; or, once it is valid, the difference; or, once that is confirmed, the page of the schedule."""
    context |= {"form": form, "schedule": schedule}
    step = request.POST.get("step", EDITING)
    if request.method != "POST" or request.POST.get("edit") or step == EDITING or not form.is_valid():
        return render(request, "oncall/rotation_form.html", context, status=status_of(form))
    made = draft()
    confirm = _confirm(request, form, made, step)
    if step == CONFIRM and confirm.is_valid():
        data = confirm.cleaned_data
        if _kept(confirm, schedule, lambda: made.keep(data["reason"], data["version"])):
            messages.success(request, f"{form.cleaned_data['name']} is kept.")
            return redirect("oncall:schedule", schedule.public_id)
    reviewed: Review = review(schedule, made.before, made.after, now=instant)
    carried = [(key, value) for key, values in request.POST.lists() if key not in NOT_CARRIED for value in values]
    context |= {"confirm": confirm, "review": reviewed, "draft": made, "carried": carried}
    return render(request, "oncall/rotation_review.html", context, status=status_of(confirm))


def _confirm(request: HttpRequest, form: RotationForm, made: Draft, step: str) -> ConfirmForm:
    """The second form; with an error if the hand-off for which the difference was shown has passed."""
    at = made.at.isoformat() if form.cleaned_data["effect"] == Effect.HAND_OFF else ""
    if step != CONFIRM:
        return ConfirmForm(initial={"version": form.cleaned_data["version"], "at": at})
    confirm = ConfirmForm({**request.POST.dict(), "at": at})
    if confirm.is_valid() and request.POST.get("at", "") != at:
        confirm.add_error(None, PASSED)
    return confirm


def _kept(form: ChangeForm, schedule: Schedule, keep: Callable[[], Any]) -> bool:
    """Keep an edit, or put into the form why it was refused."""
    try:
        keep()
    except ScheduleError as error:
        form.add_error(None, str(error))
    except StaleVersion:
        form.conflict(schedule)
    return not form.errors


def _takes_effect(effect: Effect, date: datetime | None, layer: Layer, instant: datetime) -> datetime:
    if effect is Effect.HAND_OFF:
        return next_hand_off(layer, instant)
    return max(date, instant) if effect is Effect.DATE and date else instant


def _form(request: HttpRequest, schedule: Schedule, shown: Rotation | None, initial: dict[str, Any]) -> RotationForm:
    """The form as drawn, as posted, or as posted and then changed by one of its buttons."""
    known = {person.public_id: person_value(person) for person in pageable_people()}
    people = [person.id for person in shown.people] if shown else []
    rows = rows_of(shown.layer.restrictions) if shown else []
    given: dict[str, Any] = {"known": known, "zone": schedule.zone}
    initial = {**initial, "version": schedule.version}
    if request.method != "POST":
        return RotationForm(initial=initial, people=people, rows=rows, **given)
    lists = dict(request.POST.lists())
    people, rows = read_people(lists), read_rows(lists)  # type: ignore[arg-type]
    edit = request.POST.get("edit", "")
    if edit or request.POST.get("step", EDITING) == EDITING:
        typed = {**initial, **request.POST.dict()}
        return RotationForm(initial=typed, people=moved(people, edit), rows=rows, **given)
    return RotationForm(request.POST, people=people, rows=rows, **given)
