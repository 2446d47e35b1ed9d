"""What lies over measured states: planned work, and corrections that two people agreed on. Reads only.

`Lying` is loaded once for a stretch of time and then asked about any service; what it answers is what `monitors.uptime`
takes. The rules are in docs/maintenance.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from monitors.availability import Adjustment as Correction
from monitors.availability import Window
from monitors.maintenance_rules import Contract, Ruling, muting, rulings
from monitors.models import Adjustment, MaintenanceSpan, Service
from monitors.uptime import Overlays

Ruled = list[tuple[MaintenanceSpan, Ruling]]


class Lying:
    """Every time of maintenance and every approved correction that touches `[start, end)`: two queries.

    also: corrections that are not approved yet, to see what they would do.
    """

    def __init__(self, start: datetime, end: datetime, *, also: Sequence[Adjustment] = ()) -> None:
        self.spans = spans_between(start, end)
        rows = Adjustment.objects.filter(Q(approved=True), start_at__lt=end, end_at__gt=start)
        self.adjustments = [*rows.order_by("decided_at", "pk"), *also]

    def over(self, service: Service, windows: Sequence[Window], contract: Contract | None) -> Overlays:
        """Everything over a service in some windows. contract: None where nothing is promised: nothing is excluded."""
        spans = self.of(service)
        work = [held for held in (muting(span.rules) for span in spans) if held is not None]
        excluded = []
        for window in windows if contract is not None else ():
            for _, ruling in ruled(spans, contract or Contract(), window):
                if ruling.counts and ruling.start and ruling.end:
                    excluded.append((ruling.start, ruling.end))
        return Overlays(excluded=excluded, maintenance=work, adjusted=self.corrections)

    def of(self, service: Service) -> list[MaintenanceSpan]:
        """Times of maintenance over a service. A window over its monitors alone is none over the service."""
        return [span for span in self.spans if service.public_id in span.covered]

    @property
    def corrections(self) -> list[Correction]:
        """The corrections as the availability function takes them, a later decision after an earlier one."""
        return [Correction(one.monitor_id, one.start_at, one.end_at, one.to_state) for one in self.adjustments]


def spans_between(start: datetime, end: datetime) -> list[MaintenanceSpan]:
    """Times of planned work that touch `[start, end)`, whatever became of them, by start: one query."""
    found = MaintenanceSpan.objects.filter(planned_start__lt=end, planned_end__gt=start)
    return list(found.select_related("window", "requested_by", "approved_by").order_by("planned_start", "part", "pk"))


def ruled(spans: Sequence[MaintenanceSpan], contract: Contract, window: Window) -> Ruled:
    """Each time of maintenance that touches a window, with whether and why it is excluded."""
    touching = [span for span in spans if span.planned_start < window.end and span.planned_end > window.start]
    told = rulings([span.rules for span in touching], contract, window.start, window.end)
    return list(zip(touching, told, strict=True))
