"""The directory: people, and inviting one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.access import can, get_team, require, signed_in
from accounts.forms.changes import posted, status_of
from accounts.forms.people import InviteForm
from accounts.models import Organisation
from accounts.queries import people, teams
from accounts.services.people import EmailTaken, invite
from accounts.views.links import show_link
from ledger.clock import now


def directory(request: HttpRequest) -> HttpResponse:
    """Everybody, active first; addresses are masked for all but who may read them."""
    require(request.user, "read")
    context = {
        "people": people(),
        "gone": people(active=False),
        "teams": teams(),
        "can_manage": can(request.user, "manage_people"),
        "full_addresses": can(request.user, "read_addresses"),
    }
    return render(request, "accounts/people.html", context)


def invite_person(request: HttpRequest) -> HttpResponse:
    """Invite somebody; the link is shown once, to be handed over, and sent nowhere."""
    require(request.user, "manage_people")
    choices = [(team.public_id, team.name) for team in teams()]
    form = InviteForm(posted(request), teams=choices)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        team = get_team(request.user, data["team"]) if data["team"] else None
        try:
            person, secret = invite(
                email=data["email"], name=data["name"], role=data["role"], team=team,
                timezone=Organisation.current().timezone, by=signed_in(request), now=now(),
            )  # fmt: skip
        except EmailTaken:
            form.add_error("email", f"{data['email']} is somebody's sign-in address already.")
        else:
            show_link(request, person, secret)
            return redirect("accounts:person", person.public_id)
    return render(request, "accounts/invite.html", {"form": form}, status=status_of(form))
