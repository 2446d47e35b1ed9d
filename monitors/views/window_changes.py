"""What people do with a maintenance window: approve, announce, extend, end, cancel. One button, one service."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.access import signed_in
from accounts.forms.changes import status_of
from accounts.forms.organisation import ReasonForm, RetireForm
from ledger.clock import now
from monitors.access import get_span, get_window
from monitors.forms.maintenance import ExtendForm
from monitors.forms.refusals import refusals_on
from monitors.models import MaintenanceSpan
from monitors.services.window_times import cancel_time, end_early, extend
from monitors.services.windows import announce_window, approve_window, cancel_window
from monitors.views.maintenance import page


@require_POST
def approve(request: HttpRequest, public_id: str) -> HttpResponse:
    """The second person agrees."""
    window = get_window(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id="approve_%s")
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, window):
            approve_window(
                window, by=signed_in(request), now=now(), reason=data["reason"], expected_version=data["version"]
            )
            messages.success(request, f"{window} is approved.")
            return redirect("monitors:window", public_id)
    return page(request, window, approve_form=form, status=status_of(form))


@require_POST
def announce(request: HttpRequest, public_id: str) -> HttpResponse:
    """Customers have been told."""
    window = get_window(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id="announce_%s")
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, window):
            announce_window(window, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, "Recorded: customers have been told.")
            return redirect("monitors:window", public_id)
    return page(request, window, announce_form=form, status=status_of(form))


@require_POST
def cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take the whole window out of force."""
    window = get_window(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id="cancel_%s")
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, window):
            cancel_window(window, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{window} is cancelled.")
            return redirect("monitors:maintenance")
    return page(request, window, cancel_form=form, status=status_of(form))


@require_POST
def extend_time(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let the time in progress go on."""
    span = get_span(request.user, public_id, "edit")
    form = ExtendForm(request.POST, auto_id="extend_%s")
    instant = now()
    if form.is_valid():
        with refusals_on(form):
            until = _last_end(span) + timedelta(seconds=form.cleaned_data["length_s"])
            extend(span, until, by=signed_in(request), now=instant, reason=form.cleaned_data["reason"])
            messages.success(request, "It goes on.")
            return redirect("monitors:window", span.window.public_id)
    return page(request, span.window, extend_form=form, status=status_of(form))


@require_POST
def end_time(request: HttpRequest, public_id: str) -> HttpResponse:
    """End the time in progress now."""
    span = get_span(request.user, public_id, "edit")
    form = ReasonForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            end_early(span, now=now(), reason=form.cleaned_data["reason"])
            messages.success(request, "It has ended. What still is broken pages now.")
            return redirect("monitors:window", span.window.public_id)
    return page(request, span.window, end_form=form, status=status_of(form))


@require_POST
def leave_out(request: HttpRequest, public_id: str) -> HttpResponse:
    """Cancel one time that has not begun."""
    span = get_span(request.user, public_id, "edit")
    form = ReasonForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            cancel_time(span, now=now(), reason=form.cleaned_data["reason"])
            messages.success(request, "This time is left out.")
            return redirect("monitors:window", span.window.public_id)
    return page(request, span.window, leave_form=form, status=status_of(form))


def _last_end(span: MaintenanceSpan) -> datetime:
    parts = MaintenanceSpan.objects.filter(window=span.window_id, terms=span.terms, occurrence=span.occurrence)
    return max(part.planned_end for part in parts.filter(ending__isnull=True) | parts.filter(pk=span.pk))
