"""The list of post-mortems, and the fragment that an incident's page shows of its own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import require, signed_in
from incidents.access import get_incident
from ledger.actors import current_actor
from ledger.clock import now
from postmortems import states
from postmortems.access import WRITE, may_write, visible_postmortems
from postmortems.models import PostMortem
from postmortems.queries import incidents_without, with_counts
from postmortems.rules import requirement
from postmortems.services.documents import start_postmortem
from postmortems.services.refusals import AlreadyStarted, BadInput

PER_PAGE = 40
MOST_OWED = 20
SCREEN = "screen"
LATE = "late"
FILTERS = {**states.STATES, LATE: "Late"}


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What is owed above, then every post-mortem, of the newest incident first."""
    at = now()
    chosen = request.GET.get("state", "")
    found = matching(visible_postmortems(request.user), chosen, at)
    owed = incidents_without()
    page = Paginator(with_counts(found), PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "page": page,
        "rows": [(one, one.is_late(at)) for one in page],
        "chosen": chosen,
        "states": FILTERS.items(),
        "owed": owed[:MOST_OWED],
        "owed_more": max(0, len(owed) - MOST_OWED),
        "owed_late": sum(1 for one in owed if one.requirement.due_at and one.requirement.due_at < at),
        "may_write": may_write(request.user),
        "now": at,
    }
    return render(request, "postmortems/postmortems.html", context)


def matching(found: QuerySet[PostMortem], chosen: str, at: Any) -> QuerySet[PostMortem]:
    """Post-mortems of a state, or those that are late; a word that is neither filters nothing."""
    if chosen == LATE:
        return found.filter(published_at__isnull=True, due_at__lt=at)
    return found.filter(status=chosen) if chosen in states.STATES else found


def of_incident(request: HttpRequest, number: str) -> HttpResponse:
    """GET: whether the incident has one, a fragment for htmx and a page without. POST: begin it."""
    incident = get_incident(request.user, number, WRITE if request.method == "POST" else "read")
    if request.method == "POST":
        return _begin(request, number)
    held = visible_postmortems(request.user).filter(incident=incident).first()
    owed = None
    if held is None and incident.resolved_at:
        owed = requirement(incident.severity, incident.severity_initial, incident.resolved_at)
    at = now()
    context = {"incident": incident, "pm": held, "owed": owed, "may_write": may_write(request.user), "now": at}
    context["late"] = bool(held and held.is_late(at))
    name = "_of_incident" if request.headers.get("HX-Request") else "of_incident"
    return render(request, f"postmortems/{name}.html", context)


def _begin(request: HttpRequest, number: str) -> HttpResponse:
    require(request.user, WRITE)
    incident, person = get_incident(request.user, number), signed_in(request)
    try:
        made = start_postmortem(incident, actor=current_actor(), person=person, how=SCREEN, now=now())
        messages.success(request, f"{made} is yours to write. Its facts are those of the record.")
    except AlreadyStarted as error:
        made = error.postmortem
        messages.info(request, str(error))
    except BadInput as error:
        messages.error(request, str(error))
        return redirect("incidents:incident", incident.number)
    return redirect("postmortems:postmortem", made.number)
