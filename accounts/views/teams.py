"""Teams and their members."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, get_membership, get_person, get_team, require
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import MemberForm, RenameTeamForm, TeamForm
from accounts.models import Team
from accounts.queries import members, pageable_people
from accounts.services.teams import NameTaken, add_member, create_team, remove_member, rename_team
from ledger.clock import now
from ledger.tracked import StaleVersion


def new_team(request: HttpRequest) -> HttpResponse:
    """Make a team."""
    require(request.user, "manage_people")
    form = TeamForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            team = create_team(name=form.cleaned_data["name"], now=now(), reason="New team")
        except NameTaken:
            form.add_error("name", f"There is a team {form.cleaned_data['name']} already.")
        else:
            return redirect("accounts:team", team.public_id)
    return render(request, "accounts/team_new.html", {"form": form}, status=status_of(form))


def team_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Members, and for who manages people the forms to change them."""
    return _page(request, get_team(request.user, public_id))


@require_POST
def rename(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give a team another name."""
    team = get_team(request.user, public_id, "manage_people")
    form = RenameTeamForm(request.POST, auto_id="rename_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            rename_team(team, name=data["name"], now=now(), reason=data["reason"], expected_version=data["version"])
            return redirect("accounts:team", public_id)
        except NameTaken:
            form.add_error("name", f"There is a team {data['name']} already.")
        except StaleVersion:
            form.conflict(team)
    return _page(request, team, rename_form=form, status=status_of(form))


@require_POST
def join_team(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a person into a team."""
    team = get_team(request.user, public_id, "manage_people")
    form = MemberForm(request.POST, people=_choices())
    if not form.is_valid():
        return _page(request, team, member_form=form, status=status_of(form))
    person = get_person(request.user, form.cleaned_data["person"])
    add_member(team, person, now=now(), reason="Added on the team page")
    messages.success(request, f"{person} is in {team} now.")
    return redirect("accounts:team", public_id)


@require_POST
def leave_team(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a person out of a team."""
    membership = get_membership(request.user, public_id)
    remove_member(membership, now=now(), reason="Removed on the team page")
    messages.success(request, f"{membership.user} has left {membership.team}.")
    return redirect("accounts:team", membership.team.public_id)


def _choices() -> list[tuple[str, str]]:
    return [(person.public_id, person.name) for person in pageable_people()]


def _page(request: HttpRequest, team: Team, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = {
        "team": team,
        "members": members(team),
        "can_manage": can(request.user, "manage_people"),
        "rename_form": RenameTeamForm(initial={"name": team.name, "version": team.version}, auto_id="rename_%s"),
        "member_form": MemberForm(people=_choices()),
        **forms,
    }
    return render(request, "accounts/team.html", context, status=status)
