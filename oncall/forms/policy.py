"""The form of an escalation policy: rows of people and waits, without script."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from accounts.durations import parse_duration, spell_duration
from accounts.forms.changes import ChangeForm
from oncall.escalation.policy import MAX_REPEAT, PolicyError, Step, parse_steps
from oncall.forms.rows import Row

REPEATS = [(0, "Not again: the catch-all is called"), (1, "Once more")]
REPEATS += [(n, f"{n} times more") for n in range(2, MAX_REPEAT + 1)]
Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class ShownRow:
    """A row as the page draws it: its number, who could be chosen, who is, and what is wrong with it."""

    index: int
    row: Row
    choices: list[tuple[str, str, bool]]
    people_error: str
    delay_error: str

    @property
    def number(self) -> int:
        """Steps are counted from 1."""
        return self.index + 1


class PolicyForm(ChangeForm):
    """Name, team, how often the chain repeats, and its rows. `steps` holds the cleaned chain."""

    name = forms.CharField(max_length=80, help_text="What people call it: Checkout critical.")
    team = forms.ChoiceField()
    repeat = forms.TypedChoiceField(label="When nobody answered", choices=REPEATS, coerce=int)

    field_order = ("name", "team", "repeat", "reason", "version")

    def __init__(self, *args: Any, rows: Sequence[Row], people: Choices, teams: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows, self.people = list(rows) or [Row()], people
        self.fields["team"].choices = teams  # type: ignore[attr-defined]
        self.problems: dict[str, str] = {}
        self.steps: list[dict[str, Any]] = []

    def clean(self) -> dict[str, Any]:
        """Judge the rows by the policy's own rules; sentences land on the row."""
        data = super().clean() or self.cleaned_data
        raw = [{"delay_s": self._delay(index, row), "people": list(row.people)} for index, row in enumerate(self.rows)]
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
                self.problems.get(f"steps.{index}.people", ""),
                self.problems.get(f"steps.{index}.delay_s", ""),
            )
            for index, row in enumerate(self.rows)
        ]

    def _delay(self, index: int, row: Row) -> int:
        try:
            return parse_duration(row.delay)
        except ValueError:
            wrote = row.delay.strip()[:40] or "nothing"
            self.problems[f"steps.{index}.delay_s"] = f"Write a length of time such as 5 min. You wrote {wrote}."
            return 1


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
    return [Row(step.people, spell_duration(step.delay_s)) for step in steps]
