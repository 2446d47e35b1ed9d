"""Escalation policies: the list, the ladder of one, and its form."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, get_person, get_team, require
from accounts.contact_rules import URGENCIES
from accounts.forms.changes import status_of
from accounts.forms.organisation import RetireForm
from accounts.history import changes_of, naming
from accounts.models import Organisation, Team
from accounts.queries import pageable_people, people_by_id, teams
from ledger.clock import now
from ledger.tracked import StaleVersion
from oncall.access import get_policy
from oncall.escalation.policy import PolicyError
from oncall.escalation.targets import NEXT, SECOND
from oncall.forms.policy import AtForm, NewPolicyForm, PolicyForm, rows_of
from oncall.forms.rows import Row, apply_edit, read_edit, read_rows
from oncall.ladders import channels_of, ladder_of
from oncall.models import CatchAll, Policy, Schedule, ScheduleLayer
from oncall.queries import policies_in_force, policies_naming, schedules_named
from oncall.rota.schedule import SECONDARY
from oncall.schedules import shifts_of
from oncall.services import NameTaken, change_policy, create_policy, retire_policy
from oncall.stepwords import said_steps, step_words


def policies_page(request: HttpRequest) -> HttpResponse:
    """Every policy in force with its first step in words."""
    require(request.user, "read")
    context = {"policies": policies_in_force(), "can_add": can(request.user, "edit")}
    return render(request, "oncall/policies.html", context)


def policy_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """The ladder in words: who is paged and when, what reaches them, and what comes after the last step."""
    policy = get_policy(request.user, public_id)
    return _page(request, policy)


def new_policy(request: HttpRequest) -> HttpResponse:
    """Make a policy."""
    require(request.user, "edit")
    form = _form(request, NewPolicyForm, initial={"repeat": 1, "ask_again_s": 1800})
    if _is_save(request) and form.is_valid():
        data = form.cleaned_data
        team = get_team(request.user, data["team"])
        try:
            policy = create_policy(
                name=data["name"],
                team=team,
                repeat=data["repeat"],
                steps=form.steps,
                now=now(),
                reason="New policy",
                ask_again_s=data["ask_again_s"] or 0,
            )
        except NameTaken:
            form.add_error("name", f"There is a policy {data['name']} already.")
        else:
            return redirect("oncall:policy", policy.public_id)
    return render(request, "oncall/policy_form.html", {"form": form}, status=status_of(form))


def edit_policy(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change a policy; runs under way go on under the one they froze."""
    policy = get_policy(request.user, public_id, "edit")
    initial = {"name": policy.name, "team": policy.team.public_id, "repeat": policy.repeat, "version": policy.version}
    initial["ask_again_s"] = policy.ask_again_s or None
    form = _form(request, PolicyForm, initial=initial, rows=rows_of(policy.parsed_steps))
    if _is_save(request) and form.is_valid() and _changed(request, policy, form):
        messages.success(request, f"{policy} saved as version {policy.version}.")
        return redirect("oncall:policy", public_id)
    context = {"form": form, "policy": policy}
    return render(request, "oncall/policy_form.html", context, status=status_of(form))


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a policy out of force, unless a route leads to it."""
    policy = get_policy(request.user, public_id, "edit")
    form = RetireForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            retire_policy(policy, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{policy} is out of force.")
            return redirect("oncall:policies")
        except PolicyError as error:
            form.add_error(None, str(error))
        except StaleVersion:
            form.conflict(policy)
    return _page(request, policy, retire_form=form, status=status_of(form))


def policies_of_person(request: HttpRequest, public_id: str) -> HttpResponse:
    """Where a person is paged: a fragment of their page, whole by itself without script."""
    person = get_person(request.user, public_id)
    instant = now()
    context = {
        "person": person,
        "policies": policies_naming(person.public_id, now=instant),
        "shifts": shifts_of(person, now=instant),
    }
    template = "oncall/_policies_of_person.html" if request.htmx else "oncall/policies_of_person.html"  # type: ignore[attr-defined]
    return render(request, template, context)


def _changed(request: HttpRequest, policy: Policy, form: PolicyForm) -> bool:
    data = form.cleaned_data
    team = get_team(request.user, data["team"])
    try:
        change_policy(
            policy, name=data["name"], team=team, repeat=data["repeat"], steps=form.steps,
            ask_again_s=data["ask_again_s"] or 0, now=now(), reason=data["reason"], expected_version=data["version"],
        )  # fmt: skip
    except NameTaken:
        form.add_error("name", f"There is a policy {data['name']} already.")
    except StaleVersion:
        form.conflict(policy)
    return not form.errors


def _is_save(request: HttpRequest) -> bool:
    return request.method == "POST" and read_edit(request.POST.get("edit", "")) is None


def _form(
    request: HttpRequest, kind: type[PolicyForm], *, initial: dict[str, Any], rows: list[Row] | None = None
) -> PolicyForm:
    """The form as drawn, as posted, or as posted and then grown by one of its buttons."""
    people = [(person.public_id, person.name) for person in pageable_people()]
    groups = _groups()
    own = {team.public_id: team.name for team in teams() if can(request.user, "edit", _Owned(team.pk))}
    zone = Organisation.current().timezone
    choices: dict[str, Any] = {"zone": zone, "people": people, "groups": groups, "teams": list(own.items())}
    if request.method != "POST":
        return kind(initial=initial, rows=rows or [], **choices)
    posted = read_rows(dict(request.POST.lists()))  # type: ignore[arg-type]
    edit = read_edit(request.POST.get("edit", ""))
    if edit is None:
        return kind(request.POST, rows=posted, **choices)
    return kind(initial={**initial, **request.POST.dict()}, rows=apply_edit(posted, edit), **choices)


def _groups() -> list[tuple[str, str]]:
    """What a step may name but people: teams, and of each schedule who is on call, who is behind them and who follows."""
    schedules = list(Schedule.objects.in_force().order_by("name", "pk"))
    behind = set(ScheduleLayer.objects.in_force().filter(role=SECONDARY).values_list("schedule_id", flat=True))
    found = [(team.public_id, f"Team {team.name}") for team in teams()]
    for one in schedules:
        found.append((one.public_id, f"On call: {one.name}"))
        if one.pk in behind:
            found.append((f"{one.public_id}.{SECOND}", f"On call behind them: {one.name}"))
        found.append((f"{one.public_id}.{NEXT}", f"On call next: {one.name}"))
    return found


class _Owned:
    """Something of a team, to ask whether a person may edit what it owns."""

    def __init__(self, team_id: int) -> None:
        self.team_id = team_id


def _page(
    request: HttpRequest, policy: Policy, *, retire_form: RetireForm | None = None, status: int = 200
) -> HttpResponse:
    at_form = AtForm(request.GET or None)
    begins = at_form.instant or now()
    context = {
        "policy": policy,
        "ladder": ladder_of(policy, begins=begins, urgency=at_form.said_urgency),
        "channels": channels_of(policy, begins=begins),
        "urgencies": list(URGENCIES.values()),
        "begins": begins,
        "at_form": at_form,
        "steps": said_steps(policy),
        "schedules": schedules_named(policy),
        "catch_all": people_by_id(CatchAll.current().people),
        "changes": changes_of(policy, limit=20, labels={"steps": step_words(policy), "team": naming(Team)}),
        "can_edit": policy.retired_at is None and can(request.user, "edit", policy),
        "retire_form": retire_form or RetireForm(initial={"version": policy.version}),
    }
    return render(request, "oncall/policy.html", context, status=status)
