"""The registers for screens and API: certificates with what can be said of them at an instant, values of names, dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from monitors.expiry import days_left, remaining
from monitors.health import believed
from monitors.models import Certificate, DnsObservation, HealthChange, HealthDependency, Monitor
from monitors.states import State

SOON = timedelta(days=30)
CHANGES_SHOWN = 20
WORST = (State.DOWN, State.DEGRADED, State.UNKNOWN, State.UP)
HEALTH_WORDS = {State.UP: "In order", State.DEGRADED: "Warns", State.DOWN: "Fails", State.UNKNOWN: "Not spoken of"}


@dataclass(frozen=True)
class Shown:
    """A certificate at an instant: state (as a monitor's) and word, and how long it is still good, in words."""

    certificate: Certificate
    state: str
    word: str
    remaining: str
    days: int


@dataclass(frozen=True)
class Dependency:
    """A dependency at an instant. state, word: what may be claimed now; spoken_at: the newest document that spoke of it."""

    row: HealthDependency
    state: State
    word: str
    spoken_at: datetime


@dataclass(frozen=True)
class Health:
    """What a health check was told: the dependencies, the worst first, and the newest changes, the newest first.

    places: how many it is checked from. left_out: names in its newest documents that have no row.
    """

    dependencies: list[Dependency]
    changes: list[HealthChange]
    places: int
    left_out: int


def health_of(monitor: Monitor, *, now: datetime) -> Health:
    """The dependencies of a health check: two queries for any number of them."""
    rows: list[Any] = list(
        HealthDependency.objects.with_document().filter(monitor=monitor).order_by("name", "location__name", "pk")
    )
    found = sorted((dependency_at(row, now=now) for row in rows), key=lambda one: WORST.index(one.state))
    changes = HealthChange.objects.filter(dependency__monitor=monitor).select_related("dependency__location")
    left_out = {row.location_id: row.document_left_out for row in rows}
    return Health(found, list(changes.order_by("-at", "-pk")[:CHANGES_SHOWN]), len(left_out), sum(left_out.values()))


def dependency_at(row: Any, *, now: datetime) -> Dependency:
    """What may be claimed of a dependency at an instant. row: with its document (`HealthDependencies.with_document`)."""
    told = State(row.state)
    if told is State.UNKNOWN:
        return Dependency(row, told, HEALTH_WORDS[told], row.last_seen_at)
    every, limit = timedelta(seconds=row.monitor.interval_s), timedelta(seconds=row.monitor.timeout_s)
    state = State(believed(told, row.document_at, now, interval=every, timeout=limit))
    word = HEALTH_WORDS[told] if state is told else "Not heard of"
    return Dependency(row, state, word, row.document_at)


def certificates_in_use() -> QuerySet[Certificate]:
    """The servers' own certificates that nothing has replaced, the one that ends first in front."""
    held = Certificate.objects.filter(position=0, renewed_at=None, monitor__retired_at=None)
    return held.select_related("monitor").order_by("not_after", "pk")


def shown(certificates: Iterable[Certificate], now: datetime) -> list[Shown]:
    """Certificates with their states."""
    return [_shown(certificate, now) for certificate in certificates]


def chain_of(certificate: Certificate) -> list[Certificate]:
    """The certificates that were seen with this one when it was seen last, itself first."""
    held = Certificate.objects.filter(
        host=certificate.host, port=certificate.port, last_seen_at=certificate.last_seen_at
    )
    return list(held.order_by("position", "pk"))


def renewals_of(certificate: Certificate) -> list[Certificate]:
    """Every certificate of its own that the same host and port ever showed, newest first."""
    held = Certificate.objects.filter(host=certificate.host, port=certificate.port, position=0)
    return list(held.order_by("-first_seen_at", "-pk"))


def chain_in_use(monitor: Monitor) -> list[Certificate]:
    """What a monitor saw last, the server's own certificate first."""
    newest = Certificate.objects.filter(monitor=monitor, position=0).order_by("-last_seen_at").first()
    return chain_of(newest) if newest is not None else []


def values_seen(monitor: Monitor) -> Sequence[DnsObservation]:
    """The sets of values a monitor saw last, newest first."""
    return list(monitor.dns_observations.order_by("-last_seen_at", "-pk")[:CHANGES_SHOWN])


def _shown(certificate: Certificate, now: datetime) -> Shown:
    state, word = _state(certificate, now)
    return Shown(certificate, state, word, remaining(certificate.not_after, now), days_left(certificate.not_after, now))


def _state(certificate: Certificate, now: datetime) -> tuple[str, str]:
    if certificate.renewed_at is not None:
        return "paused", "Replaced"
    if certificate.not_after <= now:
        return "down", "Ended"
    if certificate.chain_ok is False:
        return "down", "Not trusted"
    if certificate.hostname_ok is False:
        return "down", "Wrong name"
    if certificate.not_after - now <= SOON:
        return "degraded", "Ends soon"
    return ("unknown", "Not judged") if certificate.chain_ok is None else ("up", "In order")
