"""Agreements: what was promised of services, and whether it was kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, require, signed_in
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.history import changes_of, naming
from accounts.models import Organisation, User
from ledger.clock import now
from monitors.access import get_service, get_sla
from monitors.agreements import Period, agreements_in_force, doubts_of, periods
from monitors.forms.agreements import CompositionForm, NewSLAForm, SLAForm, sla_initial
from monitors.forms.refusals import refusals_on
from monitors.models import SLA, Monitor, Service
from monitors.overview import monitors_of, services_in_force
from monitors.promises import Kept, Member
from monitors.services.agreements import approve_sla, change_sla, create_sla, retire_sla, set_composition

DEFAULTS = {"window": "month", "maintenance_allowance_s": 0, "notice_required_s": 0}


def agreements_page(request: HttpRequest) -> HttpResponse:
    """Every agreement with its last two windows."""
    require(request.user, "read")
    instant = now()
    slas = list(agreements_in_force())
    told = periods(slas, now=instant, count=2)
    rows = [(sla, told[sla.pk][-1:], told[sla.pk][:-1][-1:]) for sla in slas]
    context = {"rows": rows, "now": instant, "can_add": can(request.user, "edit")}
    return render(request, "monitors/agreements.html", context)


def agreement_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Terms, windows with bounds and budget, what is doubtful, history."""
    return _page(request, get_sla(request.user, public_id))


def new_agreement(request: HttpRequest) -> HttpResponse:
    """Write down what was promised of a service."""
    require(request.user, "edit")
    initial = {**DEFAULTS, "timezone": Organisation.current().timezone, "service": request.GET.get("service", "")}
    form = NewSLAForm(posted(request), initial=initial, services=_services(request))
    if request.method == "POST" and form.is_valid():
        service = get_service(request.user, form.cleaned_data["service"], "edit")
        with refusals_on(form):
            sla = create_sla(service=service, now=now(), reason="New agreement", **form.fields_given())
            messages.success(request, f"{sla} is written down. Somebody else approves it.")
            return redirect("monitors:agreement", sla.public_id)
    return render(request, "monitors/agreement_form.html", {"form": form}, status=status_of(form))


def edit_agreement(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change terms; they wait for approval again."""
    sla = get_sla(request.user, public_id, "edit")
    form = SLAForm(posted(request), initial=sla_initial(sla))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, sla):
            change_sla(sla, form.fields_given(), now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{sla} saved. Somebody else approves it.")
            return redirect("monitors:agreement", public_id)
    return render(request, "monitors/agreement_form.html", {"form": form, "sla": sla}, status=status_of(form))


@require_POST
def approve(request: HttpRequest, public_id: str) -> HttpResponse:
    """Approve the terms in force."""
    sla = get_sla(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id="approve_%s")
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, sla):
            approve_sla(
                sla, person=signed_in(request), now=now(), reason=data["reason"], expected_version=data["version"]
            )
            messages.success(request, f"{sla} is approved.")
            return redirect("monitors:agreement", public_id)
    return _page(request, sla, approve_form=form, status=status_of(form))


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take an agreement out of force."""
    sla = get_sla(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id="retire_%s")
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, sla):
            retire_sla(sla, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{sla} is retired.")
            return redirect("monitors:agreements")
    return _page(request, sla, retire_form=form, status=status_of(form))


def composition(request: HttpRequest, public_id: str) -> HttpResponse:
    """How monitors make a service."""
    service = get_service(request.user, public_id, "edit")
    form = CompositionForm(posted(request), service=service, monitors=list(monitors_of(service)))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, service):
            set_composition(
                service,
                composition=data["composition"],
                quorum=data["quorum"] or 0,
                roles=form.roles(),
                now=now(),
                reason=data["reason"],
                expected_version=data["version"],
            )
            messages.success(request, f"{service} saved. It counts so from now on.")
            return redirect("monitors:service", public_id)
    return render(request, "monitors/composition.html", {"form": form, "service": service}, status=status_of(form))


def _page(request: HttpRequest, sla: SLA, *, status: int = 200, **forms: Any) -> HttpResponse:
    instant = now()
    told = list(reversed(periods([sla], now=instant, answers=True)[sla.pk]))
    editable = sla.retired_at is None and can(request.user, "edit", sla.service)
    context = {
        "sla": sla,
        "periods": told,
        "answers": _answers(told),
        "doubts": doubts_of(sla, told),
        "writer": User.objects.filter(public_id=sla.written_by).first(),
        "changes": changes_of(sla, limit=20, labels={"service": naming(Service), "approved_by": naming(User)}),
        "can_edit": editable,
        "can_approve": editable and sla.approved_at is None and sla.written_by != signed_in(request).public_id,
        "approve_form": RetireForm(initial={"version": sla.version}, auto_id="approve_%s"),
        "retire_form": RetireForm(initial={"version": sla.version}, auto_id="retire_%s"),
        "now": instant,
        **forms,
    }
    return render(request, "monitors/agreement.html", context, status=status)


def _answers(told: Sequence[Period]) -> list[tuple[Period, Kept | None, str, list[tuple[str, Member]]]]:
    """Windows in which something was promised of answers, each with its monitors by name, the slowest apart."""
    promised = [one for one in told if one.answers_promised or one.answers]
    ids = {member.monitor for one in promised if one.answers for member in one.answers.members}
    names = dict(Monitor.objects.filter(public_id__in=ids).values_list("public_id", "name"))
    found = []
    for one in promised:
        first, *rest = one.answers.members if one.answers and one.answers.members else [None]
        name = names.get(first.monitor, first.monitor) if first else ""
        found.append((one, one.answers, name, [(names.get(m.monitor, m.monitor), m) for m in rest if m]))
    return found


def _services(request: HttpRequest) -> list[tuple[str, str]]:
    return [(one.public_id, one.name) for one in services_in_force() if can(request.user, "edit", one)]
