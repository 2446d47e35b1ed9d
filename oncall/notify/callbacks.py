"""What providers tell us about a page after they took it: stored first, understood later, in any order.

A callback may come before our own call returned, twice, in reverse, for a page we do not know, or years late. All are kept.
Each is applied once, by rank, so an older word never overwrites a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from ledger.failpoints import fail_point
from ledger.hints import hint
from oncall.models import Attempt, Callback, Page, Run
from oncall.notify.retry import Failure
from oncall.notify.states import ACCEPTED, DELIVERED, RANK, SENDING, SENT, UNKNOWN
from oncall.notify.statuses import is_final, is_newer, meaning_of
from oncall.notify.transitions import failed, learnt, lock

log = structlog.get_logger(__name__)

# Kept of a post: what says something about the message. Numbers and texts are not for this table.
_KEPT = ("MessageStatus", "SmsStatus", "ErrorCode", "ApiVersion", "RawDlrDoneDate", "ChannelStatusMessage")
# A callback nobody knows after this long is left unmatched.
WAIT_FOR_ATTEMPT = timedelta(minutes=10)
_BATCH = 100
_MAX_SID = 128


def store(params: Mapping[str, str], *, now: datetime) -> bool:
    """Store a status callback of Twilio whose signature was verified; return False for a post that is none.

    Commit before answering. Nothing is decided here, so that the answer leaves within milliseconds.
    """
    sid = params.get("MessageSid") or params.get("SmsSid") or ""
    status = params.get("MessageStatus") or params.get("SmsStatus") or ""
    if not sid or not status:
        return False
    keep(
        source="callback",
        provider="twilio",
        sid=sid,
        status=status,
        error_code=params.get("ErrorCode") or "",
        payload={name: str(params[name])[:200] for name in _KEPT if name in params},
        now=now,
    )
    return True


def keep(
    *,
    source: str,
    provider: str,
    sid: str,
    status: str,
    error_code: str,
    now: datetime,
    payload: dict[str, str] | None = None,
    attempt: Attempt | None = None,
) -> Callback:
    """Insert one row of what a provider said. source: callback, poll (we asked by id), reconcile (we searched)."""
    with transaction.atomic():
        row = Callback.objects.create(
            day=now.date(),
            source=source,
            provider=provider,
            sid=sid[:_MAX_SID],
            status=status[:20],
            error_code=error_code[:16],
            payload=payload or {},
            received_at=now,
            attempt_id=attempt.pk if attempt else None,
        )
        hint("plan")
    fail_point("callback.stored")
    return row


def apply(*, now: datetime) -> int:
    """Take stored callbacks into account, oldest first, each in its own transaction; return how many.

    A callback whose attempt is not known yet waits for it. Safe to run anywhere, twice, at once.
    """
    known = Attempt.objects.filter(provider=OuterRef("provider"), provider_sid=OuterRef("sid"))
    ready = Callback.objects.filter(applied_at__isnull=True).filter(
        Q(attempt_id__isnull=False) | Q(received_at__lt=now - WAIT_FOR_ATTEMPT) | Exists(known)
    )
    keys = list(ready.order_by("received_at", "id").values_list("day", "id")[:_BATCH])
    return sum(_apply(key, now=now) for key in keys)


def _apply(key: tuple[date, int], *, now: datetime) -> int:
    with transaction.atomic():
        rows = Callback.objects.filter(day=key[0], id=key[1], applied_at__isnull=True)
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        said = rows.first()
        if said is None:
            return 0
        attempt_id = said.attempt_id or (
            Attempt.objects.filter(provider=said.provider, provider_sid=said.sid).values_list("pk", flat=True).first()
        )
        outcome = _take_into_account(said, attempt_id, now=now) if attempt_id else "unmatched"
        said.attempt_id, said.applied_at, said.outcome = attempt_id, now, outcome
        Callback.objects.filter(day=said.day, id=said.id).update(attempt_id=attempt_id, applied_at=now, outcome=outcome)
    fail_point("callback.applied")
    return 1


def _take_into_account(said: Callback, attempt_id: int, *, now: datetime) -> str:
    page_id = Attempt.objects.values_list("page_id", flat=True).get(pk=attempt_id)
    run, page = lock(page_id)
    attempt = Attempt.objects.select_for_update().get(pk=attempt_id)
    if not is_newer(said.status, attempt.status) and attempt.provider_sid:
        return "older"
    attempt.provider_sid = attempt.provider_sid or said.sid
    attempt.status = said.status if is_newer(said.status, attempt.status) else attempt.status
    if is_final(said.status):
        attempt.inquire_at = None
    attempt.save(update_fields=["provider_sid", "status", "inquire_at"])
    return _change_page(page, run, attempt, said, now=now)


def _change_page(page: Page, run: Run | None, attempt: Attempt, said: Callback, *, now: datetime) -> str:
    meaning = meaning_of(said.status, said.error_code)
    if meaning.truth:
        if RANK[meaning.truth] > RANK[ACCEPTED] and page.accepted_at is None:
            # it cannot be on its way without having been taken; our own call may just not have returned yet
            learnt(page, ACCEPTED, now=said.received_at)
        learnt(page, meaning.truth, now=said.received_at)
        return "applied"
    if meaning.failure is None:
        log.warning("unknown_status", provider=said.provider, status=said.status)
        return "unknown"
    return _fail_page(page, run, attempt, meaning.failure, now=now)


def _fail_page(page: Page, run: Run | None, attempt: Attempt, failure: Failure, *, now: datetime) -> str:
    """A text that was taken did not arrive. Only the newest attempt may change the page, and never a delivered one."""
    attempt.error_code = failure.code[:16]
    attempt.save(update_fields=["error_code"])
    if attempt.n != page.attempts_made or RANK[page.state] >= RANK[DELIVERED] or page.ended_at is not None:
        return "older"
    if page.state not in (SENDING, UNKNOWN, ACCEPTED, SENT):
        return "older"
    failed(page, run, failure, now=now)
    return "applied"
