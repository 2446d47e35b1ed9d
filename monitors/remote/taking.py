"""The engine's way in: results of remote probes are verified, judged, stored, and only then answered for.

A message leaves the broker before it is stored. If this process dies in between, or the database is away, nobody
answers, and the probe sends the batch again; what is stored twice is stored once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
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
from monitors.remote.messages import KEPT, Results, Stored, finding_of, read, write
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

    A result in it that cannot be is left out and counted: its probe would send the batch for ever. Raises Refused for a
    message that is not a location's of ours, and OperationalError or InterfaceError when the database is away.
    """
    location = places.get(writer_of(message, RESULTS))
    keys = probe_keys(location) if location else None
    if location is None or keys is None:
        raise Refused("stranger")
    try:
        said: Results = read(Results, unseal(message, mine=engine_keys(), writer=keys, purpose=RESULTS))
    except NotPlain:
        raise Refused("wrong") from None
    if not said.sound:
        raise Refused("wrong")
    left_out: Counter[str] = Counter()
    planned = _planned(list(_findings(said, location, left_out, now)), location, left_out)
    _store(planned, _plans_of(said.ended, location), left_out, now)
    life.heard(planned, now=now)
    _sign(location, said, now)
    for why, number in left_out.items():
        refuse(why, now=now, number=number)
    return location, said


def _findings(said: Results, location: Location, left_out: Counter[str], now: datetime) -> Iterator[Finding]:
    for one in said.seen:
        if one.planned_at < now - KEPT:
            left_out["too_old"] += 1
            continue
        try:
            yield finding_of(one, location.pk, now=now)
        except NotPlain:
            left_out["wrong"] += 1


def _store(findings: list[Finding], ended: list[int], left_out: Counter[str], now: datetime) -> None:
    """Hand over; if the database will never take one of them, the others one by one."""
    try:
        hand_over(findings, now=now, ended_plans=ended, rest=time.sleep)
        return
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("remote_results_not_stored", results=len(findings))
    for finding in findings:
        try:
            hand_over([finding], now=now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("remote_result_dropped", monitor=finding.monitor_id)
            left_out["unstorable"] += 1


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
    keys = probe_keys(location)
    if said.batch and keys is not None:
        answer = seal(write(Stored((said.batch,))), by=engine_keys(), to=keys, purpose=ACK)
        broker.push_ack(client, keys.name, said.probe, answer)


def _planned(findings: list[Finding], location: Location, left_out: Counter[str]) -> list[Finding]:
    """Findings about monitors that are checked from there: a key speaks for its own location only."""
    asked = {finding.monitor_id for finding in findings}
    slots = ProbeSlot.objects.filter(location=location, monitor__in=asked)
    known = set(slots.values_list("monitor_id", flat=True))
    versions = dict(Monitor.objects.filter(pk__in=known).values_list("pk", "version"))
    planned = [one for one in findings if one.monitor_version <= versions.get(one.monitor_id, -1)]
    if len(planned) < len(findings):
        left_out["not_planned"] += len(findings) - len(planned)
    return planned


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
