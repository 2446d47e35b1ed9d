"""Adjustments: one person asks that a stretch counts as another state, another one decides. Nothing measured is touched.

Rules in words: docs/maintenance.md, "When the measurement was wrong".
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.second_person import SamePerson, approves_alone
from ledger.record import instant, record
from ledger.texts import keep
from monitors.models import Adjustment, Monitor, MonitorState
from monitors.queries import spans
from monitors.services.months import effect_of, seal_again
from monitors.services.refusals import refusal
from monitors.states import State

TO_STATES = (State.UP.value, State.DEGRADED.value, State.DOWN.value, State.UNKNOWN.value)
REASON_MOST, EVIDENCE_MOST = 2_000, 500


@transaction.atomic
def request_adjustment(
    monitor: Monitor,
    *,
    start: datetime,
    end: datetime,
    to_state: str,
    reason: str,
    evidence: str,
    by: User | None,
    now: datetime,
) -> Adjustment:
    """Ask that `[start, end)` of a monitor counts as `to_state`. It changes no figure before somebody else approves.

    The stretch must lie in the past and have been in one state throughout. evidence: where it can be checked. Raises
    ValidationError by field.
    """
    if to_state not in TO_STATES:
        raise refusal("to_state", f"Choose one of {', '.join(TO_STATES)}.")
    if not reason.strip() or len(reason) > REASON_MOST:
        raise refusal("reason", f"Say in at most {REASON_MOST} characters what was measured wrongly, and why.")
    if not evidence.strip() or len(evidence) > EVIDENCE_MOST:
        raise refusal("evidence", "Name what shows it: a link, a ticket, a log. An auditor will open it.")
    if end <= start:
        raise refusal("end", "It ends after it begins.")
    if end > now:
        raise refusal("end", "Only what is over can be corrected.")
    # the monitor's row: two requests over one stretch wait for each other
    MonitorState.objects.select_for_update().get(pk=monitor.pk)
    from_state, intervals = _measured(monitor, start, end, now)
    if from_state == to_state:
        raise refusal("to_state", f"It is on record as {from_state} already.")
    waiting = Adjustment.objects.filter(monitor=monitor, approved=None, start_at__lt=end, end_at__gt=start).first()
    if waiting is not None:
        raise refusal("start", f"{waiting.public_id} asks about a part of it. Decide that one first.", "conflict")
    made = Adjustment(
        monitor=monitor,
        start_at=start,
        end_at=end,
        from_state=from_state,
        to_state=to_state,
        intervals=intervals,
        reason_sha256=keep(reason.strip(), now=now),
        evidence_sha256=keep(evidence.strip(), now=now),
        requested_by=by,
        requested_at=now,
    )
    made.save()
    record(
        "adjustment.requested", [made, monitor, *(("stateinterval", one) for one in intervals)],
        {
            "start": instant(start), "end": instant(end), "from": from_state, "to": to_state,
            "reason": made.reason_sha256, "evidence": made.evidence_sha256,
        }, now=now,
    )  # fmt: skip
    return made


@transaction.atomic
def approve_adjustment(adjustment: Adjustment, *, by: User, now: datetime, reason: str = "") -> Adjustment:
    """Agree, as somebody who did not ask: from now on figures count it, and months that are sealed get a revision.

    Where nobody else may, the requester can: a recorded exception. Raises ValidationError.
    """
    held = _undecided(adjustment)
    try:
        alone = approves_alone(held.requested_by, by, held.monitor)
    except SamePerson as error:
        raise refusal("adjustment", str(error), "same_person") from None
    effect = effect_of(held, now=now)
    _decide(held, True, alone=alone, effect=effect, by=by, now=now, reason=reason)
    seal_again(held, by=by, now=now)
    return Adjustment.objects.get(pk=held.pk)


@transaction.atomic
def refuse_adjustment(adjustment: Adjustment, *, by: User, now: datetime, reason: str) -> Adjustment:
    """Refuse, or take a request of one's own back; what was measured goes on to count. Raises ValidationError."""
    if not reason.strip():
        raise refusal("reason", "Say why in a few words.")
    held = _undecided(adjustment)
    _decide(held, False, alone=None, effect=None, by=by, now=now, reason=reason)
    return Adjustment.objects.get(pk=held.pk)


def _decide(
    held: Adjustment,
    approved: bool,
    *,
    alone: bool | None,
    effect: list[dict[str, str]] | None,
    by: User,
    now: datetime,
    reason: str,
) -> None:
    sha = keep(reason.strip(), now=now)
    Adjustment.objects.filter(pk=held.pk, decided_at__isnull=True).update(
        decided_at=now,
        decided_by=by,
        approved=approved,
        approved_alone=alone,
        decision_sha256=sha or None,
        effect=effect,
    )
    held.approved, held.decided_at, held.decided_by, held.decision_sha256 = approved, now, by, sha
    said = {"by": by.public_id, "alone": bool(alone), "effect": effect or [], "reason": sha}
    record(f"adjustment.{'approved' if approved else 'refused'}", [held, held.monitor], said, now=now)


def _undecided(adjustment: Adjustment) -> Adjustment:
    held = Adjustment.objects.select_for_update(of=("self",)).select_related("monitor__team", "requested_by")
    found: Adjustment = held.get(pk=adjustment.pk)
    if found.decided_at is not None:
        raise refusal("adjustment", f"It was {found.standing} already.", "conflict")
    return found


def _measured(monitor: Monitor, start: datetime, end: datetime, now: datetime) -> tuple[str, list[str]]:
    """The one state of a stretch, and the intervals it lies in. Raises ValidationError for several states, or none."""
    told = spans([monitor.pk], start, end, now=now).get(monitor.pk, [])
    whole = told and told[0].start <= start and told[-1].end >= end
    if not whole or not all(one.interval for one in told):
        raise refusal("start", "The monitor was not watched in all of that stretch, or its state is not on record yet.")
    states = list(dict.fromkeys(one.state.value for one in told))
    if len(states) > 1:
        said = f"It was {', then '.join(states[:4])} in that stretch. Correct each part by itself."
        raise refusal("start", said)
    return states[0], list(dict.fromkeys(one.interval for one in told))
