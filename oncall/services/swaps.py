"""Swaps, one function for each step. Whoever moves one holds its row; what both agreed becomes overrides in the same transaction.

Rules in words: docs/swaps.md. The table of states is `oncall.rota.swaps`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.second_person import approves_alone
from ledger.record import instant, record
from ledger.texts import keep
from oncall.models import Schedule, Swap
from oncall.rota import schedule as rota
from oncall.rota.calendar import Window
from oncall.rota.problems import ScheduleError
from oncall.rota.schedule import PRIMARY, ROLES
from oncall.rota.swaps import OPEN, State, holds, is_free, move
from oncall.schedules import person_value, planned
from oncall.services.duty import hold
from oncall.services.overrides import PAST, make_override
from oncall.services.swap_letters import tell

NOTE_MOST = 500
BATCH = 100


@transaction.atomic
def request_swap(
    schedule: Schedule,
    *,
    giver: User,
    start_at: datetime,
    end_at: datetime,
    by: User,
    now: datetime,
    role: str = PRIMARY,
    asked: User | None = None,
    note: str = "",
) -> Swap:
    """Ask that somebody takes the giver's shift in `[start_at, end_at)`, all of it or a part. Raises ScheduleError by field.

    asked: one person; everybody who answers pages without one.
    """
    held = hold(schedule)
    if role not in ROLES:
        raise ScheduleError({"role": f"A shift is of {' or '.join(ROLES)}."})
    if len(note) > NOTE_MOST:
        raise ScheduleError({"note": f"Say it in at most {NOTE_MOST} characters."})
    if asked is not None:
        _check_taker(asked, giver, "asked")
    _check_held(held, giver, start_at, end_at, role, now, "start_at", "end_at")
    meets = Swap.objects.filter(schedule=held, role=role, giver=giver, state__in=OPEN)
    if meets.filter(start_at__lt=end_at, end_at__gt=start_at).exists():
        raise ScheduleError({"start_at": "There is an open swap of that shift, or of a part of it, already."})
    made = Swap.objects.create(
        schedule=held, role=role, giver=giver, start_at=start_at, end_at=end_at, asked=asked,
        expires_at=_expiry(start_at, end_at, now),
        note_sha256=keep(note.strip(), now=now), requested_by=by, requested_at=now,
    )  # fmt: skip
    told = {"role": role, "start": instant(start_at), "end": instant(end_at), "note": made.note_sha256}
    _record(made, "requested", by, now, **told, asked=asked.public_id if asked else None)
    tell(made, "requested", by=by, now=now)
    return made


@transaction.atomic
def offer_swap(
    swap: Swap,
    *,
    taker: User,
    by: User,
    now: datetime,
    back_start_at: datetime | None = None,
    back_end_at: datetime | None = None,
) -> Swap:
    """Offer to take the shift, for nothing or for a shift of the taker's. Raises IllegalMove, ScheduleError.

    If the taker is who was asked by name, and asks for nothing in return, both have agreed by that.
    """
    with _moving(swap, "offer", now) as held:
        if held.asked_id is not None and held.asked_id != taker.pk:
            raise ScheduleError({"taker": f"{held.asked} was asked, nobody else."})
        _check_taker(taker, held.giver, "taker")
        if not is_free(_plan(held, now), person_value(taker), Window(max(held.start_at, now), held.end_at), held.role):
            raise ScheduleError({"taker": f"{taker.name} is on call then already."})
        if (back_start_at is None) != (back_end_at is None):
            raise ScheduleError({"back_end_at": "A shift in return has a start and an end."})
        if back_start_at and back_end_at:
            _check_back(held, taker, back_start_at, back_end_at, now)
        held.taker, held.offered_by, held.offered_at = taker, by, now
        held.back_start_at, held.back_end_at = back_start_at, back_end_at
        held.expires_at = min(held.expires_at, back_start_at or held.expires_at)
        back = [instant(back_start_at), instant(back_end_at)] if back_start_at and back_end_at else None
        _record(held, "offered", by, now, taker=taker.public_id, back=back)
        if held.asked_id == taker.pk and back is None:
            return _agree(held, held.requested_by, by, now)
        held.save()
        tell(held, "offered", by=by, now=now)
    return held


@transaction.atomic
def accept_swap(swap: Swap, *, by: User, now: datetime) -> Swap:
    """Agree with the offer: it is done, or waits for a second person if the schedule asks for one. Raises IllegalMove, ScheduleError."""
    with _moving(swap, "accept", now) as held:
        return _agree(held, by, by, now)


@transaction.atomic
def approve_swap(swap: Swap, *, by: User, now: datetime) -> Swap:
    """Let an accepted swap be done, as somebody who is no party to it. Where nobody else may, a party can, on record.

    Raises IllegalMove, SamePerson, ScheduleError.
    """
    with _moving(swap, "approve", now) as held:
        party = by.pk in (held.giver_id, held.taker_id)
        held.approved_alone = approves_alone(by if party else None, by, held.schedule)
        return _finish(held, by, now)


@transaction.atomic
def reopen_swap(swap: Swap, verb: str, *, by: User, now: datetime) -> Swap:
    """Turn an offer down (`turn_down`), or take one's own back (`take_back`): others may offer. Raises IllegalMove."""
    with _moving(swap, verb, now) as held:
        word = "turned_down" if verb == "turn_down" else "taken_back"
        _record(held, word, by, now, taker=held.taker.public_id if held.taker else None)
        tell(held, word, by=by, now=now)
        held.taker = held.offered_by = held.offered_at = held.back_start_at = held.back_end_at = None
        held.expires_at = _expiry(held.start_at, held.end_at, held.requested_at)
        held.save()
    return held


