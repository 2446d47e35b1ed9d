"""Many monitors at once: choose them on the list, say what to do, see what would change, do it, see what came of each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import can, get_team, require, signed_in
from accounts.forms.changes import posted, status_of
from accounts.queries import teams
from ledger.clock import now
from monitors.forms.bulk import NO_TEAM, BulkForm
from monitors.models import Monitor
from monitors.queries import monitors_in_force
from monitors.services.bulk import CHANGE, MOST, Wish, carry_out, preview


@require_http_methods(["GET", "POST"])
def bulk(request: HttpRequest) -> HttpResponse:
    """First what is chosen and the form; then what would change; then what happened."""
    require(request.user, "edit")
    chosen = _chosen(request)
    if not chosen:
        return redirect("monitors:monitors")
    form = BulkForm(posted(request), initial={"action": CHANGE}, teams=_teams(request))
    context: dict[str, Any] = {"chosen": chosen, "form": form}
    if request.method == "POST" and form.is_valid():
        person, wish = signed_in(request), _wish(request, form)
        if "confirmed" in request.POST:
            reason = form.cleaned_data["reason"]
            done = carry_out(chosen, wish, by=person, now=now(), reason=reason, seen=_seen(request))
            context |= {"done": done, "refused": sum(bool(one.refused) for one in done)}
            return render(request, "monitors/bulk_done.html", context)
        planned = preview(chosen, wish, by=person)
        context |= {"planned": planned, "changing": sum(bool(one.differences) for one in planned)}
    return render(request, "monitors/bulk.html", context, status=status_of(form))


def _chosen(request: HttpRequest) -> list[Monitor]:
    given = request.POST if request.method == "POST" else request.GET
    ids = list(dict.fromkeys(given.getlist("id")))[:MOST]
    return list(monitors_in_force().filter(public_id__in=ids))


def _seen(request: HttpRequest) -> dict[str, int]:
    """The versions on the page that was confirmed, as `seen=mon_…:3`."""
    pairs = (text.partition(":") for text in request.POST.getlist("seen")[:MOST])
    return {public_id: int(version) for public_id, _, version in pairs if version.isdecimal() and len(version) < 10}


def _wish(request: HttpRequest, form: BulkForm) -> Wish:
    action, changes = form.cleaned_data["action"], form.changes()
    if action != CHANGE:
        return Wish(action)
    if "team" in changes:
        changes["team"] = None if changes["team"] == NO_TEAM else get_team(request.user, changes["team"])
    return Wish(action, changes)


def _teams(request: HttpRequest) -> list[tuple[str, str]]:
    anything = can(request.user, "edit_any")
    own = set() if anything else signed_in(request).team_ids()
    return [(team.public_id, team.name) for team in teams() if anything or team.pk in own]
