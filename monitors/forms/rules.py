"""Forms of rules: the threshold of response times, and how loud a condition is."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm
from accounts.forms.fields import DurationField
from monitors.forms.monitor import SEVERITIES, URGENCIES
from monitors.models import Rule
from monitors.thresholds import DAY_S, MISSING, MOST_SAMPLES, OPERATORS

TERMS = ("value", "unit", "warn", "for_s", "m", "n", "recovery", "recovery_for_s", "min_samples", "missing")
NEW = {
    "unit": "ms", "for_s": 300, "recovery_for_s": 300, "min_samples": 3, "missing": "hold", "severity": 3, "urgency": "low",
}  # fmt: skip
UNITS = (("ms", "ms"), ("s", "s"))


def _number(label: str, **more: Any) -> forms.FloatField:
    return forms.FloatField(label=label, min_value=0, **more)


def _count(label: str, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=MOST_SAMPLES, **more)


class LoudnessForm(ChangeForm):
    """How loud a rule is."""

    severity = forms.TypedChoiceField(choices=SEVERITIES, coerce=int)
    urgency = forms.ChoiceField(choices=URGENCIES)
    field_order: tuple[str, ...] = ("severity", "urgency", "reason", "version")


class SlowForm(LoudnessForm):
    """From when on answers are slow, of a monitor that has such a rule."""

    operator = forms.ChoiceField(label="Slow is an answer that is", choices=list(OPERATORS.items()), initial=">")
    value = _number("Limit")
    unit = forms.ChoiceField(choices=UNITS)
    warn = _number(
        "Warn from", required=False, help_text="Milder than the alert, in the same unit; empty for no warning."
    )
    for_s = DurationField(
        label="All answers were so for",
        least=0,
        most=DAY_S,
        required=False,
        help_text="Such as 5 min; 0 s for a single one.",
    )
    m = _count("Or so many answers were so", help_text="Instead of a length of time: 3 of the last 5.")
    n = _count("Of the last so many")
    recovery = _number("Good again from", required=False, help_text="Empty: from the limit on.")
    recovery_for_s = DurationField(label="All answers were good for", least=0, most=DAY_S)
    min_samples = _count("At least so many answers", help_text="Fewer say nothing.")
    missing = forms.ChoiceField(label="When nothing is timed", choices=list(MISSING.items()))
    field_order = ("operator", *TERMS, "severity", "urgency", "reason", "version")

    def terms(self) -> dict[str, Any]:
        """The terms as they were written."""
        data = self.cleaned_data
        given = {name: data[name] for name in ("operator", "value", "unit", "warn", "recovery", "missing")}
        counts = {"m": data["m"] or 0, "n": data["n"] or 0, "min_samples": data["min_samples"] or 1}
        lengths = {"for_s": 0 if data["n"] else data["for_s"] or 0, "recovery_for_s": data["recovery_for_s"] or 0}
        return {**given, **counts, **lengths}


class NewSlowForm(SlowForm):
    """The same of a monitor that has no such rule."""

    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]


def slow_initial(rule: Rule) -> dict[str, Any]:
    """What the form shows of a rule."""
    terms = {**rule.terms, "m": rule.terms.get("m") or None, "n": rule.terms.get("n") or None}
    return {**terms, "severity": rule.severity, "urgency": rule.urgency, "version": rule.version}