@transaction.atomic
def close_swap(swap: Swap, verb: str, *, by: User, now: datetime, reason: str = "") -> Swap:
    """End a swap that is not done: `withdraw`, `decline` by who was asked, `refuse` instead of an approval. Raises IllegalMove, ScheduleError."""
    if len(reason) > NOTE_MOST:
        raise ScheduleError({"reason": f"Say it in at most {NOTE_MOST} characters."})
    with _moving(swap, verb, now) as held:
        held.ended_by, held.ended_at, held.end_sha256 = by, now, keep(reason.strip(), now=now)
        held.save()
        _record(held, str(held.state), by, now, reason=held.end_sha256)
        tell(held, str(held.state), by=by, now=now)
    return held


def expire_due(now: datetime) -> int:
    """End what was not done when its first shift began; return how many. For the tick: safe to run twice, at once."""
    due = Swap.objects.filter(state__in=OPEN, expires_at__lte=now).order_by("expires_at", "pk")
    return sum(_expire(key, now) for key in list(due.values_list("pk", flat=True)[:BATCH]))


@transaction.atomic
def _expire(key: int, now: datetime) -> int:
    held = _locked(key)
    if held.state not in OPEN or held.expires_at > now:
        return 0
    held.state, held.ended_at = move(held.state, "expire"), now
    held.save()
    _record(held, "expired", None, now)
    tell(held, "expired", by=None, now=now)
    return 1


@contextmanager
def _moving(swap: Swap, verb: str, now: datetime) -> Iterator[Swap]:
    """The row, locked, in the state after the verb; the body saves it. Raises IllegalMove, ScheduleError once it is too late."""
    held = _locked(swap.pk)
    held.state = move(held.state, verb)
    if held.expires_at <= now and verb != "withdraw":
        raise ScheduleError({"swap": "The shift has begun, so it cannot be swapped any more. Override it instead."})
    yield held


def _locked(key: int) -> Swap:
    rows = Swap.objects.select_for_update(of=("self",))
    rows = rows.select_related("schedule__team", "giver", "taker", "asked", "requested_by", "offered_by")
    held: Swap = rows.get(pk=key)
    return held


def _agree(held: Swap, giver: User, by: User, now: datetime) -> Swap:
    """Both agree. giver: who agreed for the giver, which naming the taker did as well."""
    held.state, held.accepted_by, held.accepted_at = State.ACCEPTED, giver, now
    _record(held, "accepted", by, now, agreed=giver.public_id)
    if held.schedule.swaps_need_approval:
        held.save()
        tell(held, "accepted", by=by, now=now)
        return held
    held.state = move(held.state, "approve")
    return _finish(held, by, now)


def _finish(held: Swap, by: User, now: datetime) -> Swap:
    """Put it into the plan. What both agreed on is looked at again: a plan may have changed since. Raises ScheduleError."""
    if held.taker is None:
        raise ScheduleError({"swap": "Nobody takes it."})
    given = [(held.taker, held.giver, max(held.start_at, now), held.end_at)]
    if held.back_start_at and held.back_end_at:
        given.append((held.giver, held.taker, held.back_start_at, held.back_end_at))
    made = []
    hold(held.schedule)
    for who, whom, start, end in given:
        _check_held(held.schedule, whom, start, end, held.role, now, "swap", "swap")
        if not is_free(_plan(held, now), person_value(who), Window(start, end), held.role):
            raise ScheduleError({"swap": f"{who.name} is on call then already."})
        made.append(
            make_override(
                held.schedule, kind="replace", start_at=start, end_at=end, who=who, whom=whom, role=held.role, by=by,
                now=now, reason=f"Swap {held.public_id}", swap=held.public_id,
            )
        )  # fmt: skip
    held.ended_by, held.ended_at = by, now
    held.save()
    _record(held, "done", by, now, overrides=[one.public_id for one in made], alone=bool(held.approved_alone))
    tell(held, "done", by=by, now=now)
    return held


def _expiry(start: datetime, end: datetime, requested: datetime) -> datetime:
    """What is to come is over when it begins; of a shift that ran when it was asked for, the rest can be taken up to its end."""
    return start if start > requested else end


def _check_held(
    schedule: Schedule, person: User, start: datetime, end: datetime, role: str, now: datetime, at: str, until: str
) -> None:
    if start < now:
        raise ScheduleError({at: PAST})
    if end <= start:
        raise ScheduleError({until: "It ends later than it starts."})
    if not holds(planned(schedule, now), person_value(person), Window(start, end), role):
        raise ScheduleError({at: f"{person.name} is not on call in all of that time."})


def _check_back(held: Swap, taker: User, start: datetime, end: datetime, now: datetime) -> None:
    _check_held(held.schedule, taker, start, end, held.role, now, "back_start_at", "back_end_at")
    if not is_free(_plan(held, now), person_value(held.giver), Window(start, end), held.role):
        raise ScheduleError({"back_start_at": f"{held.giver.name} is on call then already."})


def _check_taker(person: User, giver: User, field: str) -> None:
    if person.pk == giver.pk:
        raise ScheduleError({field: "Nobody takes their own shift."})
    if not person.is_active:
        raise ScheduleError({field: f"{person.name} is nobody who can be paged. Choose somebody active."})


def _plan(held: Swap, now: datetime) -> rota.Schedule:
    return planned(held.schedule, now)


def _record(held: Swap, what: str, by: User | None, now: datetime, **data: object) -> None:
    said = {"by": by.public_id if by else None, **data}
    record(
        f"oncall.swap_{what}", [held, held.schedule, held.giver, *([held.taker] if held.taker else [])], said, now=now
    )
