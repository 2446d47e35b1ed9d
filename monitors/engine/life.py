"""When a location was last heard: a row that is written now and then, never for every result."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from monitors.engine.findings import Finding
from monitors.models import LocationLife
from monitors.probes.trace import Outcome

EVERY_S = 5.0

_written: dict[int, float] = {}


def heard(findings: Iterable[Finding], *, now: datetime) -> None:
    """Results of these locations were stored at `now`. What was not run is no sign of life."""
    ran = {finding.location_id for finding in findings if finding.trace.outcome is not Outcome.MISSED}
    for location_id in sorted(ran):
        if time.monotonic() - _written.get(location_id, -EVERY_S) >= EVERY_S:
            _written[location_id] = time.monotonic()
            write(location_id, result_at=now)


def write(location_id: int, **seen: Any) -> None:
    """Write what was seen of a location; the row is made when it is first needed."""
    if not LocationLife.objects.filter(pk=location_id).update(**seen):
        LocationLife.objects.update_or_create(pk=location_id, defaults=seen)
