"""What the page System gathers: findings, promises, signs of life, the dead-man, versions. Reads only."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import django
from django.conf import settings
from django.db import connection
from django.urls import reverse

from config.health import Fact, engine_ticks
from config.liveness import FAILED
from config.promises import PROMISES
from config.wording import count
from evidence.models import SelfCheckFinding
from evidence.queries import (
    AuditorStanding,
    DeadManStanding,
    auditor_standing,
    dead_man_standing,
    lately_closed,
    minutes_audited,
)
from ledger.models import Liveness
from ledger.promises import Promise

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
    """A finding with its promise, None for one of an earlier version, and the objects it names as (id, address or "")."""

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
    minutes: tuple[int, int, int]
    versions: Sequence[tuple[str, str]]
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
        closed=found(lately_closed(now=now)),
        promises=[Held(promise, promise.name not in broken) for promise in PROMISES],
        signs=list(signs.order_by("component", "instance")),
        minutes=minutes_audited(now=now),
        versions=versions(),
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


def found(findings: Iterable[SelfCheckFinding]) -> list[Found]:
    """Findings with what the page says beside them."""
    return [
        Found(one, BY_NAME.get(one.name), tuple((public_id, place_of(public_id)) for public_id in one.about))
        for one in findings
    ]


def place_of(public_id: str) -> str:
    """The address of an object's page; "" for objects that have none."""
    name = PLACES.get(public_id[:3])
    return reverse(name, args=[public_id]) if name else ""


def versions() -> list[tuple[str, str]]:
    """What runs here, by name."""
    database = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
    return [
        ("Watchbook", settings.VERSION),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        ("Database", database),
        ("Broker", "Redis" if settings.REDIS_URL else "in memory"),
    ]
