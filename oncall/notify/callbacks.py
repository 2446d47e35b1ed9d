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
from oncall.notify.calls import ASKS_FOR_A_KEY
from oncall.notify.providers import FIRST, by_sid
from oncall.notify.retry import Failure
from oncall.notify.states import (
    ACCEPTED,
    ANSWERED,
    CALLS,
    DELIVERED,
    NO_ANSWER,
    NO_KEY,
    RANK,
    SENDING,
    SENT,
    UNKNOWN,
    WAITING,
    WITHOUT_RECEIPTS,
)
from oncall.notify.statuses import is_final, is_newer, meaning_of
from oncall.notify.transitions import bounced, failed, learnt, lock, mark_unhealthy, said_and_done, unheard

log = structlog.get_logger(__name__)

# Kept of a post: what says something about the message. Numbers and texts are not for this table.
_KEPT = (
    "MessageStatus", "SmsStatus", "ErrorCode", "ApiVersion", "RawDlrDoneDate", "ChannelStatusMessage",
    "CallStatus", "CallDuration", "SequenceNumber", "SipResponseCode",
)  # fmt: skip
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
        provider=_provider(params),
        sid=sid,
        status=status,
        error_code=params.get("ErrorCode") or "",
        payload=_kept(params),
        now=now,
    )
    return True


def store_call(params: Mapping[str, str], attempt: Attempt, *, now: datetime) -> bool:
    """The same for a call, whose address says which attempt it is: it may report before our own call returned.

    A request for what to say is such a report too: the provider asks once something has picked up.
    """
    sid, status = params.get("CallSid") or "", params.get("CallStatus") or ""
    if not sid or not status:
        return False
    sip = params.get("SipResponseCode") or ""
    keep(
        source="callback",
        provider=_provider(params),
        sid=sid,
        status=status,
        error_code=params.get("ErrorCode") or (f"sip{sip}" if sip and status == "failed" else ""),
        payload=_kept(params),
        now=now,
        attempt=attempt,
    )
    return True


def _provider(params: Mapping[str, str]) -> str:
    """Which account of ours speaks: the signature was checked against that one's tokens."""
    account = by_sid(params.get("AccountSid"))
    return account.name if account else FIRST


def _kept(params: Mapping[str, str]) -> dict[str, str]:
    return {name: str(params[name])[:200] for name in _KEPT if name in params}


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
    """Insert one row of what a provider said. source: callback, poll (we asked by id), reconcile (we searched),
    bounce (a letter came back)."""
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
        attempt_id, page_id = _attempt_of(said)
        outcome = _take_into_account(said, attempt_id, page_id, now=now) if attempt_id else "unmatched"
        Callback.objects.filter(day=said.day, id=said.id).update(attempt_id=attempt_id, applied_at=now, outcome=outcome)
    fail_point("callback.applied")
    return 1


def _attempt_of(said: Callback) -> tuple[int | None, int]:
    """The attempt a callback is about, by the key it came with or by the provider's id, and its page; None if unknown."""
    known = {"pk": said.attempt_id} if said.attempt_id else {"provider": said.provider, "provider_sid": said.sid}
    return Attempt.objects.filter(**known).values_list("pk", "page_id").first() or (None, 0)


def _take_into_account(said: Callback, attempt_id: int, page_id: int, *, now: datetime) -> str:
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
    meaning = meaning_of(said.status, said.error_code, page.kind)
    if meaning.truth:
        if RANK[meaning.truth] > RANK[ACCEPTED] and page.accepted_at is None:
            # it cannot be on its way without having been taken; our own call may just not have returned yet
            learnt(page, ACCEPTED, now=said.received_at)
        learnt(page, meaning.truth, now=said.received_at)
    if meaning.ended:
        _end_call(page, run, attempt, meaning.ended, now=now)
    elif meaning.failure is not None:
        return _fail_page(page, run, attempt, meaning.failure, now=now)
    elif not meaning.truth and not meaning.noted:
        log.warning("unknown_status", provider=said.provider, status=said.status)
        return "unknown"
    return "applied"


def _end_call(page: Page, run: Run | None, attempt: Attempt, how: str, *, now: datetime) -> None:
    """A call is over. Only the newest one may end its page, and not where no key was asked for: there it was said."""
    if attempt.n != page.attempts_made or page.ended_at is not None or page.state in WAITING:
        return
    heard = how == NO_KEY and page.origin not in ASKS_FOR_A_KEY
    if heard:
        said_and_done(page, now=now)
    else:
        unheard(page, run, how, now=now)


def _fail_page(page: Page, run: Run | None, attempt: Attempt, failure: Failure, *, now: datetime) -> str:
    """What was taken did not arrive. Only the newest attempt may change the page, and never one that arrived."""
    attempt.error_code = failure.code[:16]
    attempt.save(update_fields=["error_code"])
    if attempt.n != page.attempts_made:
        return "older"
    if page.kind in CALLS and page.state in (DELIVERED, ANSWERED):
        _end_call(page, run, attempt, NO_KEY if page.state == ANSWERED else NO_ANSWER, now=now)
        return "applied"
    if page.kind in WITHOUT_RECEIPTS and page.state == ACCEPTED:
        return _bounce(page, run, attempt, failure, now=now)
    if RANK[page.state] >= RANK[DELIVERED] or page.ended_at is not None:
        return "older"
    if page.state not in (SENDING, UNKNOWN, ACCEPTED, SENT):
        return "older"
    failed(page, run, failure, now=now)
    return "applied"


def _bounce(page: Page, run: Run | None, attempt: Attempt, failure: Failure, *, now: datetime) -> str:
    """The end of such a page was to be accepted; what came back undoes that. An address proven since is not blamed."""
    proven = page.contact.verified_at
    if failure.blames_contact and not (proven and proven > attempt.begun_at):
        mark_unhealthy(page.contact, failure.code, now=now)
    bounced(page, run, failure, now=now)
    return "applied"
