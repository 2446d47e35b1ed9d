"""The sender: claim, ask the run under lock, commit `sending`, call the provider, write down what it said.

No provider is called inside a transaction, and no attempt begins after an answer has committed: whoever stops a run holds
its lock, and so does `begin`. A crash at any point leaves a row from which the next tick goes on (docs/paging.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction

from ledger.crypto import fingerprint
from ledger.failpoints import fail_point
from oncall.escalation.states import refuses_page
from oncall.models import Attempt, Page, Run
from oncall.notify import storm
from oncall.notify.channels import channel, inquirer
from oncall.notify.channels.base import Message, ProviderAnswer, SendError
from oncall.notify.codes import NoFreeCode, code_for
from oncall.notify.messages import Outdated, letter_for
from oncall.notify.providers import through
from oncall.notify.routing import provider_of
from oncall.notify.states import ACCEPTED, CLAIMED, PLANNED, SENDING, WITHOUT_RECEIPTS, move
from oncall.notify.statuses import is_newer
from oncall.notify.transitions import cancel, fail, failed, hurry, learnt, lock, lock_together, lost, unresolved
from oncall.notify.updates import GO, WAIT, put_off, standing
from oncall.stopwatch import Stopwatch

log = structlog.get_logger(__name__)

# How many providers' calls one sender has open at once: a slow one holds its own slot and no other page.
SLOTS = 8
# A sender stops claiming after this and lets the next tick, on whatever worker, go on.
TICK_BUDGET_S = 20.0
_LOOK_AGAIN_S = 0.25
# An update waits for what it follows.
_PUT_OFF = timedelta(seconds=1)


@dataclass(frozen=True)
class Job:
    """One attempt that has begun: everything the provider call needs, so that no database is touched meanwhile."""

    page_id: int
    attempt_id: int
    kind: str
    provider: str
    address: str
    message: Message


@dataclass(frozen=True)
class Result:
    """How the call went: one of the two."""

    answer: ProviderAnswer | None = None
    error: SendError | None = None


def send_due(*, now: datetime, slots: int = SLOTS) -> int:
    """Send pages that are due until none is left or the budget is spent; return how many attempts were made.

    Safe to run anywhere, twice, at once. slots: calls open at the same time; 1 makes them in this very thread.
    """
    watch = Stopwatch(now)
    if slots == 1:
        return _send_one_by_one(watch)
    made = 0
    flying: dict[Future[Result], Job] = {}
    with ThreadPoolExecutor(slots, thread_name_prefix="send") as pool:
        while True:
            for job in _next_jobs(slots - len(flying), watch):
                flying[pool.submit(_call_in_thread, job)] = job
                made += 1
            if not flying:
                return made
            done, _ = wait(flying, timeout=_LOOK_AGAIN_S, return_when=FIRST_COMPLETED)
            for future in done:
                _finish_safely(flying.pop(future), future.result(), watch)


def _send_one_by_one(watch: Stopwatch) -> int:
    made = 0
    while watch.elapsed_s() < TICK_BUDGET_S and (claimed := claim(now=watch.now(), limit=1)):
        job = _begin_safely(claimed[0], watch)
        if job is not None:
            _finish_safely(job, call(job), watch)
            made += 1
    return made


def _next_jobs(free: int, watch: Stopwatch) -> Iterator[Job]:
    """Begin as many pages as there are free slots; each is handed out before the next one begins."""
    if free and watch.elapsed_s() < TICK_BUDGET_S:
        for page_id in claim(now=watch.now(), limit=free):
            job = _begin_safely(page_id, watch)
            if job is not None:
                yield job


def _begin_safely(page_id: int, watch: Stopwatch) -> Job | None:
    """Begin a page. One that our own code cannot begin is given up aloud, so that its step can go on without it."""
    try:
        return begin(page_id, now=watch.now())
    except DatabaseError:
        log.exception("page_not_begun", page=page_id)  # its lease ends soon, and somebody tries again
    except Exception:
        log.exception("page_cannot_begin", page=page_id)
        with transaction.atomic():
            run, page = lock(page_id)
            if page.state == CLAIMED:
                fail(page, run, "internal_error", now=watch.now())
    return None


def claim(*, now: datetime, limit: int) -> list[int]:
    """Lease pages that are due, most urgent first; return their keys in that order."""
    with transaction.atomic():
        due = Page.objects.due(now)
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        due = due.exclude(kind__in=storm.closed_channels(now=now))
        ids = storm.in_pace(list(due.values_list("pk", "kind")[:limit]), now=now)
        leased = now + timedelta(seconds=settings.SEND_LEASE_S)
        Page.objects.filter(pk__in=ids, state=PLANNED).update(state=move(PLANNED, "claim"), lease_until=leased)
    if ids:
        fail_point("send.claimed")
    return ids


def begin(page_id: int, *, now: datetime) -> Job | None:
    """Ask the run, under lock, whether the page is still wanted; commit `sending` and the attempt; return the job.

    None when there is nothing to do: somebody else took the page, it was called off, or its text no longer holds.
    """
    with transaction.atomic():
        others = lock_together([page_id, *held]) if (held := storm.others_held(page_id)) else []
        run, page = lock(page_id)
        if page.state != CLAIMED or page.carried_by_id:
            return None
        refusal = _refusal(run, page)
        if refusal:
            cancel(page, refusal, now=now)
            hurry(run, page, now=now)
            return None
        if page.origin == "update" and not _follow(page, now=now):
            return None
        let_through = storm.let_through(page, now=now)
        if let_through == storm.HELD:
            return None
        along = [other for other in others if other.pk != page.pk and let_through == storm.GO]
        together = storm.bundle(page, along, now=now)
        job = _begin(None, together, now=now) if together else _begin(run, page, now=now)
        fail_point("send.before_sending_commit")
    if job is not None:
        fail_point("send.after_sending_commit")
    return job


def _follow(page: Page, *, now: datetime) -> bool:
    """Whether an update goes out now; else it waits, or is called off."""
    said = standing(page)
    if said == GO:
        return True
    if said == WAIT:
        put_off(page, until=now + _PUT_OFF)
    else:
        cancel(page, said, now=now)
    return False


def _refusal(run: Run | None, page: Page) -> str:
    """Why the page must not be sent any more, or ""."""
    if run is not None:
        state = refuses_page(page.origin, run.state, run.over_at is not None)
        if state:
            return run.stop_reason or state
    if not page.person.is_active and page.origin != "update":
        return "inactive"
    if page.contact.retired_at is not None:
        return "contact_removed"
    if page.contact.verified_at is None and page.origin not in ("verification", "test"):
        return "not_verified"
    return ""


def _begin(run: Run | None, page: Page, *, now: datetime) -> Job | None:
    n = page.attempts_made + 1
    try:
        if run is not None and page.kind == "sms" and not page.short_code and page.origin != "stand_down":
            page.short_code = _short_code(run, page, now=now)
        letter = letter_for(page, attempt=n, now=now)
        channel(page.kind).validate(letter.address)
    except Outdated:
        cancel(page, "outdated", now=now)
        return None
    except ValueError:
        fail(page, run, "bad_address", now=now)
        return None
    page.state, page.attempts_made, page.lease_until = move(page.state, "begin"), n, None
    page.reason = page.error_code = ""
    storm.begun(page, now=now)
    page.save()
    attempt = Attempt.objects.create(
        page=page,
        n=n,
        provider=provider_of(page, now=now),
        text_fingerprint=fingerprint(letter.message.body, "page.text"),
        begun_at=now,
        deadline=now + timedelta(seconds=settings.SEND_DEADLINE_S),
    )
    return Job(page.pk, attempt.pk, page.kind, attempt.provider, letter.address, letter.message)


def _short_code(run: Run, page: Page, *, now: datetime) -> int:
    try:
        return code_for(page.contact.address_fingerprint, run.subject_kind, run.subject_id, now=now)
    except NoFreeCode:
        log.warning("no_free_short_code", page=page.public_id)
        return 0


def call(job: Job) -> Result:
    """Hand the message to its channel. Whatever a channel raises beside SendError is a bug, and may have sent it."""
    try:
        with through(job.provider):
            return Result(answer=channel(job.kind).send(job.message, job.address))
    except SendError as error:
        return Result(error=error)
    except Exception as error:  # a bug in one channel must not stop the others
        log.exception("channel_failed", channel=job.kind, attempt=job.attempt_id)
        return Result(error=SendError(type(error).__name__, ambiguous=True))


def _call_in_thread(job: Job) -> Result:
    try:
        return call(job)
    finally:
        # the guard reads its rules from the database; the pool's threads must give that connection back
        connections.close_all()


def _finish_safely(job: Job, result: Result, watch: Stopwatch) -> None:
    """Write the result; if the database is away now, the deadline and the provider's own record will tell."""
    try:
        fail_point("send.after_provider_call")
        finish(job, result, now=watch.now())
    except Exception:  # one row that cannot be written must not lose the results of the others
        log.exception("result_not_written", attempt=job.attempt_id)


