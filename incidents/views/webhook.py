"""One webhook: its log, its deliveries, and what a person does with them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.access import can
from accounts.forms.changes import status_of
from accounts.forms.organisation import RetireForm
from accounts.history import changes_of, naming
from accounts.models import Team
from incidents.access import get_delivery, get_webhook
from incidents.models import WebhookEndpoint
from incidents.webhooks.catalog import KINDS, choices
from incidents.webhooks.queries import Health, attempts_of, deliveries_of, health_of
from incidents.webhooks.services import (
    NotReplayable,
    pause_endpoint,
    replay,
    replay_failed,
    resume_endpoint,
    retire_endpoint,
    rotate_secret,
    send_test,
)
from incidents.webhooks.states import REASONS, STATES
from ledger.clock import now
from ledger.tracked import StaleVersion

PER_PAGE = 30


def webhook_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Where it goes, what it hears, how it fares, and its log."""
    endpoint = get_webhook(request.user, public_id)
    return render(request, "incidents/webhook.html", webhook_context(request, endpoint))


def delivery_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One delivery with every attempt and the exact body."""
    delivery = get_delivery(request.user, public_id)
    context = {
        "delivery": delivery,
        "attempts": attempts_of(delivery),
        "why": REASONS.get(delivery.reason, delivery.reason),
        "can_edit": delivery.endpoint.retired_at is None and _may_edit(request, delivery.endpoint),
    }
    return render(request, "incidents/delivery.html", context)


@require_POST
def replay_delivery(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send one that ended once more."""
    delivery = get_delivery(request.user, public_id, "edit")
    try:
        replay(delivery, now=now())
        messages.success(request, f"{delivery.event.kind} is sent again, with the same id.")
    except NotReplayable as error:
        messages.error(request, str(error))
    return redirect("incidents:delivery", public_id)


@require_POST
def replay_all_failed(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send everything that failed once more."""
    endpoint = get_webhook(request.user, public_id, "edit")
    count = replay_failed(endpoint, now=now())
    messages.success(
        request, f"{count} sent again, oldest first." if count else "Nothing failed that can be sent again."
    )
    return redirect("incidents:webhook", public_id)


@require_POST
def test_webhook(request: HttpRequest, public_id: str) -> HttpResponse:
    """Plan a test event."""
    endpoint = get_webhook(request.user, public_id, "edit")
    try:
        delivery = send_test(endpoint, now=now())
    except NotReplayable as error:
        messages.error(request, str(error))
        return redirect("incidents:webhook", public_id)
    messages.success(request, "A test is on its way. Load this page again to see what came back.")
    return redirect("incidents:delivery", delivery.public_id)


@never_cache
@require_POST
def rotate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make a new secret. The answer holds it; loading the page again does not."""
    endpoint = get_webhook(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id="rotate_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            rotate_secret(endpoint, now=now(), reason=data["reason"], expected_version=data["version"])
            return render(request, "incidents/webhook.html", webhook_context(request, endpoint, secret=endpoint.secret))
        except StaleVersion:
            form.conflict(endpoint)
    return _again(request, endpoint, rotate_form=form)


@require_POST
def pause(request: HttpRequest, public_id: str) -> HttpResponse:
    """Hold what is for it."""
    return _turn(request, public_id, pause_endpoint, "is paused. What is for it waits, for a day.", "pause_form")


@require_POST
def resume(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send again."""
    return _turn(request, public_id, resume_endpoint, "is told again; what waited goes first.", "pause_form")


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take it out of force for good."""
    return _turn(request, public_id, retire_endpoint, "is retired. Its log stays.", "retire_form")


def _turn(request: HttpRequest, public_id: str, turn: Callable[..., object], words: str, name: str) -> HttpResponse:
    endpoint = get_webhook(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id=f"{name.removesuffix('_form')}_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            turn(endpoint, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{endpoint} {words}")
            gone = endpoint.retired_at is not None
            return redirect("incidents:webhooks") if gone else redirect("incidents:webhook", public_id)
        except StaleVersion:
            form.conflict(endpoint)
    return _again(request, endpoint, **{name: form})


def _again(request: HttpRequest, endpoint: WebhookEndpoint, **forms: Any) -> HttpResponse:
    (form,) = forms.values()
    context = webhook_context(request, endpoint, **forms)
    return render(request, "incidents/webhook.html", context, status=status_of(form))


def webhook_context(
    request: HttpRequest, endpoint: WebhookEndpoint, *, secret: str = "", **forms: Any
) -> dict[str, Any]:
    """What the page of one endpoint shows; a filter that names nothing known is not applied."""
    instant = now()
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    chosen = {"state": state if state in STATES else "", "kind": kind if kind in KINDS else ""}
    words = dict(choices())
    start = {"version": endpoint.version}
    return {
        "webhook": endpoint,
        "secret": secret,
        "now": instant,
        "overlaps": bool(endpoint.previous_until and endpoint.previous_until > instant),
        "hears": [(event, words.get(event, event)) for event in endpoint.events],
        "health": health_of([endpoint], now=instant).get(endpoint.pk, Health()),
        "page": Paginator(deliveries_of(endpoint, **chosen), PER_PAGE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "filtered": any(chosen.values()),
        "states": STATES,
        "kinds": list(KINDS),
        "can_edit": _may_edit(request, endpoint),
        "changes": changes_of(endpoint, limit=20, labels={"team": naming(Team)}),
        "rotate_form": RetireForm(initial=start, auto_id="rotate_%s"),
        "pause_form": RetireForm(initial=start, auto_id="pause_%s"),
        "retire_form": RetireForm(initial=start, auto_id="retire_%s"),
        **forms,
    }


def _may_edit(request: HttpRequest, endpoint: WebhookEndpoint) -> bool:
    return can(request.user, "edit" if endpoint.team_id else "edit_any", endpoint)
