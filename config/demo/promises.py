"""Chapter: what was promised to customers. Agreements are written by one and approved by another; one became stricter, one waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from config.demo.people import ZONE
from config.demo.world import Demo, doing
from monitors.models import SLA
from monitors.services.agreements import approve_sla, change_sla, create_sla

DAY = timedelta(days=1)
TERMS = "Terms of service, part 4"


@dataclass(frozen=True)
class Promise:
    """One agreement: of which service, who writes and who approves it, and its terms. approves: nobody where it waits."""

    service: str
    writes: str
    approves: str | None
    target_ppm: int
    terms: dict[str, Any]


PROMISES = (
    Promise(
        "Checkout", "Ingrid", "Jonas", 999_000,
        {"maintenance_allowance_s": 2 * 3_600, "notice_required_s": 3 * 86_400, "latency_ms": 1_500, "latency_ppm": 950_000},
    ),
    Promise("Tracking API", "Lena", "Ingrid", 999_500, {"latency_ms": 800, "latency_ppm": 990_000}),
    Promise("Label printing", "Lena", "Jonas", 995_000, {"window": "quarter"}),
    Promise("Customer portal", "Ingrid", None, 998_000, {}),
)  # fmt: skip


def made(demo: Demo) -> None:
    """The agreements hold from the first whole month on; what waits for approval was written last week."""
    written = demo.start + 3 * DAY
    for promise in PROMISES:
        when = written if promise.approves else demo.end - 6 * DAY
        demo.at(when, partial(_write, demo, promise))
        if promise.approves:
            demo.at(when + DAY, partial(_approve, demo, promise.service, promise.approves))
    half = demo.start + (demo.end - demo.start) / 2
    demo.at(half, partial(_stricter, demo))
    demo.at(half + DAY, partial(_approve, demo, "Tracking API", "Ingrid"))


def _write(demo: Demo, promise: Promise, now: datetime) -> None:
    with doing(demo.people[promise.writes]):
        create_sla(
            service=demo.services[promise.service], name="Customers", target_ppm=promise.target_ppm, timezone=ZONE,
            source_document=TERMS, effective_from=_next_month(now), now=now, reason="As the terms of service say", **promise.terms,
        )  # fmt: skip


def _approve(demo: Demo, service: str, who: str, now: datetime) -> None:
    with doing(demo.people[who]):
        approve_sla(_of(demo, service), person=demo.people[who], now=now, reason="Compared with the terms of service")


def _stricter(demo: Demo, now: datetime) -> None:
    with doing(demo.people["Lena"]):
        change_sla(
            _of(demo, "Tracking API"), {"target_ppm": 999_700}, now=now, reason="The new contract with the large carriers"
        )  # fmt: skip


def _of(demo: Demo, service: str) -> SLA:
    return SLA.objects.in_force().get(service=demo.services[service])


def _next_month(now: datetime) -> date:
    return (now.date().replace(day=1) + timedelta(days=32)).replace(day=1)
