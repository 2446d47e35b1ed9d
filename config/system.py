"""What the page System gathers: findings, promises, signs of life, the dead-man, versions. Reads only."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.urls import reverse

from config.health import Fact, engine_ticks
from config.liveness import FAILED
from config.promises import PROMISES
from config.wording import count
from evidence.models import ClockReading, SelfCheckFinding
from evidence.queries.watch import (
    AuditorStanding,
    DeadManStanding,
    auditor_standing,
    dead_man_standing,
    lately_closed,
    minutes_audited,
)
from ledger.models import Liveness
from ledger.promises import Promise
from monitors.models import Monitor
from oncall.queries import people_by_id

HEARD_LATELY = timedelta(hours=1)
BY_NAME = {promise.name: promise for promise in PROMISES}
# where the page of an object is, by the prefix of its public id
PLACES = {
    "INC": "incidents:incident",
    "mon": "monitors:monitor",
    "svc": "monitors:service",
    "usr": "accounts:person",
    "pol": "oncall:policy",
}


@dataclass(frozen=True)
class Found:
    """A finding with its promise, None for one of an earlier version, and the objects it names as (words, address or "")."""

    finding: SelfCheckFinding
    promise: Promise | None
    about: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Held:
    """A promise and whether it holds."""

    promise: Promise
    holds: bool


@dataclass(frozen=True)
class System:
    """Everything the page says."""

    auditor: AuditorStanding
    dead_man: DeadManStanding
    engine: Fact
    open: Sequence[Found]
    closed: Sequence[Found]
    promises: Sequence[Held]
    signs: Sequence[Liveness]
    coverage: str
    versions: Sequence[tuple[str, str]]
    clock: ClockReading | None
    lead: str


def system(*, now: datetime) -> System:
    """Gather it as of `now`."""
    auditor = auditor_standing(now=now)
    broken = {finding.name for finding in auditor.open}
    signs = Liveness.objects.filter(seen_at__gte=now - HEARD_LATELY).exclude(component__startswith=FAILED)
    return System(
        auditor=auditor,
        dead_man=dead_man_standing(),
        engine=engine_ticks(now=now),
        open=found(auditor.open),
        closed=found(list(lately_closed(now=now))),
        promises=[Held(promise, promise.name not in broken) for promise in PROMISES],
        signs=list(signs.order_by("component", "instance")),
        coverage=coverage(*minutes_audited(now=now)),
        versions=versions(),
        clock=ClockReading.objects.order_by("-hour").first(),
        lead=lead(auditor),
    )


def lead(auditor: AuditorStanding) -> str:
    """The sentence under the title."""
    if auditor.done_at is None:
        return "No audit has run yet; the engine runs one each minute."
    if not auditor.on_time:
        return "The auditor is silent: nobody knows whether the promises below hold."
    promises = count(auditor.checked, "promise")
    if not auditor.open:
        return f"{promises} about its own working, held against the facts each minute: all hold."
    number, danger = len(auditor.open), len(auditor.endangering)
    verb = "does" if number == 1 else "do"
    keeps = f"; {danger} of them may keep pages from people" if danger and number > 1 else ""
    only = "; it may keep pages from people" if danger and number == 1 else ""
    return f"{number} of {promises} {verb} not hold{keeps or only}."


def coverage(total: int, audited: int, endangered: int) -> str:
    """How much of the last month somebody watched the watcher."""
    if not total:
        return "The first full hour is not over."
    danger = f"in {endangered:,} of them paging was in danger" if endangered else "paging was never in danger"
    return f"Of the last {total:,} minutes {audited:,} were audited; {danger}."


def found(findings: Sequence[SelfCheckFinding]) -> list[Found]:
    """Findings with what the page says beside them; people and monitors by their names, in two queries for all."""
    ids = [public_id for one in findings for public_id in one.about]
    names = {public_id: str(person) for public_id, person in people_by_id(ids).items()}
    names |= dict(Monitor.objects.filter(public_id__in=ids).values_list("public_id", "name"))
    return [
        Found(one, BY_NAME.get(one.name), tuple((names.get(i, i), place_of(i)) for i in one.about)) for one in findings
    ]


def place_of(public_id: str) -> str:
    """The address of an object's page; "" for objects that have none."""
    name = PLACES.get(public_id[:3])
    return reverse(name, args=[public_id]) if name else ""


def versions() -> list[tuple[str, str]]:
    """What runs here, by name."""
    database = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
    return [
        ("Watchbook", f"{settings.VERSION} on Python {platform.python_version()}"),
        ("Database and broker", f"{database}, {'Redis' if settings.REDIS_URL else 'in memory'}"),
    ]
