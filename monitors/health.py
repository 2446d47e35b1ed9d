"""What a health document changes of what is known of each dependency. Pure, standard library only; rules in docs/monitoring.md.

A dependency is up, degraded or down as its newest document says, and unknown once a document does not speak of it any
more. A document speaks for two intervals and a timeout, as a result does: what it said is not believed for longer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from monitors.kinds.health_document import Dependency
from monitors.states import State

KEPT = 50  # dependencies of one document that have a row
STATES = (State.UP, State.DEGRADED, State.DOWN)  # by grade
_DIGITS = re.compile(r"\d+")


class Known(NamedTuple):
    """What is known of a dependency: its state, and the word it was given, "" when nothing spoke of it."""

    state: State
    said: str


class Turn(NamedTuple):
    """One change. before: the state until then, None at first sight; before_until: when it was last said."""

    name: str
    state: State
    said: str
    before: State | None
    before_until: datetime | None


def fingerprint_of(told: Iterable[Dependency]) -> str:
    """The same for two documents that say the same. Numbers in a reason are left out: they change with every check."""
    said = sorted((one.name, one.grade, one.said, _DIGITS.sub("0", one.why)) for one in told)
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def chosen(told: Sequence[Dependency], known: Collection[str]) -> list[Dependency]:
    """The dependencies that are kept of a document: those that have a row first, so that none is pushed out by a new one."""
    old = [one for one in told if one.name in known]
    new = [one for one in told if one.name not in known]
    return [*old, *new][:KEPT]


def turns(
    known: Mapping[str, Known], told: Iterable[Dependency], *, at: datetime, last: datetime | None, patience: timedelta
) -> list[Turn]:
    """What a document of `at` changes. last: when the document before it was; None if it is the first.

    After a silence longer than `patience` everything that is said is told anew, so that no state reaches across it.
    """
    silent = last is not None and at - last > patience
    found, named = [], set()
    for one in told:
        named.add(one.name)
        before, state = known.get(one.name), STATES[one.grade]
        if before is None:
            found.append(Turn(one.name, state, one.said, None, None))
        elif silent or before != (state, one.said):
            found.append(Turn(one.name, state, one.said, before.state, last))
    for name, before in known.items():
        if name not in named and before.state is not State.UNKNOWN:
            found.append(Turn(name, State.UNKNOWN, "", before.state, last))
    return found


def believed(state: str, seen_at: datetime, now: datetime, *, interval: timedelta, timeout: timedelta) -> str:
    """The state that may be claimed at `now`: unknown when the newest document is too old to speak."""
    return state if now - seen_at <= 2 * interval + timeout else State.UNKNOWN.value
