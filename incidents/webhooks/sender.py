"""The sender of webhooks: claim, commit `sending` with the attempt, call, write down what came of it.

It runs beside paging, never in front of it: a queue of its own, threads of its own, one at a time in a process. Each
endpoint has one call open at most, so that a slow one holds nobody up and order is kept as far as the receiver answers.
A crash between call and record leaves a lease that ends: the event is sent again under the same id (docs/webhooks.md).
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, connections, transaction
from django.db.models import Min

from accounts.egress import client
from accounts.egress.client import EgressError
from accounts.egress.signature import headers
from incidents.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from incidents.webhooks.masks import excerpt
from incidents.webhooks.outcomes import settle
from incidents.webhooks.retry import Answer
from incidents.webhooks.states import SENDING, move
from oncall.stopwatch import Stopwatch

log = structlog.get_logger(__name__)

SLOTS = 4
# A sender stops claiming after this and lets the next tick, on whatever worker, go on.
TICK_BUDGET_S = 20.0
# Beyond the call's own time-out, a sender that has not written its result by then is dead.
LEASE_SLACK_S = 30
_LOOK_AGAIN_S = 0.25

_turn = threading.Lock()


@dataclass(frozen=True)
class Job:
    """One attempt that has begun: everything the call needs, so that no database is touched meanwhile."""

    delivery_id: int
    attempt_id: int
    endpoint_id: int
    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Result:
    """How the call went, how long it took, and how the answer began."""

    answer: Answer
    duration_ms: int
    said: str = ""


def send_due(*, now: datetime, slots: int = SLOTS) -> int:
    """Send what is due until nothing is left or the budget is spent; return how many attempts were made.

    Safe to run anywhere, twice, at once; a second sender in the same process leaves at once. slots: calls open at the
    same time; 1 makes them in this very thread.
    """
    if not _turn.acquire(blocking=False):
        return 0
    try:
        watch = Stopwatch(now)
        return _one_by_one(watch) if slots == 1 else _side_by_side(watch, slots)
    finally:
        _turn.release()


def _one_by_one(watch: Stopwatch) -> int:
    made = 0
    while watch.elapsed_s() < TICK_BUDGET_S and (jobs := claim(now=watch.now(), limit=1)):
        _finish_safely(jobs[0], call(jobs[0]), watch)
        made += 1
    return made


def _side_by_side(watch: Stopwatch, slots: int) -> int:
    made = 0
    flying: dict[Future[Result], Job] = {}
    with ThreadPoolExecutor(slots, thread_name_prefix="webhook") as pool:
        while True:
            free = slots - len(flying) if watch.elapsed_s() < TICK_BUDGET_S else 0
            for job in claim(now=watch.now(), limit=free) if free else ():
                flying[pool.submit(_call_in_thread, job)] = job
                made += 1
            if not flying:
                return made
            done, _ = wait(flying, timeout=_LOOK_AGAIN_S, return_when=FIRST_COMPLETED)
            for future in done:
                _finish_safely(flying.pop(future), future.result(), watch)


def claim(*, now: datetime, limit: int) -> list[Job]:
    """Begin the oldest due delivery of up to `limit` endpoints that have no call open; return the jobs.

    The endpoint's row lock is what two senders meet at; the one that comes second takes another endpoint.
    """
    busy = WebhookDelivery.objects.filter(state=SENDING).values("endpoint")
    waiting = WebhookDelivery.objects.due(now).exclude(endpoint__in=busy)
    first = waiting.order_by().values("endpoint").annotate(first=Min("due_at")).order_by("first")
    endpoints = [row["endpoint"] for row in first[:limit]]
    jobs = []
    for endpoint_id in endpoints:
        with transaction.atomic():
            job = _begin(endpoint_id, now=now)
        if job is not None:
            jobs.append(job)
    return jobs


def _begin(endpoint_id: int, *, now: datetime) -> Job | None:
    skip = connection.features.has_select_for_update_skip_locked
    held = WebhookEndpoint.objects.select_for_update(skip_locked=skip).filter(pk=endpoint_id).first()
    if held is None or WebhookDelivery.objects.filter(endpoint=held, state=SENDING).exists():
        return None
    due = WebhookDelivery.objects.due(now).filter(endpoint=held).select_related("event")
    delivery = due.order_by("due_at", "pk").first()
    if delivery is None:
        return None
    body = delivery.event.payload.encode()
    delivery.state, delivery.reason = move(delivery.state, "begin"), ""
    delivery.tries, delivery.attempts_made = delivery.tries + 1, delivery.attempts_made + 1
    delivery.first_attempt_at = delivery.first_attempt_at or now
    delivery.lease_until = now + timedelta(seconds=settings.WEBHOOK_TIMEOUT_S + LEASE_SLACK_S)
    delivery.save()
    attempt = WebhookAttempt.objects.create(delivery=delivery, n=delivery.attempts_made, begun_at=now)
    signed = headers(held.secrets_at(now), delivery.event.public_id, int(now.timestamp()), body)
    sent = {"Content-Type": "application/json", **signed}
    return Job(delivery.pk, attempt.pk, held.pk, held.url, sent, body)


def call(job: Job) -> Result:
    """Make the call through the guard. Whatever else it raises is a bug of ours, and ends as one attempt that failed."""
    begun = time.monotonic()
    said = ""
    try:
        got = client.request("POST", job.url, timeout=settings.WEBHOOK_TIMEOUT_S, headers=job.headers, body=job.body)
        answer, said = Answer(got.status, "", got.headers.get("retry-after", "")), excerpt(got.body)
    except EgressError as error:
        answer, said = Answer(error=error.kind), excerpt(str(error).encode()) if error.kind == "refused" else ""
    except Exception:  # a bug with one endpoint must not stop the others
        log.exception("webhook_call_failed", attempt=job.attempt_id)
        answer = Answer(error="internal")
    return Result(answer, round((time.monotonic() - begun) * 1000), said)


def _call_in_thread(job: Job) -> Result:
    try:
        return call(job)
    finally:
        # the guard reads its rules from the database; the pool's threads must give that connection back
        connections.close_all()


def _finish_safely(job: Job, result: Result, watch: Stopwatch) -> None:
    """Write the result; if the database is away now, the lease ends and the event is sent again."""
    try:
        finish(job, result, now=watch.now())
    except Exception:  # one row that cannot be written must not lose the results of the others
        log.exception("webhook_result_not_written", attempt=job.attempt_id)


def finish(job: Job, result: Result, *, now: datetime) -> bool:
    """Write down how the call went, once; False if the lease ended meanwhile and somebody else sends it again."""
    with transaction.atomic():
        # endpoint before delivery, the order in which `_begin` locks them: a 410 pauses the endpoint
        endpoint = WebhookEndpoint.objects.select_for_update().get(pk=job.endpoint_id)
        delivery = WebhookDelivery.objects.select_for_update().get(pk=job.delivery_id)
        open_ = WebhookAttempt.objects.filter(pk=job.attempt_id, outcome__isnull=True)
        if not open_.exists() or delivery.state != SENDING:
            return False
        delivery.last_status, delivery.last_answer = result.answer.status, result.said
        outcome = settle(delivery, endpoint, result.answer, now=now)
        open_.update(
            ended_at=now,
            outcome=outcome,
            http_status=result.answer.status,
            error=result.answer.error,
            duration_ms=result.duration_ms,
        )
    return True


def release_expired(*, now: datetime) -> int:
    """Give up attempts whose sender died; their deliveries are due at once, or as the table says. How many."""
    held = WebhookDelivery.objects.filter(state=SENDING, lease_until__lt=now)
    return sum(_release(delivery_id, now=now) for delivery_id in list(held.values_list("pk", flat=True)[:100]))


def _release(delivery_id: int, *, now: datetime) -> int:
    with transaction.atomic():
        delivery = WebhookDelivery.objects.select_for_update().get(pk=delivery_id)
        if delivery.state != SENDING or delivery.lease_until is None or delivery.lease_until >= now:
            return 0
        attempts = WebhookAttempt.objects.filter(delivery=delivery, outcome__isnull=True)
        attempts.update(ended_at=now, outcome="unknown", error="")
        # whether it arrived is not known: the receiver tells repeats by their id, and a lost event by nothing
        delivery.state, delivery.reason, delivery.lease_until = move(delivery.state, "retry"), "retry", None
        delivery.due_at = now
        delivery.save()
    return 1
