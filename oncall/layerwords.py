"""Parts of a rotation in words, from what is stored: how long turns are, in which hours they count. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EACH = {"hours": "every hour", "days": "every day", "weeks": "every week", "months": "every month"}


def rotation_words(unit: str, lengths: Sequence[int]) -> str:
    """`every week`, `every 2 weeks`, `after 4 and 3 days`: when a rotation hands over."""
    if list(lengths) == [1]:
        return EACH.get(unit, unit)
    if len(lengths) == 1:
        return f"every {lengths[0]} {unit}"
    *first, last = map(str, lengths)
    return f"after {', '.join(first)} and {last} {unit}"


def days_words(days: Sequence[int]) -> str:
    """`every day`, `Mon to Fri`, `Sat, Sun`."""
    held = sorted(days)
    if len(held) == len(DAYS):
        return "every day"
    if len(held) > 2 and held == list(range(held[0], held[-1] + 1)):
        return f"{DAYS[held[0]]} to {DAYS[held[-1]]}"
    return ", ".join(DAYS[day] for day in held)


def hours_words(restrictions: Sequence[Mapping[str, Any]]) -> str:
    """`Mon to Fri 09:00 to 17:00`; `at all hours` without restrictions."""
    said = [f"{days_words(one['days'])} {one['starts']} to {one['ends']}" for one in restrictions]
    return "; ".join(said) or "at all hours"
