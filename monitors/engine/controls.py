"""Whose fault is it: a check that got no answer while no control target answers either has measured nothing.

Runs where results are handed over, before they are. Targets are called at most every few seconds, and only when a
check got no answer at all: an answer, also a bad one, proves that the network is there.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from accounts.egress.guard import EgressRules
from accounts.egress.rules import current_rules
from monitors.controls import split
from monitors.engine.findings import Finding
from monitors.gaps import GapCause, Scope
from monitors.models import ControlMeasurement, Location, MonitoringGap
from monitors.probes.tcp import TcpCheck
from monitors.probes.tcp import run as connect
from monitors.probes.trace import Outcome, Place, Trace
from monitors.services.gaps import end_gap, record_gap

TIMEOUT_S = 2.0
FRESH_S = 5.0
OWN_NETWORK = "own_network"

_lock = threading.Lock()
_measured: dict[int, tuple[float, ControlMeasurement]] = {}
_gaps_read_at = float("-inf")
_gaps: dict[int, MonitoringGap] = {}


def forget() -> None:
    """Begin anew: what was measured is no longer known."""
    global _gaps_read_at
    _measured.clear()
    _gaps.clear()
    _gaps_read_at = float("-inf")


def doubt(findings: Sequence[Finding], *, now: datetime) -> list[Finding]:
    """The findings, those without an answer as unmeasured where all control targets of their location fail too.

    The gap of the location begins with the first of them, and ends with the first answer.
    """
    with _lock:
        dark: dict[int, ControlMeasurement] = {}
        for place in {one.location_id for one in findings if is_mute(one)}:
            measured = _measure(place, now)
            if measured is not None and not measured.answered:
                dark[place] = measured
        told = [
            _unmeasured(one, dark[one.location_id]) if is_mute(one) and one.location_id in dark else one
            for one in findings
        ]
        for place, measured in dark.items():
            _begin(place, [one for one in findings if one.location_id == place and is_mute(one)], measured, now)
        _end([one for one in findings if has_answer(one)], now)
        return told


def is_mute(finding: Finding) -> bool:
    """Whether a check failed without any answer."""
    trace = finding.trace
    return trace.outcome is Outcome.FAILED and not trace.status and not trace.body_bytes and not trace.wait_us


def has_answer(finding: Finding) -> bool:
    """Whether something answered, well or not."""
    return finding.trace.outcome in (Outcome.OK, Outcome.FAILED) and not is_mute(finding)


def _measure(place: int, now: datetime) -> ControlMeasurement | None:
    """The newest measurement of a location, made now if it is old; None where no target is named."""
    at, held = _measured.get(place, (float("-inf"), None))
    if held is not None and time.monotonic() - at < FRESH_S:
        return held
    targets = Location.objects.filter(pk=place).values_list("control_targets", flat=True).first() or []
    if not targets:
        return None
    traces = asyncio.run(_call(targets, current_rules()))
    results = [
        {"target": target, "outcome": trace.outcome.value, "code": trace.code, "total_us": trace.total_us}
        for target, trace in zip(targets, traces, strict=True)
    ]
    answered = sum(trace.outcome is Outcome.OK for trace in traces)
    measured = ControlMeasurement.objects.create(location_id=place, taken_at=now, answered=answered, results=results)
    _measured[place] = (time.monotonic(), measured)
    return measured


async def _call(targets: Sequence[str], rules: EgressRules) -> list[Trace]:
    checks = [TcpCheck(Place(*split(target), False), TIMEOUT_S) for target in targets]
    return list(await asyncio.gather(*(connect(check, rules) for check in checks)))


def _unmeasured(finding: Finding, measured: ControlMeasurement) -> Finding:
    trace = finding.trace
    named = len(measured.results)
    whom = "the one control target did not answer" if named == 1 else f"none of {named} control targets answered"
    sentence = f"Nothing was measured: {whom} either ({measured.public_id}). The check itself said: {trace.sentence}"
    return replace(finding, trace=replace(trace, outcome=Outcome.BLOCKED, code=OWN_NETWORK, sentence=sentence[:300]))


def _begin(place: int, mute: list[Finding], measured: ControlMeasurement, now: datetime) -> None:
    if place in _open_gaps():
        return
    gap = record_gap(
        scope=Scope.LOCATION,
        location=Location.objects.get(pk=place),
        cause=GapCause.NETWORK,
        started_at=min(one.planned_at for one in mute),
        ended_at=None,
        now=now,
        measurements=(measured.public_id,),
    )
    if gap is not None:
        _gaps[place] = gap


def _end(answers: list[Finding], now: datetime) -> None:
    for place, gap in list(_open_gaps().items()):
        after = [one.planned_at for one in answers if one.location_id == place and one.planned_at > gap.started_at]
        if after:
            end_gap(gap, ended_at=min(after), now=now)
            _gaps.pop(place, None)
            _measured.pop(place, None)


def _open_gaps() -> dict[int, MonitoringGap]:
    """Gaps of our own network that go on, by location; other processes' are known after a few seconds."""
    global _gaps_read_at
    if time.monotonic() - _gaps_read_at >= FRESH_S:
        _gaps_read_at = time.monotonic()
        _gaps.clear()
        found = MonitoringGap.objects.filter(cause=GapCause.NETWORK, ended_at__isnull=True, location__isnull=False)
        _gaps.update({gap.location_id: gap for gap in found.select_related("location") if gap.location_id})
    return _gaps
