"""What the house promises about its own working, and what is found when a promise does not hold. Standard library only.

Each app's `selfcheck.py` is a tuple of promises over its own rows; the auditor (`evidence.services.audit`) holds all
of them against the facts each minute. docs/self-checks.md lists every one, and a test compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

# Ids beyond these help nobody: who has fifty overdue pages looks at the first ones.
MOST_NAMED = 5


@dataclass(frozen=True)
class Breach:
    """A promise does not hold. sentence: what is wrong, in counts and ages, without names, addresses or secrets.

    about: public ids of the objects concerned, the first few.
    """

    sentence: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Promise:
    """One thing that must be true at every instant.

    name: `app.what`, never changed. says: the promise, a sentence. trouble: what is the matter when it does not hold,
    fit for the title of an incident. check(now): a breach, or None while it holds; cheap, indexed, changes nothing.
    remedy: what a person does. repair(now), and mends, the same in words: what the auditor tries first.

    endangers: while it does not hold, a page may not reach anybody, so the dead-man stops and somebody is paged.
    quiet: nobody is paged for it, because a page could not leave.
    """

    name: str
    says: str
    trouble: str
    check: Callable[[datetime], Breach | None]
    remedy: str
    repair: Callable[[datetime], object] | None = None
    mends: str = ""
    endangers: bool = False
    quiet: bool = False


def named(ids: Iterable[str]) -> tuple[str, ...]:
    """The first few of the public ids, each once, in order."""
    return tuple(dict.fromkeys(ids))[:MOST_NAMED]


def lasting(span: timedelta) -> str:
    """`45 s`, `12 min`, `3 h`, `6 d`: one unit, cut off, because an age in a sentence is a glance."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 page`, `3 pages`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def waiting(number: int, noun: str, oldest: datetime, now: datetime, why: str, plural: str = "") -> str:
    """`3 pages wait to be sent, the oldest for 45 s.`"""
    verb = "waits" if number == 1 else "wait"
    since = f"for {lasting(now - oldest)}" if number == 1 else f"the oldest for {lasting(now - oldest)}"
    return f"{counted(number, noun, plural)} {verb} {why}, {since}."
