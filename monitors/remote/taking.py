"""The engine's way in: results of remote probes are verified, judged, stored, and only then answered for.

A message leaves the broker before it is stored. If this process dies in between, or the database is away, nobody
answers, and the probe sends the batch again; what is stored twice is stored once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import F

from monitors.engine import life
from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.models import Location, Monitor, ProbePlan, ProbeSlot, RemoteRefusal
from monitors.remote import broker
from monitors.remote.envelope import ACK, RESULTS, Refused, seal, unseal, writer_of
from monitors.remote.messages import Results, Stored, finding_of, read, write
from monitors.remote.parties import engine_keys, probe_keys, remote_locations
from monitors.remote.plain import NotPlain

log = structlog.get_logger(__name__)

BUDGET_S = 0.5
AT_ONCE = 20
REST_AFTER_FAILURE_S = 5.0
MOST_SKEW_MS = 5_000
SIGN_OF_NOW = timedelta(minutes=5)

_broker_rests_until = 0.0


def take_results(now: datetime) -> int:
    """Take what remote probes sent, for at most BUDGET_S; return how many messages were taken.

    Without a remote location nothing is asked: the embedded installation has no broker to ask.
    """
    global _broker_rests_until
    if settings.EMBEDDED or not settings.REDIS_URL or time.monotonic() < _broker_rests_until:
        return 0
    places = remote_locations()
    if not places:
        return 0
    taken, ends = 0, time.monotonic() + BUDGET_S
    try:
        client = broker.connect(settings.REDIS_URL)
        while time.monotonic() < ends and (messages := broker.take_results(client, AT_ONCE)):
            taken += len(messages)
            for message in messages:
                _take(client, message, places, now)
    except (broker.Unreachable, OSError) as error:
        _broker_rests_until = time.monotonic() + REST_AFTER_FAILURE_S
        log.warning("remote_results_not_taken", error=type(error).__name__)
    return taken


def accept(message: bytes, places: Mapping[bytes, Location], *, now: datetime) -> tuple[Location, Results]:
    """Verify and store one message; return whose it is and what it said.

    Raises Refused, after which nothing of it was stored, and OperationalError or InterfaceError when the database is away.
    """
    location = places.get(writer_of(message, RESULTS))
    keys = probe_keys(location) if location else None
    if location is None or keys is None:
        raise Refused("stranger")
    try:
        said: Results = read(Results, unseal(message, mine=engine_keys(), writer=keys, purpose=RESULTS))
        if not said.sound:
            raise NotPlain("more than a probe sends at once")
        findings = [finding_of(one, location.pk, now=now) for one in said.seen]
    except NotPlain:
        raise Refused("wrong") from None
    planned = _planned(findings, location)
    hand_over(planned, now=now, ended_plans=_plans_of(said.ended, location), rest=time.sleep)
    life.heard(planned, now=now)
    _sign(location, said, now)
    if len(planned) < len(findings):
        refuse("not_planned", now=now, number=len(findings) - len(planned))
    return location, said


def refuse(why: str, *, now: datetime, number: int = 1) -> None:
    """Count a refused message."""
    log.warning("remote_message_refused", why=why)
    row = RemoteRefusal.objects.filter(day=now.date(), why=why)
    if not row.update(number=F("number") + number, last_at=now):
        _, new = RemoteRefusal.objects.get_or_create(
            day=now.date(), why=why, defaults={"number": number, "last_at": now}
        )
        if not new:
            row.update(number=F("number") + number, last_at=now)


def _take(client: object, message: bytes, places: Mapping[bytes, Location], now: datetime) -> None:
    try:
        location, said = accept(message, places, now=now)
    except Refused as refused:
        refuse(refused.why, now=now)
        return
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # one message that cannot be stored must not stop the others; its probe sends it again
        log.exception("remote_results_not_stored")
        return
    keys = probe_keys(location)
    if said.batch and keys is not None:
        answer = seal(write(Stored((said.batch,))), by=engine_keys(), to=keys, purpose=ACK)
        broker.push_ack(client, keys.name, said.probe, answer)


def _planned(findings: list[Finding], location: Location) -> list[Finding]:
    """Findings about monitors that are checked from there: a key speaks for its own location only."""
    asked = {finding.monitor_id for finding in findings}
    slots = ProbeSlot.objects.filter(location=location, monitor__in=asked)
    known = set(slots.values_list("monitor_id", flat=True))
    versions = dict(Monitor.objects.filter(pk__in=known).values_list("pk", "version"))
    return [one for one in findings if one.monitor_version <= versions.get(one.monitor_id, -1)]


def _plans_of(ended: tuple[int, ...], location: Location) -> list[int]:
    return list(ProbePlan.objects.filter(pk__in=ended[:100], location=location).values_list("pk", flat=True))


def _sign(location: Location, said: Results, now: datetime) -> None:
    """A sign of life, unless it lay in the spool for so long that it says nothing of now."""
    if said.sign is None or abs(now - said.sign.at) > SIGN_OF_NOW:
        return
    if abs(said.sign.skew_ms) > MOST_SKEW_MS:
        log.warning("remote_clock_is_off", location=location.name, by_ms=said.sign.skew_ms)
    lag, spooled = (min(max(number, 0), 2**31 - 1) for number in (said.sign.lag_ms, said.sign.spooled))
    life.write(location.pk, sign_at=now, instance=said.probe[:64], lag_ms=lag, spooled=spooled)
