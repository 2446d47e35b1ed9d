"""Rules beside "down": a rule with its history, how loud it is, and the threshold of response times with its preview."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.history import changes_of
from ledger.clock import now
from monitors.access import get_monitor, get_rule
from monitors.conditions import DOWN, LABELS, SLOW
from monitors.forms.refusals import refusals_on
from monitors.forms.rules import NEW, LoudnessForm, NewSlowForm, SlowForm, slow_initial
from monitors.models import ConditionState, Monitor, Rule
from monitors.response_times import Preview, preview
from monitors.services.rules import change_loudness, read_slow_terms, retire_slow_rule, set_slow_rule, slow_rule
from monitors.thresholds import Terms


def rule_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One rule: when it speaks, how loud, what it holds now, its history; its loudness is changed here."""
    rule = get_rule(request.user, public_id)
    editable = rule.retired_at is None and rule.condition != DOWN and can(request.user, "edit", rule.monitor)
    initial = {"severity": rule.severity, "urgency": rule.urgency, "version": rule.version}
    if request.method == "POST":
        rule = get_rule(request.user, public_id, "edit")
    form = LoudnessForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, rule):
            change_loudness(
                rule, now=now(), reason=data["reason"], severity=data["severity"], urgency=data["urgency"],
                expected_version=data["version"],
            )  # fmt: skip
            messages.success(request, "Saved. It is so loud from its next signal on.")
            return redirect("monitors:rule", public_id)
    return _page(request, rule, form=form, can_edit=editable, status=status_of(form))


def slow(request: HttpRequest, public_id: str) -> HttpResponse:
    """From when on a monitor is slow, tried on what it was in the last days before it is saved."""
    monitor = get_monitor(request.user, public_id, "edit")
    rule = slow_rule(monitor)
    kind = SlowForm if rule else NewSlowForm
    form = kind(posted(request), initial=slow_initial(rule) if rule else NEW)
    tried: Preview | None = preview(monitor, Terms(**rule.terms), now=now()) if rule else None
    if request.method == "POST":
        tried = None
        if form.is_valid():
            saved = _save_or_try(request, monitor, rule, form)
            if isinstance(saved, HttpResponse):
                return saved
            tried = saved
    context = {"monitor": monitor, "rule": rule, "form": form, "tried": tried, "now": now()}
    return render(request, "monitors/slow.html", context, status=status_of(form))


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Judge response times no longer."""
    rule = get_rule(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id="retire_%s")
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, rule):
            retire_slow_rule(rule, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, "The rule is retired. Its history stays.")
            return redirect("monitors:monitor", rule.monitor.public_id)
    return _page(request, rule, retire_form=form, can_edit=True, status=status_of(form))


def _save_or_try(
    request: HttpRequest, monitor: Monitor, rule: Rule | None, form: SlowForm
) -> HttpResponse | Preview | None:
    """Save if "save" was pressed, else try it on past data; None with what was refused on the form."""
    data = form.cleaned_data
    with refusals_on(form, rule):
        if "save" not in request.POST:
            return preview(monitor, read_slow_terms(form.terms()), now=now())
        set_slow_rule(
            monitor, form.terms(), now=now(), reason=data.get("reason") or "New rule", severity=data["severity"],
            urgency=data["urgency"], expected_version=data.get("version"),
        )  # fmt: skip
        messages.success(request, f"Saved. {monitor} is judged by it from now on.")
        return redirect("monitors:monitor", monitor.public_id)
    return None


def _page(request: HttpRequest, rule: Rule, *, can_edit: bool, status: int = 200, **forms: Any) -> HttpResponse:
    initial = {"severity": rule.severity, "urgency": rule.urgency, "version": rule.version}
    context = {
        "rule": rule,
        "label": LABELS.get(rule.condition, rule.condition),
        "terms": Terms(**rule.terms) if rule.terms else None,
        "is_slow": rule.condition == SLOW,
        "held": ConditionState.objects.filter(rule=rule, is_open=True).first(),
        "changes": changes_of(rule, limit=20),
        "can_edit": can_edit,
        "form": LoudnessForm(initial=initial),
        "retire_form": RetireForm(initial={"version": rule.version}, auto_id="retire_%s"),
        "now": now(),
        **forms,
    }
    return render(request, "monitors/rule.html", context, status=status)
