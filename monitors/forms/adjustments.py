"""Forms of corrections."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from accounts.forms.fields import ReasonField
from monitors.services.adjustments import EVIDENCE_MOST, REASON_MOST, TO_STATES

FORMATS = ["%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]


class InstantInput(forms.DateTimeInput):
    """Date and time to the millisecond, as a browser's own field reads and writes them."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> Any:
        """Instants in the reader's zone; what was typed stays as typed."""
        if not isinstance(value, datetime):
            return value
        local = value if timezone.is_naive(value) else timezone.localtime(value)
        return local.replace(tzinfo=None).isoformat(timespec="milliseconds")


def _instant(**more: Any) -> forms.DateTimeField:
    return forms.DateTimeField(input_formats=FORMATS, widget=InstantInput(attrs={"step": "0.001"}), **more)


class AdjustmentForm(forms.Form):
    """What was measured wrongly, and what shows it. Times are in the zone of who reads the page."""

    monitor = forms.ChoiceField()
    start = _instant(label="From")
    end = _instant(label="To", help_text="In your zone. The stretch must have been in one state throughout.")
    to_state = forms.ChoiceField(label="It was really", choices=[(state, state) for state in TO_STATES])
    reason = ReasonField(
        label="What was wrong with the measurement", max_length=REASON_MOST, help_text="Kept for good."
    )
    evidence = forms.CharField(label="What shows it", max_length=EVIDENCE_MOST, help_text="A link, a ticket, a log: an auditor will open it.")  # fmt: skip

    def __init__(self, *args: Any, monitors: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["monitor"].choices = monitors  # type: ignore[attr-defined]


class DecisionForm(forms.Form):
    """What the second person says."""

    reason = ReasonField(max_length=REASON_MOST)
