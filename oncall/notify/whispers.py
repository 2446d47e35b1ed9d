"""Words for who pressed a button, which only they see. They are a courtesy: the press counted whether or not they arrive."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from oncall.models import InboundTap
from oncall.notify.channels import whisperer
from oncall.notify.channels.base import SendError
from oncall.stopwatch import Stopwatch

log = structlog.get_logger(__name__)

# After these pauses the words are forgotten: somebody who waited so long has looked for themselves.
_PAUSES_S = (2, 10)
_BUDGET_S = 10.0


def whisper_due(*, now: datetime) -> int:
    """Send the words that are due; return how many calls were made. Safe to run anywhere, twice, at once."""
    watch = Stopwatch(now)
    made = 0
    while watch.elapsed_s() < _BUDGET_S and (tap := _claim(now=watch.now())) is not None:
        _whisper(tap, watch)
        made += 1
    return made


def _claim(*, now: datetime) -> InboundTap | None:
    """Lease a row by moving its time on."""
    with transaction.atomic():
        due = InboundTap.objects.filter(reply_due_at__lte=now).order_by("reply_due_at")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        tap = due.first()
        if tap is not None:
            leased = now + timedelta(seconds=settings.SEND_LEASE_S)
            InboundTap.objects.filter(pk=tap.pk).update(reply_due_at=leased, reply_tries=F("reply_tries") + 1)
    return tap


def _whisper(tap: InboundTap, watch: Stopwatch) -> None:
    to = json.loads(tap.reply_to)
    try:
        whisperer(tap.provider)(to["channel"], to["user"], tap.answer)
    except SendError as error:
        log.warning("whisper_failed", tap=tap.pk, error=str(error))
        again = None if error.permanent or tap.reply_tries >= len(_PAUSES_S) else _PAUSES_S[tap.reply_tries]
        if again is not None:
            due = watch.now() + timedelta(seconds=max(again, error.failure.wait_s))
            InboundTap.objects.filter(pk=tap.pk).update(reply_due_at=due)
            return
        _forget(tap)
        return
    _forget(tap, replied_at=watch.now())


def _forget(tap: InboundTap, *, replied_at: datetime | None = None) -> None:
    rows = InboundTap.objects.filter(pk=tap.pk)
    held = rows.get()
    held.reply_due_at, held.reply_to, held.replied_at = None, "", replied_at
    held.save(update_fields=["reply_due_at", "reply_to", "replied_at"])
