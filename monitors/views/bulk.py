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
from monitors.queries import monitors_in_force
from monitors.services.bulk import CHANGE, MOST, Wish, carry_out, preview


@require_http_methods(["GET", "POST"])
def bulk(request: HttpRequest) -> HttpResponse:
    """First what is chosen and the form; then what would change; then what happened."""
    require(request.user, "edit")
    named = _named(request)
    chosen = list(monitors_in_force().filter(public_id__in=list(named)[:MOST]))
    if not chosen:
        return redirect("monitors:monitors")
    form = BulkForm(posted(request), initial={"action": CHANGE}, teams=_teams(request))
    context: dict[str, Any] = {"chosen": chosen, "form": form, "most": MOST, "left_out": max(len(named) - MOST, 0)}
    if request.method == "POST" and form.is_valid():
        person, wish = signed_in(request), _wish(request, form)
        if "confirmed" in request.POST:
            reason, seen = form.cleaned_data["reason"], {one: version for one, version in named.items() if version}
            done = carry_out(chosen, wish, by=person, now=now(), reason=reason, seen=seen)
            context |= {"done": done, "refused": sum(bool(one.refused) for one in done)}
            return render(request, "monitors/bulk_done.html", context)
        planned = preview(chosen, wish, by=person)
        context |= {"planned": planned, "changing": sum(bool(one.differences) for one in planned)}
    return render(request, "monitors/bulk.html", context, status=status_of(form))


def _named(request: HttpRequest) -> dict[str, int]:
    """The monitors asked for and the version of each on the page that was sent; 0 where none was shown.

    One field a monitor, `id=mon_…:3` (`id=mon_…` from the list): with two, 500 monitors would be more
    fields than Django takes (`DATA_UPLOAD_MAX_NUMBER_FIELDS`).
    """
    given = request.POST if request.method == "POST" else request.GET
    parts = (text.partition(":") for text in given.getlist("id"))
    return {one: int(version) if version.isdecimal() and len(version) < 10 else 0 for one, _, version in parts}


def _wish(request: HttpRequest, form: BulkForm) -> Wish:
    action, changes = form.cleaned_data["action"], form.changes()
    if action != CHANGE:
        return Wish(action)
    if "team" in changes:
        changes["team"] = None if changes["team"] == NO_TEAM else get_team(request.user, changes["team"])
    return Wish(action, changes, tag=form.cleaned_data["tag"], untag=form.cleaned_data["untag"])


def _teams(request: HttpRequest) -> list[tuple[str, str]]:
    anything = can(request.user, "edit_any")
    own = set() if anything else signed_in(request).team_ids()
    return [(team.public_id, team.name) for team in teams() if anything or team.pk in own]
