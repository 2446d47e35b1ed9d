"""Taking back calls that wait or ring after somebody answered: nobody should be woken to hear that it is taken."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction

from oncall.models import Attempt
from oncall.notify import callbacks
from oncall.notify.channels import canceller
from oncall.notify.channels.base import SendError
from oncall.notify.providers import through
from oncall.notify.statuses import is_final
from oncall.stopwatch import Stopwatch

log = structlog.get_logger(__name__)

# After this a call has rung out by itself, or somebody has picked up and been told.
GIVE_UP_AFTER = timedelta(seconds=60)
_AGAIN = timedelta(seconds=1)
_BUDGET_S = 20.0


def hang_up_due(*, now: datetime) -> int:
    """Take back calls whose time has come; return how many providers were asked.

    Safe to run anywhere, twice, at once: an attempt is leased by moving its `hang_up_at` on, and to take a call back
    twice is harmless.
    """
    watch = Stopwatch(now)
    asked = 0
    while watch.elapsed_s() < _BUDGET_S and (attempt := _claim(now=watch.now())) is not None:
        asked += _hang_up(attempt, watch)
    return asked


def _claim(*, now: datetime) -> Attempt | None:
    with transaction.atomic():
        due = Attempt.objects.filter(hang_up_at__lte=now).order_by("hang_up_at")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True, of=("self",))
        attempt = due.select_related("page__run").first()
        if attempt is not None:
            leased = now + timedelta(seconds=settings.SEND_LEASE_S)
            Attempt.objects.filter(pk=attempt.pk).update(hang_up_at=leased)
    return attempt


def _hang_up(attempt: Attempt, watch: Stopwatch) -> int:
    """Ask the provider. A call of which we do not know the id yet is looked at again a second later."""
    if attempt.page.ended_at is not None or is_final(attempt.status):
        _forget(attempt)
        return 0
    if not attempt.provider_sid:
        _later(attempt, now=watch.now())
        return 0
    try:
        with through(attempt.provider):
            finding = canceller(attempt.page.kind).call_off(attempt.provider_sid)
    except SendError as error:
        log.warning("call_not_taken_back", attempt=attempt.pk, error=str(error))
        _later(attempt, now=watch.now())
        return 1
    _forget(attempt)
    callbacks.keep(
        source="poll", provider=finding.provider, sid=finding.sid, status=finding.status, error_code="",
        now=watch.now(), attempt=attempt,
    )  # fmt: skip
    callbacks.apply(now=watch.now())
    return 1


def _later(attempt: Attempt, *, now: datetime) -> None:
    """Try again in a second, for a minute: then the call is over without us."""
    if now - attempt.begun_at > GIVE_UP_AFTER:
        _forget(attempt)
    else:
        Attempt.objects.filter(pk=attempt.pk).update(hang_up_at=now + _AGAIN)


def _forget(attempt: Attempt) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(hang_up_at=None)
