"""Chapter: the watcher watched. Self-checks of the last month, since when Larkspur runs a release that has them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from config.demo.world import Demo
from evidence.models import AuditHour
from evidence.services.audit import enter_hours
from evidence.services.findings import Verdict, open_by_name, settle
from ledger.actors import SYSTEM, acting_as
from ledger.promises import Breach
from oncall.selfcheck import PROMISES

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SINCE = timedelta(days=30)
EVERY_MINUTE = (1 << 60) - 1
# for eleven minutes of one morning the provider of texts refused all of them
REFUSED = Breach("The provider twilio refused the last 4 pages.")


def looks(demo: Demo) -> None:
    """Each hour of the last month has its sixty audits; one of them found something."""
    hour = (demo.end - min(SINCE, demo.end - demo.start)).replace(minute=0, second=0) + 2 * HOUR
    found = demo.ago(9 / demo.size.days, hour=6.0) + 23 * MINUTE
    while hour + HOUR < demo.end:
        demo.at(hour + HOUR, _hour(demo, hour, found))
        hour += HOUR
    promise = next(one for one in PROMISES if one.name == "oncall.providers_take_pages")
    demo.at(found, _finding(Verdict(promise, REFUSED)))
    demo.at(found + 11 * MINUTE, _finding(Verdict(promise, None)))


def _hour(demo: Demo, hour: datetime, found: datetime) -> Callable[[datetime], bool]:
    """The hour's row and line, without the minutes in which the engine stood still."""

    def ends(now: datetime) -> bool:
        still = {m for m in range(60) for start, end in demo.stopped if start <= hour + m * MINUTE < end}
        broken = {m for m in range(60) if found <= hour + m * MINUTE < found + 11 * MINUTE}
        bad = sum(1 << minute for minute in broken)
        with acting_as(SYSTEM), transaction.atomic():
            AuditHour.objects.create(
                hour=hour, audited=EVERY_MINUTE - sum(1 << m for m in still), broken=bad, endangered=bad
            )
            enter_hours(hour + HOUR, now=now)
        return False

    return ends


def _finding(verdict: Verdict) -> Callable[[datetime], bool]:
    def act(now: datetime) -> bool:
        with acting_as(SYSTEM):
            settle(verdict, open_by_name().get(verdict.promise.name), now=now)
        return False

    return act
