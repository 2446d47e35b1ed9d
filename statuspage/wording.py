"""The sentences of a status page, in customers' words. Standard library only; no name in here but those a page shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Protocol

from incidents.wording import join_names, spoken_duration
from statuspage.states import DEGRADED, DOWN, UNKNOWN, UP, WORDS, worst

DAY_ORDER = (DOWN, DEGRADED, UNKNOWN, UP)


class Day(Protocol):
    """One day of a component, as monitors.days counts it."""

    date: date
    seconds: dict[str, float]


def headline(titles: Sequence[str], components: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The state and the first sentence of a page. titles: of open incidents, newest first. components: (name, state)."""
    state = worst([state for _, state in components])
    if titles:
        # an incident that is open is never shown as all well, whatever is measured
        return (state if state in (DOWN, DEGRADED) else DEGRADED), titles[0]
    if not components:
        return UNKNOWN, "No component is shown here yet"
    if state == UP:
        return UP, "Everything works"
    return state, _named(state, components)


def beside(titles: Sequence[str], components: Sequence[tuple[str, str]]) -> str:
    """What stands below the first sentence: the states that it did not say, and what works."""
    state, _ = headline((), components)
    said = [one for one in (DOWN, DEGRADED, UNKNOWN) if titles or one != state]
    parts = [_named(one, components) for one in said if any(held == one for _, held in components)]
    if any(held == UP for _, held in components) and state != UP:
        parts.append("Everything else works")
    elif titles and components and state == UP:
        parts.append("Every component is measured as working")
    more = len(titles) - 1
    if more > 0:
        parts.append(f"{more} more {'incident is' if more == 1 else 'incidents are'} open")
    return "".join(f"{part}. " for part in parts).rstrip()


def day_words(day: Day) -> str:
    """`3 March: not working 19 min, not measured 2 min`; a day without a fault is `3 March: working`."""
    return f"{day.date.day} {day.date:%B}: {_lengths(day.seconds) or 'not measured yet'}"


def days_words(days: Sequence[Day]) -> str:
    """All days in one sentence: what a drawing of them says. `90 days: not working 31 min, not measured 24 min`."""
    total: dict[str, float] = {}
    for day in days:
        for state, seconds in day.seconds.items():
            total[state] = total.get(state, 0.0) + seconds
    return f"{len(days)} days: {_lengths(total) or 'not measured yet'}"


def faults_words(days: Sequence[Day]) -> str:
    """The same without the count of days and without what worked: `not working 31 min`, or "" for no fault."""
    return days_words(days).partition(": ")[2] if any(set(day.seconds) - {UP} for day in days) else ""


def _lengths(seconds: dict[str, float]) -> str:
    held = [state for state in DAY_ORDER if seconds.get(state)]
    if held == [UP]:
        return WORDS[UP].lower()
    return ", ".join(
        f"{WORDS[state].lower()} {spoken_duration(timedelta(seconds=seconds[state]))}" for state in held if state != UP
    )


def _named(state: str, components: Sequence[tuple[str, str]]) -> str:
    """`Not working: Placing orders and Tracking`."""
    return f"{WORDS[state]}: {join_names([name for name, held in components if held == state])}"
