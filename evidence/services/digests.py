"""One line of the ledger an hour for facts that are too many for a line each. Rules: docs/ledger.md, "Many facts, one line"."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from evidence.models import HourDigest
from ledger.hours import HOUR, HourSource, begins, hour_at, summed
from ledger.models import PurgeRecord
from ledger.record import instant, record
from monitors.digests import HOUR_SOURCES as OF_MONITORS
from oncall.digests import HOUR_SOURCES as OF_ONCALL

SOURCES: tuple[HourSource, ...] = (*OF_MONITORS, *OF_ONCALL)
# packs are made half an hour after their hour; what came later than a quarter of an hour is in no figure
READY_AFTER = timedelta(minutes=35)
BUDGET_S = 0.5
KIND = "digest.hour"
PURGED = {"packs": "monitors_resultpack", "failures": "monitors_result", "pings": "monitors_ping"}


def digest_hours(now: datetime) -> int:
    """Write the line of every hour that is whole and has none, oldest first, for at most BUDGET_S; return how many.

    The first one ever is the newest whole hour: what was before it was seen by no digest.
    """
    newest = HourDigest.objects.order_by("-hour").values_list("hour", flat=True).first()
    until = hour_at(now - READY_AFTER)
    hour = until - 1 if newest is None else newest + 1
    done, ends = 0, time.monotonic() + BUDGET_S
    while hour < until and time.monotonic() < ends:
        end = begins(hour) + HOUR
        if not all(source.ready(end) for source in SOURCES) and now - end < timedelta(days=1):
            break  # an engine that stood still packs first; a day later the hour is told as it is
        done += _write(hour, now)
        hour += 1
    return done


def figures_of(hour: int) -> dict[str, dict[str, Any]]:
    """Count and hash of each kind of fact of an hour, as they are in the database now."""
    start = begins(hour)
    told = {source.name: summed(source.rows(start, start + HOUR)) for source in SOURCES}
    return {name: {"count": one.count, "sha256": one.sha256} for name, one in told.items()}


@dataclass(frozen=True)
class Compared:
    """What a comparison of lines with rows found. gone: figures that could not be compared, because rows are purged."""

    hours: int
    gone: int
    faults: tuple[str, ...]


def compare(*, first: int | None = None, most_faults: int = 10) -> Compared:
    """Compute every digest anew and hold it against its line. first: from which hour on."""
    faults: list[str] = []
    hours = gone = 0
    bounds = _purged_until()
    rows = HourDigest.objects.select_related("entry").order_by("hour")
    for row in rows.filter(hour__gte=first) if first is not None else rows:
        said = json.loads(row.entry.line)["data"]
        hours += 1
        if said.get("hour") != instant(begins(row.hour)):
            faults.append(f"the line of hour {row.hour} speaks of {said.get('hour')}")
            continue
        found = figures_of(row.hour)
        missing = {name for name, bound in bounds.items() if begins(row.hour) < bound}
        gone += len(missing)
        faults += list(_differing(said["facts"], found, missing, instant(begins(row.hour))))
        if len(faults) >= most_faults:
            break
    return Compared(hours, gone, tuple(faults[:most_faults]))


def _differing(
    said: dict[str, dict[str, Any]], found: dict[str, dict[str, Any]], missing: set[str], at: str
) -> Iterator[str]:
    for name, figures in said.items():
        if name in missing or name not in found or figures == found[name]:
            continue
        count, now_count = figures["count"], found[name]["count"]
        how = (
            f"{count} were recorded, {now_count} are there" if count != now_count else "they are not what was recorded"
        )
        yield f"{name} of {at}: {how}"


def _purged_until() -> dict[str, datetime]:
    """By the name of a fact: rows before that may have been purged, with a record of it."""
    found = {}
    for name, table in PURGED.items():
        newest = PurgeRecord.objects.filter(table_name=table).order_by("-bound_at").first()
        if newest is not None:
            found[name] = newest.bound_at
    return found


def _write(hour: int, now: datetime) -> int:
    facts = figures_of(hour)
    try:
        with transaction.atomic():
            entry = record(KIND, [], {"hour": instant(begins(hour)), "facts": facts}, now=now)
            HourDigest.objects.create(hour=hour, entry=entry, recorded_at=now)
    except IntegrityError:
        return 0  # another engine was faster: one line an hour
    return 1
