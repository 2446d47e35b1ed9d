"""One monitor: what is true of it, what happened to it, who changed it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.access import can
from accounts.forms.organisation import RetireForm
from accounts.history import Change, changes_of, naming
from accounts.models import Organisation, Team
from ledger.clock import now
from monitors.access import get_monitor
from monitors.agreements import uptime_of_monitor
from monitors.answer_days import AnswerDays, answer_days
from monitors.conditions import LABELS
from monitors.kinds import DNS, HEALTH, HEARTBEAT, KINDS
from monitors.kinds.words import settings_in_words
from monitors.maintenance import covering
from monitors.models import Heartbeat, Monitor, Rule, Service
from monitors.overview import (
    BUCKETS,
    MOST_SAMPLES,
    SPANS,
    Row,
    down_rule,
    interval_rows,
    latency,
    month_marks,
    next_due,
    rows,
    with_days,
)
from monitors.places import standing_of
from monitors.queries import last_failure, open_conditions
from monitors.registers import chain_in_use, health_of, shown, values_seen
from monitors.response_times import summary_of
from monitors.services import check_once
from monitors.thresholds import Terms
from monitors.tracewords import phases_of_result, said, seen, waterfall_of
from monitors.views.heartbeat_page import beat_facts, heartbeat_context

INTERVALS = 20
TIMED_SPANS = (timedelta(days=1), timedelta(days=7))
SOON = timedelta(days=7)


def monitor_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """State, days, latency, last failure, intervals, history."""
    monitor = get_monitor(request.user, public_id)
    return page_of(request, monitor, now())


def state_fragment(request: HttpRequest, public_id: str) -> HttpResponse:
    """The part of the page that is polled: the headline and the facts."""
    monitor, instant = get_monitor(request.user, public_id), now()
    if monitor.kind == HEARTBEAT:
        beat = Heartbeat.objects.get(pk=monitor.pk)
        context = {**_facts(monitor, instant), **beat_facts(monitor, beat, instant)}
        return render(request, "monitors/_heartbeat_facts.html", context)
    return render(request, "monitors/_facts.html", _facts(monitor, instant))


@require_POST
def check_now(request: HttpRequest, public_id: str) -> HttpResponse:
    """Run the check once for the person who asks, and show all of it. Nothing is stored: it is not a slot."""
    monitor = get_monitor(request.user, public_id, "respond")
    instant = now()
    context: dict[str, Any] = {"monitor": monitor, "now": instant}
    try:
        trace = check_once(
            monitor.kind,
            monitor.target,
            secrets=cast("dict[str, Any] | None", monitor.secrets),
            timeout_s=monitor.timeout_s,
            now=instant,
        )
        context["seen"] = seen(trace)
    except ValidationError as error:
        context["refused"] = " ".join(error.messages)
    return render(request, "monitors/checked.html", context)


def page_of(
    request: HttpRequest, monitor: Monitor, instant: datetime, *, status: int = 200, **forms: Any
) -> HttpResponse:
    """The page of a monitor, by its kind. forms: those that were sent and refused."""
    if monitor.kind == HEARTBEAT:
        beats = heartbeat_context(request, monitor, instant)
        context = {**page_context(request, monitor, instant), **beats, **forms}
        return render(request, "monitors/heartbeat.html", context, status=status)
    return render(request, "monitors/monitor.html", page_context(request, monitor, instant, **forms), status=status)


def page_context(request: HttpRequest, monitor: Monitor, instant: datetime, **forms: Any) -> dict[str, Any]:
    """Everything the page shows."""
    row = with_days(rows([monitor], now=instant), now=instant, zone=Organisation.current().zone)[0]
    editable = monitor.retired_at is None and can(request.user, "edit", monitor)
    return {
        **_facts(monitor, instant),
        **_latency(monitor, request.GET.get("span", ""), instant),
        **_failure(monitor),
        **_measured(monitor, instant),
        "row": row,
        "cells": [(day.state, day.share, day.words) for day in row.days],
        "months": month_marks(row.days),
        "day_rows": _day_rows(row),
        "intervals": interval_rows(monitor, now=instant, limit=INTERVALS),
        "settings": settings_in_words(KINDS[monitor.kind], monitor.target),
        "places": standing_of(monitor, now=instant),
        **_registers(monitor, instant),
        "changes": _history(monitor),
        "maintenance": covering([monitor.public_id, monitor.service.public_id], now=instant, within=SOON)[:2],
        "can_edit": editable,
        "can_check": monitor.retired_at is None and can(request.user, "respond"),
        "pause_form": RetireForm(initial={"version": monitor.version}, auto_id="pause_%s"),
        "retire_form": RetireForm(initial={"version": monitor.version}, auto_id="retire_%s"),
        **forms,
    }


def _facts(monitor: Monitor, instant: datetime) -> dict[str, Any]:
    row = rows([monitor], now=instant)[0]
    held = [(LABELS[one.rule.condition], one) for one in open_conditions([monitor]).get(monitor.pk, [])]
    return {
        "monitor": monitor,
        "row": row,
        "rule": down_rule(monitor),
        "next_due": next_due(monitor),
        "conditions": held,
        "now": instant,
    }


def _registers(monitor: Monitor, instant: datetime) -> dict[str, Any]:
    """What the checks saw that is kept for good, for the types that see such things."""
    chain = shown(chain_in_use(monitor), instant)
    return {
        "chain": chain,
        "values": values_seen(monitor) if monitor.kind == DNS else None,
        "health": health_of(monitor, now=instant) if monitor.kind == HEALTH else None,
    }


def _latency(monitor: Monitor, span: str, instant: datetime) -> dict[str, Any]:
    chosen = span if span in SPANS else ""
    found = latency(monitor, chosen, now=instant)
    steps = range(0, BUCKETS, BUCKETS // 12)
    table = [(found.start + found.width * i, _ms(found.median[i]), _ms(found.worst[i]), found.failed[i]) for i in steps]
    return {
        "curve": found,
        "span": chosen,
        "spans": SPANS.items(),
        "span_s": (found.end - found.start).total_seconds(),
        "failed": sum(found.failed),
        "latency_table": table,
    }


def _measured(monitor: Monitor, instant: datetime) -> dict[str, Any]:
    """Rules in force, what the last days came to, and percentiles of the newest spans that are not too many checks."""
    rules = Rule.objects.in_force().filter(monitor=monitor).order_by("pk")
    spans = [span for span in TIMED_SPANS if span.total_seconds() / monitor.interval_s <= MOST_SAMPLES]
    return {
        "rules": [
            (LABELS.get(rule.condition, rule.condition), rule, Terms(**rule.terms) if rule.terms else None)
            for rule in rules
        ],
        "uptime": uptime_of_monitor(monitor, now=instant),
        "answer_days": None if monitor.kind == HEARTBEAT else _answer_days(monitor, instant),
        "timed": [(span.total_seconds(), summary_of(monitor, instant - span, instant)) for span in spans],
    }


def _answer_days(monitor: Monitor, instant: datetime) -> AnswerDays | None:
    return answer_days(monitor, now=instant, zone=Organisation.current().zone)


def _failure(monitor: Monitor) -> dict[str, Any]:
    failure = last_failure(monitor)
    bars = waterfall_of(phases_of_result(failure), failed=True) if failure else []
    took = failure.total_us / 1000 if failure else 0
    return {"failure": failure, "failure_ms": took, "failure_bars": bars, "failure_said": said(bars)}


def _day_rows(row: Row) -> list[tuple[Any, str, dict[str, float]]]:
    """Days on which something was not well, newest first: the table behind the bar."""
    return [(day.date, day.state, day.seconds) for day in reversed(row.days) if day.state not in ("up", "none")]


def _history(monitor: Monitor) -> list[Change]:
    """Versions of the monitor and of its rules in one list, newest first."""
    held = changes_of(monitor, limit=20, labels={"service": naming(Service), "team": naming(Team)})
    for rule in monitor.rules.all():
        held += [replace(change, of=rule.condition) for change in changes_of(rule, limit=20) if change.fields]
    return sorted(held, key=lambda change: change.at, reverse=True)


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} ms"
