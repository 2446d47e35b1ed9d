"""The ticks of on-call. Each finds its work in the database, is bounded, and may run anywhere, twice, at once."""

from __future__ import annotations

from datetime import datetime

from ledger.hints import hint
from oncall.escalation.apply import plan_batch
from oncall.notify import callbacks
from oncall.notify.hangups import hang_up_due
from oncall.notify.inquiries import ask_due
from oncall.notify.sender import release_expired, send_due
from oncall.notify.whispers import whisper_due
from oncall.queries import delivery_due
from oncall.services.duty import record_due
from oncall.services.exercises import begin_due_canary, close_due
from oncall.services.swaps import expire_due
from oncall.stopwatch import Stopwatch

# After this a planner leaves the rest to the next tick.
PLAN_BUDGET_S = 5.0


def duty(now: datetime) -> int:
    """Put on record who came on call and who went; return how many schedules had a change."""
    return record_due(now)


def swaps(now: datetime) -> int:
    """End swaps that were not done when their shift began; return how many."""
    return expire_due(now)


def plan(now: datetime) -> int:
    """Take in what providers said, then take the steps that are due; return how many runs were planned.

    If pages wait to be sent, the sender is knocked on, since the hint that announced them may have been lost.
    """
    watch = Stopwatch(now)
    callbacks.apply(now=now)
    planned = 0
    while watch.elapsed_s() < PLAN_BUDGET_S and (batch := plan_batch(now=watch.now())):
        planned += batch
    if delivery_due(now=watch.now()):
        hint("send")
    return planned


def send(now: datetime) -> int:
    """Take calls back, send what is due, say a word to who pressed, ask what is not known; return how often providers were called.

    Waits for providers. A phone that rings for nothing comes first: it stops ringing by itself soon enough.
    """
    return hang_up_due(now=now) + send_due(now=now) + whisper_due(now=now) + ask_due(now=now)


def exercise(now: datetime) -> int:
    """Send the canary whose time has come, and end exercises that nobody answered; return how many."""
    return int(begin_due_canary(now=now) is not None) + close_due(now=now)


def reconcile(now: datetime) -> int:
    """Free what a dead process held and give up what it began; return how many rows were moved on."""
    return release_expired(now=now) + callbacks.apply(now=now)
