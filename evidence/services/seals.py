"""The daily work: every day that is over gets its seal, quiet days and days the engine slept through too."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from accounts.models import Organisation
from evidence.queries.sealed import letters_due
from evidence.services.letters import post_letters
from ledger.demo import is_demo
from ledger.hints import hint
from ledger.models import Seal
from ledger.seal_text import DayFacts, DayLines
from ledger.seals import day_due, read_day, write_seal
from monitors.services.continuity import recorded_day

MOST_AT_ONCE = 40  # after a long stop the rest follows with the next tick


def ask_for_seals(now: datetime) -> bool:
    """Knock while a day waits to be sealed or a seal to be mailed; whether one does. For the tick: it stays quick."""
    due = day_due(now) is not None or letters_due(now=now)
    if due:
        hint("seal")
    return due


def seal_due_days(now: datetime, *, most: int = MOST_AT_ONCE) -> int:
    """Seal the days that are over, in order; return how many. Two engines at it make each seal once."""
    made = 0
    while made < most and (day := day_due(now)) is not None and seal_day(day, now=now) is not None:
        made += 1
    return made


def seal_day(day: date, *, now: datetime) -> Seal | None:
    """Seal the day that is next, and post it to every anchor; None if it has to wait for a line or another hand.

    The reading, which may take seconds on a busy day, happens before the transaction.
    """
    lines = read_day(day)
    return None if lines is None else _write(lines, facts_of(day, now=now), now)


def facts_of(day: date, *, now: datetime) -> DayFacts:
    """What the house knows of a day beside its lines."""
    seen = recorded_day(day, now=now)
    house = Organisation.current()
    return DayFacts(
        organisation=f"{house.public_id} {house.name}",
        version=settings.VERSION,
        demo=is_demo(),
        monitors=seen.monitors,
        checks_expected=seen.checks_expected,
        checks_executed=seen.checks_executed,
        longest_gap_s=seen.longest_gap_s,
    )


@transaction.atomic
def _write(lines: DayLines, facts: DayFacts, now: datetime) -> Seal | None:
    seal = write_seal(lines, facts, now=now)
    if seal is not None:
        post_letters(seal, now=now)
    return seal
