"""A schedule as it is drawn and listed: stretches of time with their people, and the bars of a band. Standard library only.

What was is told from the record and what will be from the plan; where the same people go on from one to the other, it is one stretch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from oncall.rota.calendar import Window
from oncall.rota.layers import pieces
from oncall.rota.lived import Lived
from oncall.rota.schedule import Kind, Layer, Override, Person, Schedule, Shift
from oncall.rota.words import names, reasons

# percent of a calendar 1,200 px wide that a letter takes, and a bar keeps free
LETTER, MARGIN = 0.56, 0.9
SHADES = ("k-shift", "k-shift-2")
GAP, UNKNOWN = "k-unknown", "k-none"


@dataclass(frozen=True, slots=True)
class Stretch:
    """One answer in `[start, end)`. people None: not on record. why: a sentence each. numbers: of the overrides behind it."""

    start: datetime
    end: datetime
    role: str
    people: tuple[Person, ...] | None
    why: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    planned: bool = True

    @property
    def is_gap(self) -> bool:
        """Whether nobody is on call, and that is known."""
        return self.people == ()

    @property
    def said(self) -> str:
        """Who, in words."""
        return "not on record" if self.people is None else names(self.people)


class Bar(NamedTuple):
    """A block of a band as `draw.blocks` takes it."""

    start: datetime
    end: datetime
    css: str
    text: str
    title: str


def planned_stretches(plan: Schedule, shifts: Iterable[Shift]) -> list[Stretch]:
    """Shifts to come, with the reasons for them."""
    return [
        Stretch(
            shift.start, shift.end, shift.role, shift.people, tuple(reasons(plan, shift)),
            tuple(one.override.number for one in shift.on_call if one.override),
        )
        for shift in shifts
    ]  # fmt: skip


def lived_stretches(role: str, lived: Iterable[Lived], why: dict[str, str]) -> list[Stretch]:
    """What was; why: the reason that was given then, by the id of a fact."""
    return [
        Stretch(one.start, one.end, role, one.people, tuple(_told(one, why)), planned=False)
        for one in lived
        if one.start < one.end
    ]


def joined(was: Sequence[Stretch], will: Sequence[Stretch]) -> list[Stretch]:
    """Both in order; who goes on is one stretch, for the reason that holds now."""
    if was and will and was[-1].end == will[0].start and _same(was[-1], will[0]):
        return [*was[:-1], replace(will[0], start=was[-1].start), *will[1:]]
    return [*was, *will]


def bars(stretches: Sequence[Stretch], within: Window, tell: Callable[[Stretch], str]) -> list[Bar]:
    """The bars of a band, cut to a window. Neighbours differ in shade; gaps are hatched. tell: the tooltip of each."""
    found: list[Bar] = []
    shade = 0
    for one in stretches:
        start, end = max(one.start, within.start), min(one.end, within.end)
        if start >= end:
            continue
        shade = (shade + 1) % len(SHADES)
        css = SHADES[shade] if one.people else GAP if one.is_gap else UNKNOWN
        found.append(Bar(start, end, css, _fitting(one, (end - start) / (within.end - within.start) * 100), tell(one)))
    return found


def layer_stretches(layer: Layer, within: Window) -> list[Stretch]:
    """What one layer says of a window, overrides aside."""
    return [Stretch(one.start, one.end, layer.role, (one.on_call.person,)) for one in pieces(layer, within)]


def override_words(override: Override) -> str:
    """`#41 Ana instead of Ben`, `#42 Cid as well`, `#43 without Ben`."""
    who, whom = (one.name if one else "" for one in (override.who, override.whom))
    return f"#{override.number} {override_sentence(override.kind, who, whom)}"


def override_sentence(kind: Kind, who: str, whom: str) -> str:
    """What an override of a kind does, given names; an empty `whom` of a replacement is everybody."""
    if kind is Kind.REMOVE:
        return f"without {whom}"
    return f"{who} as well" if kind is Kind.ADD else f"{who} instead of {whom or 'whoever has it'}"


def _told(one: Lived, why: dict[str, str]) -> list[str]:
    if one.correction:
        return ["two people corrected the record"]
    return [why[fact] for fact in one.facts if why.get(fact)]


def _same(one: Stretch, other: Stretch) -> bool:
    return one.people is not None and other.people is not None and set(one.people) == set(other.people)


def _fitting(one: Stretch, percent: float) -> str:
    """As much of the names as a bar of this width can hold; its tooltip and the list below have the whole."""
    people = one.people or ()
    number = f" #{one.numbers[0]}" if one.numbers else ""
    first = ", ".join(person.name.split()[0] for person in people)
    initials = " ".join("".join(part[0] for part in person.name.split()) for person in people)
    full = names(people) if people else "nobody" if one.is_gap else ""
    for words in (full + number, full, first + number, first, initials):
        if words and len(words) * LETTER + MARGIN <= percent:
            return words
    return ""
