"""The form of an escalation policy: rows of people and waits, without script."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django import forms

from accounts.contact_rules import HIGH
from accounts.durations import parse_duration, spell_duration
from accounts.forms.changes import ChangeForm
from accounts.forms.fields import DurationField
from accounts.zones import zone_choices
from oncall.escalation.policy import MAX_DELAY_S, MAX_REPEAT, MIN_ASK_S, PolicyError, Step, parse_steps
from oncall.forms.rows import Row
from oncall.rota.written import hours_to_json
from oncall.stepwords import DAYS

REPEATS = [(0, "Not again: the catch-all is called"), (1, "Once more")]
REPEATS += [(n, f"{n} times more") for n in range(2, MAX_REPEAT + 1)]
Choices = list[tuple[str, str]]
DIGITS = "0123456"


@dataclass(frozen=True)
class ShownRow:
    """A row as the page draws it: its number, who could be chosen, who is, and what is wrong with it."""

    index: int
    row: Row
    choices: list[tuple[str, str, bool]]
    groups: list[tuple[str, str, bool]]
    days: list[tuple[str, str, bool]]
    zones: list[tuple[str, str]]
    people_error: str
    delay_error: str
    hours_error: str

    @property
    def number(self) -> int:
        """Steps are counted from 1."""
        return self.index + 1


class PolicyForm(ChangeForm):
    """Name, team, how often the chain repeats, and its rows. `steps` holds the cleaned chain."""

    name = forms.CharField(max_length=80, help_text="What people call it: Checkout critical.")
    team = forms.ChoiceField()
    repeat = forms.TypedChoiceField(label="When nobody answered", choices=REPEATS, coerce=int)

    ask_again_s = DurationField(
        label="Ask again after",
        least=MIN_ASK_S,
        most=MAX_DELAY_S,
        required=False,
        help_text="Who acknowledged is called again if it still goes on then. Empty: never.",
    )

    field_order = ("name", "team", "repeat", "ask_again_s", "reason", "version")

    def __init__(
        self,
        *args: Any,
        rows: Sequence[Row],
        people: Choices,
        groups: Choices,
        teams: Choices,
        zone: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rows, self.people, self.groups = list(rows) or [Row()], people, groups
        self.zone = zone
        self.fields["team"].choices = teams  # type: ignore[attr-defined]
        self.problems: dict[str, str] = {}
        self.steps: list[dict[str, Any]] = []

    def clean(self) -> dict[str, Any]:
        """Judge the rows by the policy's own rules; sentences land on the row."""
        data = super().clean() or self.cleaned_data
        raw = [self._raw(index, row) for index, row in enumerate(self.rows)]
        try:
            parse_steps(raw)
        except PolicyError as error:
            self.problems = {**error.problems, **self.problems}
        if self.problems:
            self.add_error(None, self.problems.get("steps") or "Look at the steps: one of them cannot be kept.")
        self.steps = raw
        return data

    def shown_rows(self) -> list[ShownRow]:
        """The rows for the template."""
        return [
            ShownRow(
                index,
                row,
                [(key, name, key in row.people) for key, name in self.people],
                [(key, name, key in row.people) for key, name in self.groups],
                [(str(number), name, str(number) in row.days) for number, name in enumerate(DAYS)],
                zone_choices(),
                self.problems.get(f"steps.{index}.people", ""),
                self.problems.get(f"steps.{index}.delay_s", ""),
                self.problems.get(f"steps.{index}.hours", ""),
            )
            for index, row in enumerate(self.rows)
        ]

    def _raw(self, index: int, row: Row) -> dict[str, Any]:
        """A row in the shape of the policy's own reader, which refuses what it cannot keep."""
        raw: dict[str, Any] = {"delay_s": self._delay(index, row), "people": list(row.people)}
        if row.in_turn:
            raw["round_robin"] = True
        if row.days:
            days = [int(day) for day in row.days if day in DIGITS]
            raw["hours"] = {"zone": row.zone, "days": days, "starts": row.starts, "ends": row.ends}
        return raw

    def _delay(self, index: int, row: Row) -> int:
        try:
            return parse_duration(row.delay)
        except ValueError:
            wrote = row.delay.strip()[:40] or "nothing"
            self.problems[f"steps.{index}.delay_s"] = f"Write a length of time such as 5 min. You wrote {wrote}."
            return 1


class AtForm(forms.Form):
    """For which instant the ladder is shown: a time in the zone of the page; empty for now."""

    at = forms.DateTimeField(
        label="For a fault at",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "Write a day and a time, such as 2026-12-06T03:00."},
    )

    urgency = forms.ChoiceField(choices=(("high", "High urgency"), ("low", "Low urgency")), required=False)

    @property
    def said_urgency(self) -> str:
        """The urgency asked for; high if none was."""
        return (self.is_bound and self.is_valid() and self.cleaned_data["urgency"]) or HIGH

    @property
    def instant(self) -> datetime | None:
        """The instant asked for; None for now, or for what is none."""
        return self.cleaned_data.get("at") if self.is_bound and self.is_valid() else None


class NewPolicyForm(PolicyForm):
    """The same for a policy that does not exist yet: no reason, no version."""

    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]


class CatchAllForm(ChangeForm):
    """Who is called when nobody else can be."""

    people = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one person, better two: this is the last thing that can fail."},
    )
    field_order = ("people", "reason", "version")

    def __init__(self, *args: Any, people: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].choices = people  # type: ignore[attr-defined]


def rows_of(steps: Sequence[Step]) -> list[Row]:
    """Kept steps as they are shown for editing."""
    return [_row_of(step) for step in steps]


def _row_of(step: Step) -> Row:
    row = Row(step.targets, spell_duration(step.delay_s), step.round_robin)
    if step.hours is None:
        return row
    written = hours_to_json([step.hours.stretch])[0]
    days = tuple(map(str, written["days"]))
    return replace(row, days=days, starts=written["starts"], ends=written["ends"], zone=step.hours.zone)