def finish(job: Job, result: Result, *, now: datetime) -> None:
    """Write down what the provider said, once; late answers of attempts given up meanwhile still count as facts."""
    with transaction.atomic():
        run, page = lock(job.page_id)
        attempt = Attempt.objects.select_for_update().get(pk=job.attempt_id)
        first = attempt.completed_at is None
        _complete(attempt, result, page, now=now)
        if result.answer is not None:
            learnt(page, ACCEPTED, now=now)
        elif first and result.error is not None:
            _refused(page, run, attempt, result.error, now=now)
        fail_point("send.before_result_commit")
    fail_point("send.after_result_commit")


def _complete(attempt: Attempt, result: Result, page: Page, *, now: datetime) -> None:
    attempt.completed_at = attempt.completed_at or now
    if result.answer is not None:
        answer = result.answer
        attempt.outcome, attempt.error, attempt.error_code = "accepted", "", ""
        attempt.provider, attempt.provider_sid = answer.provider, answer.sid
        if is_newer(answer.status, attempt.status):  # a callback may have told more before the call returned
            attempt.status = answer.status
        attempt.http_status, attempt.from_label = answer.http_status, answer.sender
        asks = page.kind not in WITHOUT_RECEIPTS
        attempt.inquire_at = now + timedelta(seconds=settings.RECONCILE_AFTER_S) if asks else None
    elif result.error is not None and not attempt.outcome:
        error = result.error
        kind = "unknown" if error.ambiguous else "failed_permanent" if error.permanent else "failed_temporary"
        attempt.outcome, attempt.error = kind, str(error)
        attempt.http_status, attempt.error_code = error.http_status, error.failure.code[:16]
        attempt.inquire_at = now if error.ambiguous and inquirer(page.kind) else None
    attempt.save()


