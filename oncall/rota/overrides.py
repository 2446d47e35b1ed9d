"""What overrides make of the answer of the layers. docs/schedules.md, "Overrides"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from oncall.rota.schedule import Kind, OnCall, Override, Person


def answer(held: Iterable[OnCall | None], overrides: Sequence[Override]) -> tuple[OnCall, ...]:
    """Who is on call, given what the layers say in their order and the overrides in the order in which they were made.

    Each override changes what those before it left. A removal that leaves nobody asks the layers below.
    """
    asked = iter(held)
    removed: set[Person] = set()
    found = _ask(asked, removed)
    for override in overrides:
        if override.kind is Kind.REMOVE and override.whom:
            removed.add(override.whom)
            found = _without(found, override.whom) or _ask(asked, removed)
        elif override.who:
            found = _CHANGES[override.kind](found, override, override.who)
    return found


def _ask(asked: Iterator[OnCall | None], removed: set[Person]) -> tuple[OnCall, ...]:
    """The first of the layers not asked yet that has somebody who was not removed."""
    for one in asked:
        if one is not None and one.person not in removed:
            return (one,)
    return ()


def _added(found: tuple[OnCall, ...], override: Override, who: Person) -> tuple[OnCall, ...]:
    return found if _has(found, who) else (*found, OnCall(who, override=override))


def _replaced(found: tuple[OnCall, ...], override: Override, who: Person) -> tuple[OnCall, ...]:
    """`who` in the place of one person, if that one is on call, or alone in the place of all."""
    if override.whom is None:
        others = tuple(one.person for one in _without(found, who))
        if found and not others:
            return found
        return (OnCall(who, found[0].turn if len(found) == 1 else None, override, others),)
    if _has(found, who):
        return found if override.whom == who else _without(found, override.whom)
    return tuple(
        OnCall(who, one.turn, override, (one.person,)) if one.person == override.whom else one for one in found
    )


def _has(found: tuple[OnCall, ...], person: Person) -> bool:
    return any(one.person == person for one in found)


def _without(found: tuple[OnCall, ...], person: Person) -> tuple[OnCall, ...]:
    return tuple(one for one in found if one.person != person)


_CHANGES = {Kind.ADD: _added, Kind.REPLACE: _replaced}
