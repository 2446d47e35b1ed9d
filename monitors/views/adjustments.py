"""Corrections and sealed months: what two people agreed on, and what it changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, require, signed_in
from accounts.forms.changes import posted, status_of
from ledger.clock import now
from ledger.texts import read_many
from monitors.access import get_adjustment, get_monitor
from monitors.availability import digits_for, percent
from monitors.forms.adjustments import AdjustmentForm, DecisionForm
from monitors.forms.refusals import refusals_on
from monitors.models import Adjustment, MonthlyAvailability, StateInterval
from monitors.queries import monitors_in_force
from monitors.sealed import figures_in, newest_months
from monitors.services.adjustments import approve_adjustment, refuse_adjustment, request_adjustment

PAGE, MINUTE_S = 50, 60
VERDICTS = {"met": "met", "missed": "missed", "not_proven": "unproven"}


def adjustments_page(request: HttpRequest) -> HttpResponse:
    """What waits for a second person, and what was decided."""
    require(request.user, "read")
    rows = Adjustment.objects.select_related("monitor__service", "requested_by", "decided_by").order_by("-pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": page.object_list,
        "waiting": rows.filter(approved=None).count(),
        "can_ask": can(request.user, "edit"),
        "now": now(),
    }
    return render(request, "monitors/adjustments.html", context)


def adjustment_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One correction: what was measured, what is asked, why, and what it changed."""
    return _page(request, get_adjustment(request.user, public_id))


def new_adjustment(request: HttpRequest) -> HttpResponse:
    """Ask for one; a link from an interval fills the form."""
    require(request.user, "edit")
    choices = [
        (one.public_id, f"{one.service.name}: {one.name}")
        for one in monitors_in_force()
        if can(request.user, "edit", one)
    ]
    form = AdjustmentForm(posted(request), initial=_initial(request.GET.get("interval", "")), monitors=choices)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        monitor = get_monitor(request.user, data.pop("monitor"), "edit")
        with refusals_on(form):
            made = request_adjustment(monitor, **data, by=signed_in(request), now=now())
            messages.success(request, "Asked. It changes no figure before somebody else approves.")
            return redirect("monitors:adjustment", made.public_id)
    return render(request, "monitors/adjustment_form.html", {"form": form}, status=status_of(form))


@require_POST
def approve(request: HttpRequest, public_id: str) -> HttpResponse:
    """The second person agrees."""
    held = get_adjustment(request.user, public_id, "edit")
    form = DecisionForm(request.POST, auto_id="approve_%s")
    if form.is_valid():
        with refusals_on(form):
            approve_adjustment(held, by=signed_in(request), now=now(), reason=form.cleaned_data["reason"])
            messages.success(request, "Approved. Figures count it from now on.")
            return redirect("monitors:adjustment", public_id)
    return _page(request, held, approve_form=form, status=status_of(form))


@require_POST
def refuse_it(request: HttpRequest, public_id: str) -> HttpResponse:
    """The second person does not agree, or who asked takes it back."""
    held = get_adjustment(request.user, public_id, "edit")
    form = DecisionForm(request.POST, auto_id="refuse_%s")
    if form.is_valid():
        with refusals_on(form):
            refuse_adjustment(held, by=signed_in(request), now=now(), reason=form.cleaned_data["reason"])
            messages.success(request, "Refused. What was measured goes on to count.")
            return redirect("monitors:adjustment", public_id)
    return _page(request, held, refuse_form=form, status=status_of(form))


def months_page(request: HttpRequest) -> HttpResponse:
    """Sealed months, the newest revision of each, the latest month first."""
    require(request.user, "read")
    page = Paginator(newest_months(), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": [_month(row) for row in page.object_list], "now": now()}
    return render(request, "monitors/months.html", context)


def _month(row: MonthlyAvailability) -> dict[str, Any]:
    told = figures_in(row)
    digits = digits_for(MINUTE_S, told.total_ms)
    return {
        "row": row,
        **{
            name: f"{percent(ratio, digits)} %" if ratio is not None else "–"
            for name, ratio in (("measured", told.measured), ("low", told.low), ("high", told.high))
        },
        "down_s": row.down_ms // 1000,
        "unseen_s": told.unseen_ms // 1000,
        "verdict": VERDICTS.get(row.verdict, ""),
        "answers": VERDICTS.get(row.latency_verdict, ""),
    }


def _initial(interval_id: str) -> dict[str, Any]:
    """The stretch of an interval that a link names."""
    row = StateInterval.objects.select_related("monitor").filter(public_id=interval_id).first() if interval_id else None
    if row is None:
        return {}
    end: datetime | None = row.ended_at or row.covered_until
    return {"monitor": row.monitor.public_id, "start": row.started_at, "end": end}


def _page(request: HttpRequest, held: Adjustment, *, status: int = 200, **forms: Any) -> HttpResponse:
    shas = {sha for sha in (held.reason_sha256, held.evidence_sha256, held.decision_sha256) if sha}
    months = MonthlyAvailability.objects.filter(adjustment=held.public_id).select_related("service").order_by("pk")
    context = {
        "adjustment": held,
        "texts": read_many(shas),
        "months": [_month(row) for row in months],
        "can_decide": held.decided_at is None and can(request.user, "edit", held.monitor),
        "approve_form": DecisionForm(auto_id="approve_%s"),
        "refuse_form": DecisionForm(auto_id="refuse_%s"),
        "now": now(),
        **forms,
    }
    return render(request, "monitors/adjustment.html", context, status=status)
