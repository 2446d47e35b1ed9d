"""The style guide: every component in every state, while DEBUG is on. Its figures are examples, not facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

NOW = datetime(2026, 3, 17, 2, 14, 20, tzinfo=UTC)
START, END = NOW.replace(minute=0, second=0) - timedelta(hours=4), NOW.replace(minute=0, second=0) + timedelta(hours=4)
TOKENS = (
    ("paper", "page"), ("paper-2", "sunken"), ("paper-3", "pressed, current"), ("ink", "text"), ("ink-2", "second text"),
    ("ink-3", "quietest text"), ("rule", "row rule"), ("rule-2", "control border"), ("accent", "link, focus, now"),
    ("accent-fill", "first action"), ("up", "tick"), ("up-text", ""), ("degraded", "tick"), ("degraded-text", ""),
    ("down", "tick"), ("down-text", ""), ("maint", "tick"), ("maint-text", ""), ("paused", "tick"), ("unknown", "hatch"),
    ("shift", "person"), ("shift-2", "person, other layer"),
)  # fmt: skip
TYPES = (
    ("2xl", 26, "Checkout is down since 02:55"), ("xl", 20, "Monitors"), ("l", 16, "Findings by criterion"),
    ("m", 14, "Nineteen minutes. Tracking API is slow for the same reason."), ("s", 13, "Rolling back the 02:52 deploy"),
    ("xs", 12, "Since or until 03:14:20"),
)  # fmt: skip
FORMS_OF_STATES = (
    ("up", "disc; short tick"),
    ("degraded", "triangle; two thirds"),
    ("down", "square with a cross; full height"),
    ("maintenance", "open diamond; hollow, two thirds"),
    ("paused", "two bars; a trace on the line"),
    ("unknown", "dashed square; full height, hatched"),
)
TRUTHS = (
    ("accepted", "the provider took it", "an id came back; e-mail never gets further"),
    ("delivered", "carrier or handset says so", "an SMS receipt"),
    ("answered", "somebody or something picked up", "a person, a mailbox or a link scanner"),
    ("confirmed", "a person said so", "key press, reply, tap, sign-in"),
    ("failed", "it ended", "always with a reason in words"),
    ("none", "not so far", "a dash, never an empty cell"),
)
PHASES = (
    ("DNS", 0, 12, "k-ink-3", "12 ms"),
    ("TCP", 12, 24, "k-ink-3", "24 ms"),
    ("First byte", 36, 90, "k-down", "90 ms"),
)


class ExampleForm(forms.Form):
    """Fields in their states: with a hint, wrong, a choice, long."""

    name = forms.CharField(help_text="What a person at 03:00 would call it.")
    interval = forms.CharField()
    owner = forms.ChoiceField(choices=[("ben", "Ben Okafor"), ("ana", "Ana Duarte")], required=False)
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}))
    outside = forms.BooleanField(label="Also check from Toronto", required=False)

    def clean_interval(self) -> str:
        """Always wrong, to show how that looks."""
        raise forms.ValidationError(f"Between 1 s and 24 h. You wrote {self.cleaned_data['interval']}.")


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """An instant of the example night; hours above 12 are the evening before."""
    day = NOW - timedelta(days=1) if hour > 12 else NOW
    return day.replace(hour=hour, minute=minute, second=second)


def latency() -> list[float | None]:
    """Sixty values with four minutes nobody watched."""
    values: list[float | None] = [0.4 + 0.05 * ((i * 7) % 5) for i in range(60)]
    values[40:44] = [None] * 4
    return values


def states_of_90_days() -> list[str]:
    """Every state once."""
    odd = [("none", 10), ("up", 30), ("degraded", 1), ("up", 10), ("down", 1), ("up", 15), ("maintenance", 3)]
    return [state for state, days in [*odd, ("up", 10), ("unknown", 4), ("paused", 6)] for _ in range(days)]


@login_not_required
def show(request: HttpRequest) -> HttpResponse:
    """All components on one page; absent unless DEBUG is on."""
    if not settings.DEBUG:
        raise Http404
    form = ExampleForm({"name": "Place order", "interval": "0 s", "reason": "Page sooner, ticket OPS-311"})
    return render(request, "styleguide.html", {"form": form, **drawings(), **texts()})


def texts() -> dict[str, Any]:
    """What the tables and the example timeline say."""
    entries = [
        {"anchor": "e2", "happened_at": at(2, 2, 11), "recorded_at": at(2, 2, 11), "same": True, "symbol": "m-confirmed",
         "said": "Ben Okafor acknowledged", "who": "link in SMS"},
        {"anchor": "e1", "happened_at": at(1, 52, 10), "recorded_at": at(2, 7, 22), "late": True, "recorded_word": "typed",
         "symbol": "i-note", "said": "Deploy changed the pool", "who": "15 min after the fact"},
    ]  # fmt: skip
    table = [["02:00", "400 ms"], ["02:30", "550 ms"]]
    tokens = {"tokens": TOKENS, "types": TYPES, "truths": TRUTHS}
    return {"now": NOW, "entries": entries, "heads": ["Time", "p95"], "table": table, **tokens}


def drawings() -> dict[str, Any]:
    """What is drawn: one example night, every state once."""
    p95 = latency()
    p50 = [None if value is None else value / 2 for value in p95]
    well = [("up", 1, "up")] * 12
    night = [
        (START, at(0), "up"), (at(0), at(0, 20), "degraded"), (at(0, 20), at(1), "up"), (at(1), at(1, 20), "unknown"),
        (at(1, 20), at(1, 55), "up"), (at(1, 55), NOW, "down"),
    ]  # fmt: skip
    shifts = [
        (START, at(1), "k-shift-2", "Priya Raman"),
        (at(1), at(5), "k-shift", "Ana Duarte"),
        (at(5), END, "k-unknown", "nobody"),
    ]
    return {
        "start": START,
        "end": END,
        "states": [(name, [(START, at(0), "up"), (at(0), NOW, name)], words) for name, words in FORMS_OF_STATES],
        "night": night,
        "shifts": shifts,
        "days": states_of_90_days(),
        "cells": [
            *well,
            ("down", 0.4, "down 9 h"),
            *well,
            ("maintenance", 1, "maintenance"),
            ("unknown", 1, "unknown"),
            *well,
        ],
        "checks": [(START + timedelta(minutes=4 * i), "down" if i > 50 else "up") for i in range(63)],
        "events": [(at(0, 40), "m-down", "down", "is-down"), (at(2, 2), "m-confirmed", "Ben has it")],
        "series": [("p95", "l-ink", p95), ("p50", "l-ink-2 dash", p50)],
        "rows": [(0.5, "500 ms"), (1, "1 s")],
        "bands": [(40 / 59 * 100, 44 / 59 * 100, "unwatched", "k-unknown")],
        "limit": (0.8, "limit 800 ms"),
        "spark": [3, 3, 4, 3, 3, 5, 3, None, 3, 8, 9, 9],
        "phases": PHASES,
    }
