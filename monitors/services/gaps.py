"""The one writer of gaps in monitoring, and of what people say about them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from ledger import texts
from ledger.record import instant, record
from monitors.gaps import GapCause, Scope
from monitors.models import GapNote, Location, MonitoringGap
from monitors.services.refusals import refusal

ONE_AT_A_TIME = 0x57_42_67_61  # key of the advisory lock of whoever writes a gap
SAME_WITHIN = timedelta(seconds=60)  # two processes that found one gap found it within so much of each other
STEP_SPEAKS = timedelta(hours=1)
NOTE_MAX = 2_000
NUMBER = re.compile(r"INC-\d{4}-\d{4,}")


@transaction.atomic
def record_gap(
    *,
    scope: Scope,
    cause: GapCause,
    started_at: datetime,
    ended_at: datetime | None,
    now: datetime,
    location: Location | None = None,
    step_s: int = 0,
    measurements: tuple[str, ...] = (),
) -> MonitoringGap | None:
    """Write a gap down, and a line of it; None if another process has written the same one.

    ended_at: None while it goes on. measurements: public ids of what was measured to find it.
    """
    _wait_for_others()
    same = Q(started_at__range=(started_at - SAME_WITHIN, started_at + SAME_WITHIN))
    if ended_at is None:
        same |= Q(ended_at__isnull=True)  # one that goes on is this one, whenever another process found it
    if MonitoringGap.objects.filter(same, scope=scope, location=location, cause=cause).exists():
        return None
    gap = MonitoringGap.objects.create(
        scope=scope,
        location=location,
        cause=cause,
        started_at=started_at,
        ended_at=ended_at,
        ended_recorded_at=None if ended_at is None else now,
        detected_at=now,
        step_s=step_s,
        measurements=list(measurements),
    )
    _tell("monitoring.gap_found", gap, now)
    return gap


@transaction.atomic
def end_gap(gap: MonitoringGap, *, ended_at: datetime, now: datetime) -> bool:
    """Say that a gap is over; False if somebody said so before."""
    going_on = MonitoringGap.objects.filter(pk=gap.pk, ended_at__isnull=True)
    if not going_on.update(ended_at=ended_at, ended_recorded_at=now):
        return False
    gap.refresh_from_db()
    _tell("monitoring.gap_ended", gap, now)
    return True


@transaction.atomic
def explain_gap(gap: MonitoringGap, *, text: str, person: User, now: datetime, incident: str = "") -> GapNote:
    """Put a person's words beside a gap. Words that are there stay. Raises ValidationError by field.

    incident: number of the incident it belongs to, if there is one.
    """
    words, number = text.strip(), incident.strip().upper()
    if not words or len(words) > NOTE_MAX:
        raise refusal("text", f"Say in at most {NOTE_MAX:,} characters what happened.")
    if number and not NUMBER.fullmatch(number):
        raise refusal("incident", "Numbers look like INC-2026-0042.")
    sha = texts.keep(words, now=now)
    note = GapNote.objects.create(gap=gap, person=person, incident=number, text_sha256=sha, recorded_at=now)
    said = {"gap": gap.public_id, "text_sha256": sha, "incident": number, "person": person.public_id}
    record("monitoring.gap_explained", [gap, note], said, now=now)
    return note


def overlapping(start: datetime, end: datetime) -> QuerySet[MonitoringGap]:
    """Gaps of all monitoring, or of a location, that share an instant with `[start, end)`."""
    still_on = Q(ended_at__isnull=True) | Q(ended_at__gt=start)
    return MonitoringGap.objects.filter(still_on, started_at__lt=end).order_by("started_at", "pk")


def latest_step(now: datetime) -> MonitoringGap | None:
    """The newest step of the clock that may still concern a state."""
    steps = MonitoringGap.objects.filter(cause=GapCause.CLOCK_STEP, detected_at__gt=now - STEP_SPEAKS)
    return steps.order_by("-pk").first()


def _wait_for_others() -> None:
    """Let one process at a time look for a gap and write it, until its transaction ends.

    "The same" is a matter of seconds, which no unique constraint can say. SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def _tell(kind: str, gap: MonitoringGap, now: datetime) -> None:
    said: dict[str, Any] = {
        "scope": gap.scope,
        "location": gap.location.public_id if gap.location else "",
        "cause": gap.cause,
        "started_at": instant(gap.started_at),
        "ended_at": instant(gap.ended_at) if gap.ended_at else "",
        "detected_by": gap.detected_by,
        "step_s": gap.step_s,
        "measurements": gap.measurements,
    }
    record(kind, [gap], said, now=now)
