"""Forms of maintenance windows."""

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm
from accounts.forms.fields import DurationField, ReasonField
from accounts.zones import zone_choices
from monitors.recurrence import WALL

Choices = list[tuple[str, str]]
CUSTOM = "custom"
REPEATS = (
    ("", "Once"),
    ("FREQ=DAILY", "Every day"),
    ("FREQ=WEEKLY", "Every week, on that day"),
    ("FREQ=WEEKLY;INTERVAL=2", "Every second week, on that day"),
    ("FREQ=MONTHLY", "Every month, on that day of the month"),
    (CUSTOM, "By a rule"),
)
LONGEST_S = 14 * 86_400


class WindowForm(ChangeForm):
    """What is planned, of a window that exists."""

    name = forms.CharField(max_length=120, help_text="What people know the work by: Database upgrade.")
    description = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What is done, and why then.",
    )
    team = forms.ChoiceField(required=False)
    services = forms.MultipleChoiceField(
        required=False, label="Services it covers", widget=forms.CheckboxSelectMultiple,
        help_text="All their monitors. Only a service that is covered by name can be excluded from its agreement.",
    )  # fmt: skip
    monitors = forms.MultipleChoiceField(
        required=False, label="Or single monitors", widget=forms.SelectMultiple(attrs={"size": 5})
    )
    starts = forms.DateTimeField(
        input_formats=[WALL, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=WALL),
        help_text="On the wall of the zone below, also when clocks change.",
    )
    zone = forms.ChoiceField(label="Time zone", choices=zone_choices)
    length_s = DurationField(label="Lasts", least=60, most=LONGEST_S, help_text="Such as 90 min or 2 h.")
    repeats = forms.ChoiceField(required=False, choices=REPEATS)
    rrule = forms.CharField(
        required=False,
        max_length=220,
        label="Rule",
        help_text="For “By a rule”: an RRULE such as FREQ=MONTHLY;BYDAY=2SU.",
    )
    field_order = (
        "name", "description", "team", "services", "monitors", "starts", "zone", "length_s", "repeats", "rrule", "reason", "version",
    )  # fmt: skip

    def __init__(self, *args: Any, teams: Choices, services: Choices, monitors: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = [("", "No team: every manager edits it"), *teams]  # type: ignore[attr-defined]
        self.fields["services"].choices = services  # type: ignore[attr-defined]
        self.fields["monitors"].choices = monitors  # type: ignore[attr-defined]
        if not services:
            del self.fields["services"]

    def clean_starts(self) -> str:
        """As a wall time: the zone of the reader has no say in it."""
        return f"{self.cleaned_data['starts']:{WALL}}"

    def clean(self) -> dict[str, Any]:
        """Something is covered, and a rule is given where one is chosen."""
        data = super().clean() or {}
        data["covered"] = [*data.get("services", []), *data.get("monitors", [])]
        if not data["covered"]:
            self.add_error(
                "services" if "services" in self.fields else "monitors", "Choose at least one service or monitor."
            )
        chosen = data.get("repeats", "")
        if chosen == CUSTOM and not data.get("rrule", "").strip():
            self.add_error("rrule", "Write the rule, such as FREQ=MONTHLY;BYDAY=2SU.")
        elif chosen != CUSTOM:
            data["rrule"] = chosen
        return data

    @property
    def plan(self) -> dict[str, Any]:
        """The fields that a service takes."""
        names = ("name", "description", "covered", "zone", "starts", "length_s", "rrule")
        return {name: self.cleaned_data[name] for name in names}


class NewWindowForm(WindowForm):
    """A window that does not exist yet."""

    version = None  # type: ignore[assignment]
    reason = None  # type: ignore[assignment]
    announced = forms.BooleanField(
        required=False, label="Customers have been told", help_text="Notice counts from now. It can be said later too."
    )


class ExtendForm(forms.Form):
    """How much longer it takes."""

    length_s = DurationField(label="Longer by", least=60, most=LONGEST_S, initial="30 min")
    reason = ReasonField()


def shown_repeat(rrule: str) -> dict[str, str]:
    """How a rule stands in the form: one of the choices, or a rule of its own."""
    known = rrule in {value for value, _ in REPEATS}
    return {"repeats": rrule, "rrule": ""} if known else {"repeats": CUSTOM, "rrule": rrule}
