"""Rows of a policy form that grow, shrink and move by plain submit buttons. Standard library only.

A form without script can still add a step: the button posts the form, the rows change, the page is
drawn again with everything that was typed. Nothing is saved by these buttons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_STEPS = 20
FIRST_DELAY = "5 min"


@dataclass(frozen=True)
class Row:
    """One step as it was typed: public ids of people and teams, the wait after it in the person's words, its hours.

    days: weekdays as digits, 0 for Monday; none for a step that is always taken.
    """

    people: tuple[str, ...] = ()
    delay: str = FIRST_DELAY
    in_turn: bool = False
    days: tuple[str, ...] = ()
    starts: str = "09:00"
    ends: str = "17:00"
    zone: str = ""


@dataclass(frozen=True)
class Edit:
    """A button of the form: add a step at the end, or remove, raise or lower the step at `index`."""

    verb: str
    index: int = 0


def read_rows(lists: Mapping[str, Sequence[str]]) -> list[Row]:
    """Rows out of posted lists named `step-<n>-people`, `step-<n>-delay` and so on, in the order of n."""
    count = max((int(key.split("-")[1]) for key in lists if _is_step(key)), default=-1) + 1
    return [
        Row(
            people=tuple(lists.get(f"step-{i}-people", ())),
            delay=_first(lists, f"step-{i}-delay"),
            in_turn=bool(_first(lists, f"step-{i}-turn")),
            days=tuple(lists.get(f"step-{i}-days", ())),
            starts=_first(lists, f"step-{i}-starts"),
            ends=_first(lists, f"step-{i}-ends"),
            zone=_first(lists, f"step-{i}-zone"),
        )
        for i in range(min(count, MAX_STEPS))
    ]


def _first(lists: Mapping[str, Sequence[str]], key: str) -> str:
    return next(iter(lists.get(key, ())), "")


def read_edit(value: str) -> Edit | None:
    """The button behind `edit=<verb>` or `edit=<verb>-<index>`; None when it is not one of ours."""
    verb, _, index = value.partition("-")
    if verb not in ("add", "remove", "up", "down") or (index and not index.isdigit()):
        return None
    return Edit(verb, int(index or 0))


def apply_edit(rows: Sequence[Row], edit: Edit) -> list[Row]:
    """The rows after the button. A button that points nowhere changes nothing."""
    changed = list(rows)
    at = edit.index
    if edit.verb == "add" and len(changed) < MAX_STEPS:
        changed.append(Row())
    elif edit.verb == "remove" and at < len(changed):
        del changed[at]
    elif edit.verb == "up" and 0 < at < len(changed):
        changed[at - 1], changed[at] = changed[at], changed[at - 1]
    elif edit.verb == "down" and at + 1 < len(changed):
        changed[at], changed[at + 1] = changed[at + 1], changed[at]
    return changed or [Row()]


def _is_step(key: str) -> bool:
    parts = key.split("-")
    return len(parts) == 3 and parts[0] == "step" and parts[1].isdigit() and int(parts[1]) < MAX_STEPS
