"""Services as customers meet them: what each was over a span of time, as its composition makes it of its monitors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from monitors.composing import instant_of
from monitors.models import Service
from monitors.states import State
from monitors.together import Stretch, unbroken
from monitors.uptime import pieces_of


def service_lives(service_ids: Iterable[int], start: datetime, *, now: datetime) -> dict[int, list[Stretch]]:
    """What services were in `[start, now)`, by primary key: a constant number of queries for any number of them.

    The states are those of the availability function (docs/availability.md). A life begins when the first monitor did
    and has no gap: what nobody watched is unknown. Retired monitors count for as long as they watched, so that taking
    one away does not improve the past. A service that nobody ever watched is absent.
    """
    services = list(Service.objects.filter(pk__in=set(service_ids)))
    if not services:
        return {}
    found: dict[int, list[Stretch]] = {}
    for key, pieces in pieces_of(services, start, now, now=now).items():
        told = [
            Stretch(State(state), max(instant_of(begins), start), min(instant_of(ends), now))
            for begins, ends, state in pieces
        ]
        if life := [one for one in told if one.start < one.end]:
            found[key] = unbroken(life, now)
    return found
