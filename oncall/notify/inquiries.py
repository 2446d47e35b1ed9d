"""Asking providers what became of pages: of attempts whose answer was lost, and of texts nobody reported on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from oncall.models import Attempt
from oncall.notify import callbacks
from oncall.notify.channels import inquirer
from oncall.notify.channels.base import Finding, Question, SendError
from oncall.notify.messages import Outdated, letter_for
from oncall.notify.providers import through
from oncall.notify.states import PLANNED, UNKNOWN
from oncall.notify.transitions import lock, unresolved, without_receipt
from oncall.stopwatch import Stopwatch

log = structlog.get_logger(__name__)

# A lost attempt is asked about at most so often before the page is sent again: the provider may be away altogether.
_TRIES = 3
_AGAIN = timedelta(seconds=5)
# A text without a receipt is asked about 60, 120, 240 … seconds after it was taken, and then believed to have none.
_POLLS = 6
_BUDGET_S = 20.0


@dataclass(frozen=True)
class _Asked:
    attempt: Attempt
    question: Question


def ask_due(*, now: datetime) -> int:
    """Ask providers about attempts whose time has come; return how many were asked about.

    Safe to run anywhere, twice, at once: an attempt is leased to its asker by moving its `inquire_at` on.
    """
    watch = Stopwatch(now)
    asked = 0
    while watch.elapsed_s() < _BUDGET_S and (attempt_id := _claim(now=watch.now())) is not None:
        prepared = _prepare(attempt_id, now=watch.now())
        if prepared is not None:
            _ask(prepared, watch)
            asked += 1
    return asked


def _claim(*, now: datetime) -> int | None:
    with transaction.atomic():
        due = Attempt.objects.filter(inquire_at__lte=now).order_by("inquire_at")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        attempt_id = due.values_list("pk", flat=True).first()
        if attempt_id is None:
            return None
        leased = now + timedelta(seconds=settings.SEND_LEASE_S)
        Attempt.objects.filter(pk=attempt_id).update(inquire_at=leased, inquiries=F("inquiries") + 1)
    return attempt_id


def _prepare(attempt_id: int, *, now: datetime) -> _Asked | None:
    attempt = Attempt.objects.select_related("page__contact", "page__run", "page__person").get(pk=attempt_id)
    page = attempt.page
    try:
        letter = letter_for(page, attempt=attempt.n, now=now)
    except Outdated:
        _no_more(attempt, now=now)
        return None
    others = Attempt.objects.filter(page__contact=page.contact_id, begun_at__gt=attempt.begun_at - timedelta(days=1))
    known = frozenset(others.exclude(provider_sid="").values_list("provider_sid", flat=True))
    return _Asked(attempt, Question(attempt.provider_sid, letter.address, attempt.begun_at, letter.marker, known))


def _ask(asked: _Asked, watch: Stopwatch) -> None:
    attempt = asked.attempt
    who = inquirer(attempt.page.kind)
    if who is None:
        _no_more(attempt, now=watch.now())
        return
    try:
        with through(attempt.provider):
            finding = who.ask(asked.question)
    except SendError as error:
        log.warning("inquiry_failed", attempt=attempt.pk, error=str(error))
        _no_answer(attempt, now=watch.now())
        return
    if finding is not None:
        _found(attempt, finding, now=watch.now())
    elif attempt.provider_sid:
        _no_answer(attempt, now=watch.now())
    else:
        _not_found(attempt, now=watch.now())


def _found(attempt: Attempt, finding: Finding, *, now: datetime) -> None:
    """Keep what was said like any callback, so that it is applied by the same rules; and ask again later."""
    callbacks.keep(
        source="poll" if attempt.provider_sid else "reconcile",
        provider=finding.provider,
        sid=finding.sid,
        status=finding.status,
        error_code=finding.error_code,
        now=now,
        attempt=attempt,
    )
    _ask_later(attempt, now=now)
    callbacks.apply(now=now)


def _no_answer(attempt: Attempt, *, now: datetime) -> None:
    """The provider cannot be asked now. A lost page of high urgency does not wait for long."""
    if attempt.provider_sid:
        _ask_later(attempt, now=now)
    elif attempt.inquiries >= _TRIES:
        _not_found(attempt, now=now)
    else:
        Attempt.objects.filter(pk=attempt.pk).update(inquire_at=now + _AGAIN * attempt.inquiries)


def _not_found(attempt: Attempt, *, now: datetime) -> None:
    with transaction.atomic():
        run, page = lock(attempt.page_id)
        Attempt.objects.filter(pk=attempt.pk).update(inquire_at=None)
        if page.state == UNKNOWN and page.ended_at is None and attempt.n == page.attempts_made:
            unresolved(page, run, now=now)


def _ask_later(attempt: Attempt, *, now: datetime) -> None:
    if attempt.inquiries >= _POLLS:
        _no_more(attempt, now=now)
        return
    pause = timedelta(seconds=settings.RECONCILE_AFTER_S) * 2 ** max(attempt.inquiries - 1, 0)
    Attempt.objects.filter(pk=attempt.pk).update(inquire_at=now + pause)


def _no_more(attempt: Attempt, *, now: datetime) -> None:
    """Stop asking: the page ends as what it is known to be."""
    with transaction.atomic():
        run, page = lock(attempt.page_id)
        Attempt.objects.filter(pk=attempt.pk).update(inquire_at=None)
        if page.state == UNKNOWN and page.ended_at is None:
            unresolved(page, run, now=now)
        elif page.state != PLANNED:
            without_receipt(page, now=now)
