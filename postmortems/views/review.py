"""The moves of a post-mortem: ask for approval, send back, publish, correct. Each is one button with its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import signed_in
from ledger.actors import current_actor
from ledger.clock import now
from ledger.tracked import StaleVersion
from postmortems.access import APPROVE, WRITE, get_postmortem
from postmortems.forms.documents import PublishForm, ReasonForm
from postmortems.models import PostMortem
from postmortems.services import review
from postmortems.services.refusals import BadInput, Incomplete, StaleText
from postmortems.states import IllegalMove
from postmortems.views.documents import SCREEN
from postmortems.views.whole import whole


@require_POST
def submit(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for approval."""
    postmortem = get_postmortem(request.user, number, WRITE)

    def ask() -> None:
        review.submit(postmortem, actor=current_actor(), person=signed_in(request), now=now())

    return _moved(request, postmortem, ask, "Approval is asked for. Somebody who wrote none of it gives it.")


@require_POST
def send_back(request: HttpRequest, number: str) -> HttpResponse:
    """Not yet: the reviewer says what is missing."""
    postmortem, form = get_postmortem(request.user, number, WRITE), ReasonForm(request.POST, auto_id="back_%s")

    def ask() -> None:
        review.send_back(postmortem, **_reason(request, form))

    return _moved(request, postmortem, ask, "Sent back. It is a draft again.", back_form=form)


@require_POST
def publish(request: HttpRequest, number: str) -> HttpResponse:
    """Approve what was read."""
    postmortem, form = get_postmortem(request.user, number, APPROVE), PublishForm(request.POST, auto_id="publish_%s")

    def ask() -> None:
        data = form.cleaned_data
        review.publish(
            postmortem, actor=current_actor(), person=signed_in(request), how=SCREEN, now=now(),
            expected_sha256=data["sha256"], exception=data["exception"],
        )  # fmt: skip

    return _moved(request, postmortem, ask, "Published. It is read only now.", publish_form=form)


@require_POST
def correct(request: HttpRequest, number: str) -> HttpResponse:
    """Begin the next revision."""
    postmortem, form = get_postmortem(request.user, number, WRITE), ReasonForm(request.POST, auto_id="correct_%s")

    def ask() -> None:
        review.correct(postmortem, **_reason(request, form))

    said = "A correction has begun. What was published stays as it is."
    return _moved(request, postmortem, ask, said, correct_form=form)


def _reason(request: HttpRequest, form: ReasonForm) -> dict[str, Any]:
    return {
        "reason": form.cleaned_data["reason"],
        "expected_version": form.cleaned_data["version"],
        "actor": current_actor(),
        "person": signed_in(request),
        "now": now(),
    }


def _moved(
    request: HttpRequest, postmortem: PostMortem, ask: Callable[[], None], said: str, **shown: forms.Form
) -> HttpResponse:
    """Make the move; a refusal draws the page again with what was typed and why it was not enough."""
    form = next(iter(shown.values()), None)
    refused = ""
    if form is None or form.is_valid():
        try:
            ask()
            messages.success(request, said)
            return redirect("postmortems:postmortem", postmortem.number)
        except StaleVersion as error:
            refused = error.messages[0]
        except (BadInput, Incomplete, IllegalMove, StaleText) as error:
            refused = str(error)
    if form is not None and refused:
        form.add_error(None, refused)
    fresh = get_postmortem(request.user, postmortem.number)
    context = whole(fresh, signed_in(request), now=now(), **shown) | {"refused": "" if form else refused}
    return render(request, "postmortems/postmortem.html", context, status=422)
