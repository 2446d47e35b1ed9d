"""One incident: everything about it, and what a responder may do with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.queries import pageable_people
from incidents.access import get_incident, may_respond
from incidents.forms.work import NoteForm, dated_back
from incidents.models import Incident
from incidents.services import outcomes
from incidents.services.asking import snooze
from incidents.services.handing import reassign, take_over
from incidents.services.outcomes import Outcome
from incidents.services.transitions import acknowledge, resolve
from incidents.services.work import BadInput, add_note, add_person, escalate
from incidents.states import IllegalMove
from incidents.views.whole import whole
from incidents.wording import join_names
from ledger.actors import current_actor
from ledger.clock import now

SCREEN = "screen"


def me(request: HttpRequest) -> User:
    """The person at the screen: LoginRequiredMiddleware let nobody else in."""
    return cast(User, request.user)


@contextmanager
def refusals_said(request: HttpRequest) -> Iterator[None]:
    """What cannot be done is said on the page that is shown next."""
    try:
        yield
    except (IllegalMove, BadInput) as error:
        messages.error(request, str(error))


@require_GET
def show(request: HttpRequest, number: str) -> HttpResponse:
    """The incident; asked by htmx, only what changes while people work on it."""
    incident = get_incident(request.user, number)
    context = whole(incident, now=now()) | {"may_respond": may_respond(request.user), "me": request.user}
    if request.headers.get("HX-Request"):
        return render(request, "incidents/_live.html", context)
    context["people"] = pageable_people()
    return render(request, "incidents/incident.html", context)


@require_POST
def acknowledge_it(request: HttpRequest, number: str) -> HttpResponse:
    """I have it."""
    incident = get_incident(request.user, number, "respond")
    outcome = acknowledge(incident, actor=current_actor(), person=me(request), how=SCREEN, now=now())
    messages.success(request, said(outcome))
    return redirect("incidents:incident", incident.number)


@require_POST
def resolve_it(request: HttpRequest, number: str) -> HttpResponse:
    """It is over."""
    incident = get_incident(request.user, number, "respond")
    outcome = resolve(incident, actor=current_actor(), person=me(request), how=SCREEN, now=now())
    messages.success(request, said(outcome))
    return redirect("incidents:incident", incident.number)


@require_POST
def escalate_it(request: HttpRequest, number: str) -> HttpResponse:
    """Call the next people now."""
    incident = get_incident(request.user, number, "respond")
    with refusals_said(request):
        escalate(incident, actor=current_actor(), person=me(request), how=SCREEN, now=now())
        messages.success(request, "The next people are called now. The incident is nobody's until one of them answers.")
    return redirect("incidents:incident", incident.number)


@require_POST
def take_it_over(request: HttpRequest, number: str) -> HttpResponse:
    """I have it now, not who had it."""
    incident = get_incident(request.user, number, "respond")
    with refusals_said(request):
        incident = take_over(incident, actor=current_actor(), person=me(request), how=SCREEN, now=now())
        messages.success(request, f"Yours. Who had it is told.{_again(incident)}")
    return redirect("incidents:incident", incident.number)


@require_POST
def give_it(request: HttpRequest, number: str) -> HttpResponse:
    """Somebody else shall have it, and is called now."""
    incident = get_incident(request.user, number, "respond")
    to = pageable_people().filter(public_id=request.POST.get("person", "")).first()
    with refusals_said(request):
        if to is None:
            raise BadInput("person", "Choose who shall have it. Nothing was changed.")
        reassign(incident, to, actor=current_actor(), person=me(request), how=SCREEN, now=now())
        messages.success(request, f"{to} is called now. The incident is nobody's until somebody answers.")
    return redirect("incidents:incident", incident.number)


@require_POST
def put_off(request: HttpRequest, number: str) -> HttpResponse:
    """Ask me again later."""
    incident = get_incident(request.user, number, "respond")
    asked = request.POST.get("for_s", "")
    with refusals_said(request):
        seconds = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
        incident = snooze(incident, seconds, actor=current_actor(), person=me(request), how=SCREEN, now=now())
        messages.success(request, f"Put off.{_again(incident)}")
    return redirect("incidents:incident", incident.number)


@require_POST
def add_somebody(request: HttpRequest, number: str) -> HttpResponse:
    """Page one more person, by every contact they confirmed."""
    incident = get_incident(request.user, number, "respond")
    added = pageable_people().filter(public_id=request.POST.get("person", "")).first()
    with refusals_said(request):
        if added is None:
            raise BadInput("person", "Choose somebody to page. Nobody was called.")
        add_person(incident, added, actor=current_actor(), person=me(request), how=SCREEN, now=now())
        messages.success(request, f"{added} is paged now.")
    return redirect("incidents:incident", incident.number)


@require_POST
def write_note(request: HttpRequest, number: str) -> HttpResponse:
    """A note, dated back if it begins with a time of day."""
    incident, at = get_incident(request.user, number, "respond"), now()
    form = NoteForm(request.POST)
    with refusals_said(request):
        if not form.is_valid():
            raise BadInput("text", str(form.errors["text"][0]))
        text, occurred_at = dated_back(form.cleaned_data["text"], now=at)
        add_note(incident, text, actor=current_actor(), person=me(request), how=SCREEN, now=at, occurred_at=occurred_at)
    return redirect("incidents:incident", incident.number)


def _again(incident: Incident) -> str:
    at = incident.ask_again_at
    return f" You are asked again at {timezone.localtime(at):%H:%M} if it goes on." if at else ""


def said(outcome: Outcome) -> str:
    """What the person who pressed the button reads next."""
    incident = outcome.incident
    spared = join_names([str(user) for user in outcome.spared])
    verb = "was" if len(outcome.spared) == 1 else "were"
    not_called = f" {spared} {verb} not called." if spared else ""
    sentences = {
        outcomes.ACKNOWLEDGED: f"Yours. Nobody else will be called.{not_called}{_again(incident)}",
        outcomes.ALREADY_YOURS: "It is yours already.",
        outcomes.ALREADY_TAKEN: f"{incident.acknowledged_by} has it. Yours is recorded too.",
        outcomes.RESOLVED: f"Resolved. Whoever was paged is told to stand down.{not_called}",
        outcomes.ALREADY_RESOLVED: "It was resolved before your answer. Yours is recorded; nothing else changed.",
    }
    return sentences[outcome.kind]
