"""What the messages say: a plan with its checks on the way out, results and signs of life on the way back.

Everything is JSON inside the envelope. Both sides read it with the types of the house, so a message that holds
anything else is refused as a whole.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.egress.guard import EgressRules
from monitors.engine.findings import Finding, Job, Slot
from monitors.kinds.health_document import read_again
from monitors.probes.registry import PROBES
from monitors.probes.trace import Trace
from monitors.remote.plain import NotPlain, as_plain, of_plain

FORMAT = 1
MOST_FINDINGS = 2_000
NAME_MOST = 80
FUTURE = timedelta(minutes=1)
KEPT = timedelta(days=2)  # results are rows for so long; older ones nobody would look for
TEXTS = {"code": 16, "sentence": 300, "content_type": 200, "sample": 2_000}  # as the columns hold them
STATUS_MOST = 32_767
MICROSECONDS_MOST = 86_400_000_000

# Every type of check of the house can travel: by the name of its class.
CHECKS: dict[str, Any] = {probe.check.__name__: probe.check for probe in PROBES.values()}


@dataclass(frozen=True, slots=True)
class Rules:
    """The egress rules as they travel."""

    allowed: tuple[str, ...]
    own: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One slot of a plan. check: which of the plan's checks; one check may have many slots."""

    due_ms: int
    retry: bool
    check: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What is checked, and for whom. kind: the name of the check's class; check: its fields."""

    monitor: int
    version: int
    interval_s: int
    kind: str
    check: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it travels: everything a probe needs. lost_after: from when on nobody waits for it."""

    plan: int
    sent_at: datetime
    lost_after: datetime
    rules: Rules
    watched: tuple[Watched, ...]
    slots: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """One finding as it travels; its location is whose key signed the message."""

    monitor: int
    version: int
    planned_at: datetime
    retry: bool
    lag_us: int
    trace: Trace


@dataclass(frozen=True, slots=True)
class Sign:
    """A probe's sign of life. skew_ms: how far its clock is from the engine's; spooled: results not delivered yet."""

    at: datetime
    lag_ms: int = 0
    spooled: int = 0
    skew_ms: int = 0


@dataclass(frozen=True, slots=True)
class Results:
    """What a probe says. batch: what the engine answers for once it is stored; "" for a mere sign of life."""

    probe: str
    batch: str = ""
    seen: tuple[Seen, ...] = ()
    ended: tuple[int, ...] = ()
    sign: Sign | None = None

    @property
    def sound(self) -> bool:
        """Whether it is no longer than what a probe sends: its name is part of a key in the broker."""
        named = 0 < len(self.probe) <= NAME_MOST and len(self.batch) <= 2 * NAME_MOST
        return named and len(self.seen) <= MOST_FINDINGS and len(self.ended) <= MOST_FINDINGS


@dataclass(frozen=True, slots=True)
class Stored:
    """The engine's answer: these batches are in the database."""

    batches: tuple[str, ...] = field(default=())


def write(message: Any) -> bytes:
    """A message as bytes."""
    return json.dumps({"format": FORMAT, **as_plain(message)}, separators=(",", ":")).encode()


def read(kind: Any, body: bytes) -> Any:
    """A message of this kind out of bytes. Raises NotPlain."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotPlain("no JSON") from error
    if not isinstance(told, dict) or told.pop("format", None) != FORMAT:
        raise NotPlain("another format")
    return of_plain(kind, told)


def plan_of(job: Job, *, sent_at: datetime, lost_after: datetime) -> Plan:
    """A loaded job as it travels."""
    places: dict[int, int] = {}
    watched: list[Watched] = []
    slots = []
    for slot in job.slots:
        if slot.monitor_id not in places:
            places[slot.monitor_id] = len(watched)
            name, check = type(slot.check).__name__, as_plain(slot.check)
            watched.append(Watched(slot.monitor_id, slot.monitor_version, slot.interval_s, name, check))
        slots.append(Asked(round(slot.due * 1000), slot.retry, places[slot.monitor_id]))
    return Plan(job.plan_id, sent_at, lost_after, rules_out(job.rules), tuple(watched), tuple(slots))


def job_of(plan: Plan, own: EgressRules) -> Job:
    """The job of a plan at the probe, whose own places are never called either. Raises NotPlain."""
    checks = [_check(one) for one in plan.watched]
    slots = []
    for asked in plan.slots:
        if not 0 <= asked.check < len(checks):
            raise NotPlain("a slot of no check")
        one = plan.watched[asked.check]
        slots.append(
            Slot(
                due=asked.due_ms / 1000,
                planned_at=datetime.fromtimestamp(0, plan.sent_at.tzinfo) + timedelta(milliseconds=asked.due_ms),
                retry=asked.retry,
                monitor_id=one.monitor,
                monitor_version=one.version,
                location_id=0,
                interval_s=one.interval_s,
                check=checks[asked.check],
            )
        )
    return Job(plan.plan, tuple(slots), rules_in(plan.rules, own))


def rules_out(rules: EgressRules) -> Rules:
    """Egress rules as they travel. What is ours on this machine's addresses is spelt out; loopback is each machine's own."""
    outside = [address for address in rules.local if not address.is_loopback]
    own = {*rules.own, *((address, port) for address in outside for port in rules.own_ports)}
    named = sorted((str(address), port) for address, port in own if not address.is_loopback)
    return Rules(tuple(str(network) for network in rules.allowed), tuple(named))


def rules_in(rules: Rules, own: EgressRules) -> EgressRules:
    """The rules for checks at a probe: what an admin allowed, and never the engine's places nor the probe's own."""
    try:
        allowed = tuple(ipaddress.ip_network(cidr) for cidr in rules.allowed)
        theirs = {(ipaddress.ip_address(address), port) for address, port in rules.own}
    except ValueError as error:
        raise NotPlain("no address") from error
    return EgressRules(allowed=allowed, own=frozenset(theirs | own.own), own_ports=own.own_ports, local=own.local)


def seen_of(finding: Finding) -> Seen:
    """A finding as it travels: cut to what is kept."""
    trace = finding.trace
    for name, most in TEXTS.items():
        setattr(trace, name, getattr(trace, name)[:most])
    return Seen(finding.monitor_id, finding.monitor_version, finding.planned_at, finding.retry, finding.lag_us, trace)


def finding_of(seen: Seen, location_id: int, *, now: datetime) -> Finding:
    """A finding out of a message, held to what the columns hold. Raises NotPlain."""
    trace = seen.trace
    counts = (trace.dns_us, trace.connect_us, trace.tls_us, trace.wait_us, trace.transfer_us, trace.total_us)
    sound = (
        all(0 <= number <= MICROSECONDS_MOST for number in (*counts, seen.lag_us))
        and 0 <= trace.status <= STATUS_MOST
        and 0 <= trace.body_bytes <= 2**40
        and 0 <= seen.version < 2**31
        and 0 < seen.monitor < 2**62
        and all(len(getattr(trace, name)) <= most for name, most in TEXTS.items())
        and now - KEPT <= seen.planned_at <= now + FUTURE
    )
    if not sound:
        raise NotPlain("a result that cannot be")
    if trace.dependencies is not None:
        try:
            trace.dependencies = read_again(trace.dependencies)
        except ValueError as error:
            raise NotPlain("a result that cannot be") from error
    return Finding(seen.monitor, seen.version, location_id, seen.planned_at, seen.retry, seen.lag_us, trace)


def _check(one: Watched) -> Any:
    if one.kind not in CHECKS:
        raise NotPlain(f"no check of the kind {one.kind[:40]}")
    return of_plain(CHECKS[one.kind], one.check)
