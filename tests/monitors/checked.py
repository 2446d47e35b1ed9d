"""Months of checks as packs: every slot of a monitor's timetable with the answer that a test gives it."""

from datetime import timedelta

from monitors.engine.packing import insert_packs, pack_row
from monitors.models import Location, PackProgress
from monitors.packs import Sample
from monitors.samples import PACK, hour_of, hour_start
from monitors.slots import MS, next_slot, phase_of

HOUR = timedelta(hours=1)
NOT_RUN = None


def ran(monitor, start, end, answer=lambda at: 100.0, *, place=None, version=1):
    """Packs of every slot in `[start, end)`. answer: milliseconds, "failed", or NOT_RUN for a slot that never ran."""
    place = place or Location.objects.get_or_create(name="local")[0]
    phase = phase_of(monitor.public_id, monitor.interval_s)
    rows = []
    for hour in range(hour_of(start), hour_of(end - MS) + 1):
        begins, found = hour_start(hour), []
        at = next_slot(max(begins, start) - MS, monitor.interval_s, phase)
        while at < min(begins + HOUR, end):
            said = answer(at)
            if said is not NOT_RUN:
                good = said != "failed"
                found.append(
                    Sample((at - begins) // MS, "ok" if good else "failed", False, 0, round(said * 10) if good else 0)
                )
            at += timedelta(seconds=monitor.interval_s)
        if found:
            rows.append(pack_row((monitor.pk, hour, place.pk, version), found, [[]]))
    insert_packs(rows)
    PackProgress.objects.update_or_create(name=PACK, defaults={"hour": 10**6})
    return sum(row[5] + row[6] for row in rows)
