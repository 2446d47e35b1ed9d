"""Services as customers meet them: what each was over a span of time, from the intervals of its monitors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from monitors.models import Monitor
from monitors.queries import Span, spans
from monitors.together import Stretch, together, unbroken


def service_lives(service_ids: Iterable[int], start: datetime, *, now: datetime) -> dict[int, list[Stretch]]:
    """What services were in `[start, now)`, by primary key: three queries for any number of them.

    A life begins when the first monitor did and has no gap: what nobody watched is unknown. Retired monitors
    count for as long as they watched, so that taking one away does not improve the past. A service that nobody
    ever watched is absent.
    """
    owners = dict(Monitor.objects.filter(service_id__in=set(service_ids)).values_list("pk", "service_id"))
    lives: dict[int, list[list[Span]]] = {}
    for monitor_id, told in spans(owners, start, now, now=now).items():
        lives.setdefault(owners[monitor_id], []).append(told)
    return {service_id: unbroken(together(told), now) for service_id, told in lives.items()}
