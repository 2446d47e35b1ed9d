"""What a heartbeat expects of a job: when it runs, and how patient we are. Pure; nothing is called.

It is no check: nothing is probed. Its job pings us (docs/heartbeats.md).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from monitors.heartbeats.address import SLUG_MAX, is_slug
from monitors.heartbeats.schedules import (
    BEGINNING,
    DAY_S,
    EXPRESSION_MAX,
    PERIOD,
    WAYS,
    Schedule,
    ScheduleError,
    next_runs,
    read_schedule,
)
from monitors.kinds.base import Field, Kind, Secrets, Settings, Shape, no_secrets
from monitors.kinds.text import TargetError, read_choice, read_text, read_whole

YEAR_S = 366 * DAY_S
BOUNDS = {
    "period_s": (10, YEAR_S),
    "grace_s": (1, 30 * DAY_S),
    "run_limit_s": (1, 3 * DAY_S),
    "early_s": (0, DAY_S),
}
METHODS = (("any", "GET, HEAD and POST"), ("POST", "POST only"))
DEFAULTS: dict[str, Any] = {
    "schedule": PERIOD,
    "period_s": DAY_S,
    "expression": "",
    "zone": "UTC",
    "grace_s": 3_600,
    "run_limit_s": 3_600,
    "early_s": 60,
    "slug": "",
    "methods": "any",
}
# A grace over more runs than this would make one late ping decide thousands at once.
MOST_IN_GRACE = 1_000
SAMPLE = 20


@dataclass(frozen=True, slots=True)
class HeartbeatTarget(Settings):
    """What history keeps of a heartbeat. Lengths in seconds; expression and zone are of cron and OnCalendar."""

    schedule: str = PERIOD
    period_s: int = DAY_S
    expression: str = ""
    zone: str = "UTC"
    grace_s: int = 3_600
    run_limit_s: int = 3_600
    early_s: int = 60
    slug: str = ""
    methods: str = "any"

    @property
    def address(self) -> str:
        """When it is expected, for lists; the address to ping is a secret."""
        if self.schedule == PERIOD:
            return f"every {timedelta(seconds=self.period_s)}"
        return f"{' or '.join(self.expression.split(chr(10)))} ({self.zone})"

    @property
    def host(self) -> str:
        """Nothing is called."""
        return ""

    @property
    def port(self) -> int:
        """Nothing is called."""
        return 0


def read_target(given: Mapping[str, Any], secrets: Secrets) -> HeartbeatTarget:
    """Read a heartbeat as a form, the API or a row gives it. Raises TargetError."""
    held = {**DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
    numbers = {name: read_whole(name, held[name], *BOUNDS[name]) for name in BOUNDS}
    way = read_choice("schedule", held["schedule"], WAYS)
    expression = read_text("expression", held["expression"], EXPRESSION_MAX).strip()
    slug = str(held["slug"])
    if slug and not is_slug(slug):
        raise TargetError("slug", f"A slug has small letters, digits, - and _, at most {SLUG_MAX}.")
    zone = read_text("zone", held["zone"], 64) or "UTC"
    try:
        schedule = read_schedule(way, period_s=numbers["period_s"], expression=expression, zone=zone)
    except ScheduleError as error:
        raise TargetError(error.field, error.sentence) from None
    _bound_grace(schedule, numbers["grace_s"])
    methods = read_choice("methods", held["methods"], [name for name, _ in METHODS])
    return HeartbeatTarget(schedule=way, expression=expression, zone=zone, slug=slug, methods=methods, **numbers)


def _bound_grace(schedule: Schedule, grace_s: int) -> None:
    runs = next_runs(schedule, BEGINNING, SAMPLE)
    gaps = [later - earlier for earlier, later in itertools.pairwise(runs)]
    if gaps and min(gaps) * MOST_IN_GRACE < timedelta(seconds=grace_s):
        sentence = f"The start grace covers more than {MOST_IN_GRACE:,} expected runs: make it shorter."
        raise TargetError("grace_s", sentence)


def _seconds(name: str, label: str, help_: str) -> Field:
    least, most = BOUNDS[name]
    return Field(
        name, label, Shape.WHOLE, help_, default=DEFAULTS[name], least=least, most=most, half=True, everyday=True
    )


KIND = Kind(
    name="heartbeat",
    label="Heartbeat",
    about="A job of yours pings Watchbook; no ping in time is a fault.",
    fields=(
        Field("schedule", "Expected", Shape.CHOICE, default=PERIOD, choices=tuple(WAYS.items()), everyday=True),
        _seconds("period_s", "Period", "Seconds between two runs, where it is expected every so often."),
        Field("expression", "Cron or OnCalendar", Shape.LINES, "30 2 * * 1-5, or Mon..Fri *-*-* 02:30.", default="",
              most=EXPRESSION_MAX, everyday=True),
        Field("zone", "Time zone", default="UTC", most=64, everyday=True),
        _seconds("grace_s", "Start grace", "Seconds after the expected instant until it is down."),
        _seconds("run_limit_s", "Run limit", "Seconds a run that said it began may last."),
        _seconds("early_s", "Early by at most", "Seconds before its time at which a ping already counts for it."),
        Field("slug", "Slug", default="", most=SLUG_MAX),
        Field("methods", "Counts", Shape.CHOICE, default="any", choices=METHODS),
    ),
    target=HeartbeatTarget,
    read_target=read_target,
    read_secrets=no_secrets,
    address_field="schedule",
    defaults={"confirmation_s": 0, "recovery_s": 0},
)  # fmt: skip
