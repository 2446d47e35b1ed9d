"""Telling customers: the fragment on an incident's page, the form behind it, and corrections."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.access import can, signed_in
from accounts.forms.changes import posted, status_of
from incidents.access import get_incident, may_respond
from incidents.models import Incident
from ledger.actors import current_actor
from ledger.clock import now
from statuspage.access import get_update
from statuspage.forms.pages import refuse
from statuspage.forms.updates import CorrectionForm, UpdateForm
from statuspage.models import StatusPage, StatusUpdate
from statuspage.queries import components_of, pages_in_force, standing_updates, updates_of, with_texts
from statuspage.services import correct_update, publish_update
from statuspage.telling import first_words, page_for, unfinished

SCREEN = "screen"


def of_incident(request: HttpRequest, number: str) -> HttpResponse:
    """What customers were told and the form to tell them more; asked by htmx, the fragment of the incident's page."""
    incident = get_incident(request.user, number, "respond" if request.method == "POST" else "read")
    pages = list(pages_in_force())
    if request.headers.get("HX-Request"):
        return render(request, "statuspage/_of_incident.html", _fragment(request, incident, pages))
    page = page_for(incident, pages, request.GET.get("page", ""))
    if page is None:
        return _updates(request, incident, pages, None, None)
    initial = None if request.method == "POST" else first_words(incident, page, now=now())
    form = UpdateForm(posted(request), initial=initial, components=components_of([page]))
    if request.method == "POST" and form.is_valid():
        try:
            update = publish_update(page, incident, form.said(), **_who(request))
            messages.success(request, _done(update))
            return redirect("incidents:incident", incident.number)
        except ValidationError as error:
            refuse(form, error)
    return _updates(request, incident, pages, page, form)


def correct(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put another update in the place of a wrong one."""
    wrong = get_update(request.user, public_id, "respond")
    with_texts([wrong])
    form = CorrectionForm(posted(request), initial=_initial(wrong), components=components_of([wrong.page]))
    if request.method == "POST" and form.is_valid():
        try:
            correct_update(wrong, form.said(), reason=form.cleaned_data["reason"], **_who(request))
            messages.success(request, "Customers read the corrected update now. The wrong one stays in the record.")
            return redirect("statuspage:updates", wrong.incident.number)
        except ValidationError as error:
            refuse(form, error)
    return render(request, "statuspage/correct.html", {"form": form, "wrong": wrong}, status=status_of(form))


def _updates(
    request: HttpRequest, incident: Incident, pages: list[StatusPage], page: StatusPage | None, form: UpdateForm | None
) -> HttpResponse:
    context = {
        "incident": incident,
        "pages": pages,
        "page": page,
        "form": form,
        "updates": updates_of(incident),
        "may_respond": may_respond(request.user),
        "may_add": can(request.user, "edit"),
        "now": now(),
    }
    return render(request, "statuspage/updates.html", context, status=status_of(form) if form else 200)


def _fragment(request: HttpRequest, incident: Incident, pages: list[StatusPage]) -> dict[str, Any]:
    told = standing_updates(incident)
    return {
        "incident": incident,
        "pages": pages,
        "told": told,
        "unfinished": unfinished(incident, told),
        "may_respond": may_respond(request.user),
        "may_add": can(request.user, "edit"),
        "now": now(),
    }


def _who(request: HttpRequest) -> dict[str, Any]:
    return {"actor": current_actor(), "person": signed_in(request), "how": SCREEN, "now": now()}


def _done(update: StatusUpdate) -> str:
    where = update.page.name if update.page.is_published else f"{update.page.name}, which is not published yet"
    return f"Customers are told on {where}."


def _initial(wrong: StatusUpdate) -> dict[str, Any]:
    impacts = {f"impact-{public_id}": impact for public_id, impact in wrong.affected.items()}
    return {"title": wrong.title, "status": wrong.status, "text": wrong.text, **impacts}  # type: ignore[attr-defined]
