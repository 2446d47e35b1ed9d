"""Several locations, one monitor: the rounds that a batch of findings decides, and what each location last said.

Only for monitors with more than one location; the others never come here. What was said of a slot before stands in
its stored results, so nothing is kept between hand-overs, and the lock on the monitor's state row makes two of
them count one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from monitors.engine import bulk
from monitors.engine.findings import Finding
from monitors.judge import Observation
from monitors.probes.trace import OBSERVED, Outcome
from monitors.quorum import Vote, required, rounds
from monitors.samples import LATE_AFTER

Voters = tuple[int, ...]


def read_voters(text: str) -> Voters:
    """The locations of a monitor out of its state row; none when it has one, whose results need no merging."""
    return tuple(map(int, text.split())) if text else ()


def write_voters(location_ids: Iterable[int]) -> str:
    """The locations of a monitor as its state row holds them."""
    ids = sorted(set(location_ids))
    return " ".join(map(str, ids)) if len(ids) > 1 else ""


def earlier_votes(slots: Iterable[tuple[int, datetime]]) -> dict[int, list[Vote]]:
    """What was stored before of these (monitor, slot), by monitor, in time and more than missed: one query."""
    found: dict[int, list[Vote]] = {}
    for monitor_id, planned, location_id, outcome, recorded in bulk.read_outcomes(slots):
        at, stored_at = bulk.read_instant(planned), bulk.read_instant(recorded)
        if at is not None and stored_at is not None and stored_at - at <= LATE_AFTER and outcome != Outcome.MISSED:
            found.setdefault(monitor_id, []).append(Vote(at, location_id, OBSERVED[outcome]))
    return found


def merge(findings: Iterable[Finding], before: Iterable[Vote], voters: Voters) -> list[Observation]:
    """The observations of the slots that are decided by now. One that was decided before comes again, and is
    judged to nothing, as every result that is delivered twice.

    findings: those in time, in the order of their slots. before: what is stored of the same slots.
    """
    new = (Vote(one.planned_at, one.location_id, OBSERVED[one.trace.outcome]) for one in findings)
    return [Observation(at, good) for at, good in rounds((*before, *new), voters)]


def agreed(voters: Voters) -> str:
    """The start of a sentence about what a majority saw, `At least 2 of 3 locations: `; "" for a monitor with one."""
    return f"At least {required(len(voters))} of {len(voters)} locations: " if voters else ""


def remember_voices(heard: Mapping[int, tuple[Voters, timedelta]], findings: Iterable[Finding]) -> None:
    """Keep what each location last said. heard: voters and patience of the monitors that have several, by monitor."""
    store = bulk.adapter()
    rows = []
    for one in findings:
        held, good = heard.get(one.monitor_id), OBSERVED[one.trace.outcome]
        if held is None or good is None or one.location_id not in held[0]:
            continue
        at, failing = store(one.planned_at), None if good else store(one.planned_at)
        # a good result ends every failure: nothing stored is old enough to go on from
        goes_on = at if good else store(one.planned_at - held[1])
        said = (at, good, one.trace.code, one.trace.sentence[:300])
        rows.append((*said, goes_on, failing, failing, one.monitor_id, one.location_id, at))
    bulk.hear(rows)