def _refused(page: Page, run: Run | None, attempt: Attempt, error: SendError, *, now: datetime) -> None:
    """The attempt failed. What the page does next depends on whether it may have been taken after all."""
    if page.state != SENDING:
        return
    if not error.ambiguous:
        failed(page, run, error.failure, now=now)
        return
    lost(page)
    if inquirer(page.kind) is None:
        unresolved(page, run, now=now)


def release_expired(*, now: datetime) -> int:
    """Free pages whose sender died before it began, and give up attempts whose deadline passed; return how many."""
    expired = Page.objects.filter(state=CLAIMED, lease_until__lt=now)
    freed = expired.update(state=move(CLAIMED, "release"), lease_until=None)
    overdue = Attempt.objects.filter(completed_at__isnull=True, deadline__lt=now).order_by("deadline")
    for attempt_id, page_id in overdue.values_list("pk", "page_id")[:100]:
        freed += _give_up(attempt_id, page_id, now=now)
    return freed


def _give_up(attempt_id: int, page_id: int, *, now: datetime) -> int:
    """Nobody will write this attempt's result any more: it is unknown, and the provider is asked if it can be."""
    with transaction.atomic():
        run, page = lock(page_id)
        asks = inquirer(page.kind) is not None
        mine = Attempt.objects.filter(pk=attempt_id, completed_at__isnull=True)
        if not mine.update(completed_at=now, outcome="unknown", inquire_at=now if asks else None):
            return 0
        if page.state == SENDING:
            lost(page)
            if not asks:
                unresolved(page, run, now=now)
    return 1
