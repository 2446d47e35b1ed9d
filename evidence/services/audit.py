"""The auditor: once a minute it holds every promise against the facts, mends what it can and records what it found.

One audit a turn, however many processes tick: the turn is a row, claimed by conditional update. The dead-man is asked
for only by an audit that came to its end and found nothing that endangers paging (docs/self-checks.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from evidence.models import AuditHour, AuditorState, SelfCheckFinding
from evidence.services import deadman, findings
from evidence.services.findings import Verdict
from ledger.promises import Breach, Promise
from ledger.record import instant, record

log = structlog.get_logger(__name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Outcome:
    """How one audit went. broken: promises that did not hold; endangered: one of them keeps pages from people."""

    checked: int
    broken: int
    endangered: bool


def audit(promises: Sequence[Promise], *, now: datetime) -> Outcome | None:
    """Run the audit that is due; None when none is, or when another process has it."""
    if not _claim(now):
        return None
    verdicts = [examine(promise, now) for promise in promises]
    broken, endangered = 0, False
    open_ones = findings.open_by_name()
    for verdict in verdicts:
        broken += verdict.breach is not None
        endangered = _settle(verdict, open_ones.get(verdict.promise.name), now) or endangered
    findings.close_forgotten({promise.name for promise in promises}, now=now)
    outcome = Outcome(len(verdicts), broken, endangered)
    _finish(outcome, now)
    return outcome


def examine(promise: Promise, now: datetime) -> Verdict:
    """Check one promise; if it does not hold, try its repair and check again. Raises nothing."""
    breach = _checked(promise, now)
    if breach is None or promise.repair is None:
        return Verdict(promise, breach)
    try:
        promise.repair(now)
    except Exception:  # a repair that fails is no worse than none
        log.exception("repair_failed", promise=promise.name)
        return Verdict(promise, breach)
    return Verdict(promise, breach, mended=_checked(promise, now) is None)


def _checked(promise: Promise, now: datetime) -> Breach | None:
    try:
        return promise.check(now)
    except Exception as error:  # what cannot be checked does not count as held
        log.exception("check_failed", promise=promise.name)
        return Breach(f"This could not be checked: {type(error).__name__}.")


def _settle(verdict: Verdict, known: SelfCheckFinding | None, now: datetime) -> bool:
    """Write one verdict down; whether it endangers paging. One that cannot be written down does."""
    try:
        return findings.settle(verdict, known, now=now)
    except Exception:  # the other findings are to be written all the same
        log.exception("finding_not_recorded", promise=verdict.promise.name)
        return True


def _claim(now: datetime) -> bool:
    """Take the turn that is due, once among all who try."""
    every = timedelta(seconds=settings.SELF_CHECK_EVERY_S)
    state, _ = AuditorState.objects.get_or_create(pk=1, defaults={"due_at": now})
    # a turn far ahead was set by a clock that has been put right since
    if now < state.due_at <= now + 2 * every:
        return False
    coming = EPOCH + ((now - EPOCH) // every + 1) * every
    mine = AuditorState.objects.filter(pk=1, due_at=state.due_at)
    return mine.update(due_at=coming, begun_at=now) == 1


@transaction.atomic
def _finish(outcome: Outcome, now: datetime) -> None:
    """Say that the audit came to its end, in its minute and for the dead-man; one overtaken by the next says nothing."""
    mine = AuditorState.objects.filter(pk=1, begun_at=now)
    done = {"checked": outcome.checked, "broken": outcome.broken, "endangered": outcome.endangered}
    if not mine.update(done_at=now, **done):
        return
    _mark_minute(outcome, now)
    if outcome.endangered:
        deadman.withhold(now=now)
    else:
        deadman.ask(now=now)


def _mark_minute(outcome: Outcome, now: datetime) -> None:
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    bit = 1 << now.astimezone(UTC).minute
    row, made = AuditHour.objects.get_or_create(hour=hour)
    AuditHour.objects.filter(pk=row.pk).update(
        audited=F("audited").bitor(bit),
        broken=F("broken").bitor(bit if outcome.broken else 0),
        endangered=F("endangered").bitor(bit if outcome.endangered else 0),
    )
    if made:
        enter_hours(hour, now=now)


def enter_hours(before: datetime, *, now: datetime) -> None:
    """Finished hours become a line of the ledger each, so that nobody can say later that nobody looked."""
    for row in AuditHour.objects.filter(entered_at__isnull=True, hour__lt=before).order_by("hour"):
        if AuditHour.objects.filter(pk=row.pk, entered_at__isnull=True).update(entered_at=now):
            data = {
                "audited": f"{row.audited:015x}",
                "broken": f"{row.broken:015x}",
                "endangered": f"{row.endangered:015x}",
                "minutes": row.minutes_audited,
            }
            record("selfcheck.hour", [("audithour", instant(row.hour))], data, now=now)
