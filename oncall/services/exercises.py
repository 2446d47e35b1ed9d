"""Canaries and drills, one function for each change. Words and rules in docs/paging.md."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import Organisation, User
from ledger.hints import hint
from ledger.record import record
from ledger.texts import keep
from oncall.canary_times import EVERY_DAY, last_slot, read_at
from oncall.escalation import services as runs
from oncall.escalation.policy import MAX_DELAY_S, FrozenPolicy, Step
from oncall.escalation.states import ACKNOWLEDGED as ANSWERED
from oncall.escalation.states import FAILED, MANUAL, NOBODY_NOTIFIED, UNANSWERED
from oncall.escalation.targets import known_targets, people_of, target_kind
from oncall.escalation.who import reachable_contacts
from oncall.models import Canary, Exercise, Page, Policy, Run
from oncall.models.exercises import CANARY, CONFIRMED, DRILL, ENDED, MISSED, NOBODY
from oncall.notify.services import confirmed
from oncall.subject import EXERCISE, Subject

log = structlog.get_logger(__name__)

# After the last wait of a chain somebody may still be pressing a key; then it is over whatever happened.
GRACE = timedelta(minutes=10)
LEAST_WITHIN_S, MOST_WITHIN_S = 60, 6 * 3600
# An answer to a drill: the next person now, as in a real night.
ESCALATE = "escalate"
MOST_CLOSED = 50


class ExerciseRefused(Exception):
    """An exercise cannot be held, or a canary not be set so. `problems` names fields and what is wrong with each."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems.values()))


@transaction.atomic
def change_canary(
    *,
    target: str,
    now: datetime,
    reason: str,
    at: str = "10:00",
    days: list[int] | None = None,
    confirm_within_s: int = 900,
    expected_version: int | None = None,
) -> Canary:
    """Say to whom a canary goes and when; an empty target turns it off. Raises ExerciseRefused, StaleVersion."""
    wanted = list(EVERY_DAY) if days is None else sorted(set(days))
    _refuse_canary(target, at, wanted, confirm_within_s)
    canary = Canary.current()
    canary.target, canary.at, canary.days, canary.confirm_within_s = target, at, wanted, confirm_within_s
    canary.since = now
    canary.save(now=now, reason=reason, expected_version=expected_version)
    return canary


def _refuse_canary(target: str, at: str, days: list[int], within_s: int) -> None:
    problems = {}
    if target and not _can_be_target(target):
        problems["target"] = "Choose an active person or a schedule in force."
    try:
        read_at(at)
    except ValueError:
        problems["at"] = "Give a time of day such as 09:30."
    if not days or not set(days) <= set(EVERY_DAY):
        problems["days"] = "Choose at least one weekday, 0 for Monday to 6."
    if not LEAST_WITHIN_S <= within_s <= MOST_WITHIN_S:
        problems["confirm_within_s"] = f"Give {LEAST_WITHIN_S} to {MOST_WITHIN_S} seconds."
    if problems:
        raise ExerciseRefused(problems)


def _can_be_target(target: str) -> bool:
    if target_kind(target) == "schedule":
        return target in known_targets({target})
    return User.objects.filter(public_id=target, is_active=True).exists()


def begin_due_canary(*, now: datetime) -> Exercise | None:
    """Send the canary whose time has come, once however many engines look; None when there is none."""
    canary = Canary.current()
    slot = last_slot(canary.at, canary.days, Organisation.current().zone, now) if canary.target else None
    if slot is None or slot < canary.since or Exercise.objects.filter(slot_at__gte=slot).exists():
        return None
    try:
        return send_canary(canary, now=now, slot_at=slot)
    except IntegrityError:
        return None  # another engine sent it between our look and our insert


@transaction.atomic
def send_canary(canary: Canary, *, now: datetime, slot_at: datetime | None = None, by: User | None = None) -> Exercise:
    """Send a canary now. by: who asked for it out of turn. Raises ExerciseRefused when it is off or one is under way."""
    if not canary.target:
        raise ExerciseRefused({"target": "The canary is off: choose first to whom it goes."})
    if slot_at is None and Exercise.objects.filter(kind=CANARY, ended_at__isnull=True).exists():
        raise ExerciseRefused({"target": "A canary is on its way. Wait for its answer."})
    exercise = Exercise(
        kind=CANARY, target=canary.target, asked_by=by, slot_at=slot_at, started_at=now,
        deadline_at=now + timedelta(seconds=canary.confirm_within_s) + GRACE,
    )  # fmt: skip
    exercise.save(force_insert=True)
    record("exercise.canary_begun", [exercise], {"target": canary.target, "by": by.public_id if by else ""}, now=now)
    frozen = FrozenPolicy("", 0, "Canary", 0, (Step(canary.confirm_within_s, (canary.target,)),))
    title = "CANARY: nothing is wrong. This tries the whole way to you; please confirm."
    _page(exercise, frozen, None, _subject(exercise, title, "high", 3), now=now)
    return exercise


@transaction.atomic
def start_drill(policy: Policy, *, by: User, now: datetime, reason: str = "", urgency: str = "high") -> Exercise:
    """Page a policy as a drill: with its own people and waits, and marked in every message. It calls no catch-all.

    Raises ExerciseRefused while one of the policy is under way, or when the policy is out of force.
    """
    if policy.retired_at is not None:
        raise ExerciseRefused({"policy": f"{policy} is out of force."})
    if Exercise.objects.filter(policy=policy, ended_at__isnull=True).exists():
        raise ExerciseRefused({"policy": f"A drill of {policy} is under way. End it first, or wait."})
    frozen = policy.frozen()
    waits = sum(min(step.delay_s, MAX_DELAY_S) for step in frozen.steps) * frozen.loops
    exercise = Exercise(
        kind=DRILL, policy=policy, asked_by=by, reason_sha256=keep(reason, now=now), started_at=now,
        deadline_at=now + timedelta(seconds=waits) + GRACE,
    )  # fmt: skip
    try:
        with transaction.atomic():
            exercise.save(force_insert=True)
    except IntegrityError:  # somebody began one between our look and our insert
        raise ExerciseRefused({"policy": f"A drill of {policy} is under way. End it first, or wait."}) from None
    data = {"by": by.public_id, "urgency": urgency, "policy_version": policy.version, "reason": exercise.reason_sha256}
    record("exercise.drill_begun", [exercise, policy, by], data, now=now)
    title = f"DRILL: nothing is wrong. {policy.name} is paged to see who answers."
    _page(exercise, frozen, policy, _subject(exercise, title, urgency, 2), now=now)
    return exercise


def _subject(exercise: Exercise, title: str, urgency: str, severity: int) -> Subject:
    url = f"{settings.PUBLIC_URL.rstrip('/')}/exercises/{exercise.public_id}/"
    return Subject(EXERCISE, exercise.public_id, "", severity, urgency, title, url)


def _page(exercise: Exercise, frozen: FrozenPolicy, policy: Policy | None, subject: Subject, *, now: datetime) -> None:
    """Begin the run; where nobody could be reached at all, say so at once."""
    people = people_of({target for step in frozen.steps for target in step.targets}, now=now)
    if not reachable_contacts(User.objects.filter(public_id__in=people)):
        _end(exercise, NOBODY, now=now)
        return
    if policy is None:
        runs.start_frozen(subject, frozen, now=now)
    else:
        runs.start(subject, policy, now=now)


@transaction.atomic
def answered(page: Page, how: str, *, now: datetime, verb: str = "") -> None:
    """A person did something with a page that is about no incident: a test, a canary or a drill. Safe to repeat.

    how: `sms`, `voice`, `link` or `slack`. An answer ends an exercise, but for `escalate`, which calls the next person. One that
    comes after the end is kept with its time and changes no outcome.
    """
    run = page.run
    if run is None or run.subject_kind != EXERCISE:
        confirmed(page, how, now=now)
        return
    # locks go exercise, run, page: as incident, run, page elsewhere
    exercise = Exercise.objects.select_for_update().get(public_id=run.subject_id)
    locked = Run.objects.select_for_update().get(pk=run.pk)
    confirmed(page, how, now=now)
    if verb == ESCALATE and exercise.ended_at is None:
        runs.escalate_now(locked.subject, now=now, by=page.person)
        return
    if exercise.answered_at is None:
        exercise.answered_at, exercise.answered_by, exercise.answered_how = now, page.person, how
        exercise.save(update_fields=["answered_at", "answered_by", "answered_how"])
        data = {"how": how, "late": exercise.ended_at is not None, "took_s": exercise.took_s}
        record("exercise.answered", [exercise, page.person, page], data, now=now)
    if exercise.ended_at is None:
        runs.stop(EXERCISE, exercise.public_id, ANSWERED, now=now, by=page.person)
        _end(exercise, CONFIRMED, now=now)


@transaction.atomic
def call_off(exercise: Exercise, *, by: User, now: datetime) -> None:
    """End an exercise before its time; nobody else is called. Raises ExerciseRefused when it is over."""
    held = Exercise.objects.select_for_update().get(pk=exercise.pk)
    if held.ended_at is not None:
        raise ExerciseRefused({"exercise": "It is over."})
    runs.stop(EXERCISE, held.public_id, MANUAL, now=now)
    _end(held, ENDED, now=now, by=by)


def close_due(*, now: datetime) -> int:
    """End exercises that nobody answered: the chain is at its end, or their time is over; return how many."""
    open_ones = list(Exercise.objects.filter(ended_at__isnull=True).order_by("pk")[:MOST_CLOSED])
    return sum(_close(one.pk, now=now) for one in open_ones)


def _close(pk: int, *, now: datetime) -> bool:
    with transaction.atomic():
        exercise = Exercise.objects.select_for_update().get(pk=pk)
        run = Run.objects.select_for_update().of(EXERCISE, exercise.public_id).first()
        at_its_end = run is None or run.state in (*UNANSWERED, FAILED)
        if exercise.ended_at is not None or not (at_its_end or now >= exercise.deadline_at):
            return False
        runs.stop(EXERCISE, exercise.public_id, MANUAL, now=now)
        _end(exercise, NOBODY if run is None or run.state == NOBODY_NOTIFIED else MISSED, now=now)
        return True


def _end(exercise: Exercise, outcome: str, *, now: datetime, by: User | None = None) -> None:
    exercise.ended_at, exercise.outcome = now, outcome
    exercise.save(update_fields=["ended_at", "outcome"])
    about = [exercise, *([exercise.policy] if exercise.policy else [])]
    data = {"outcome": outcome, "took_s": exercise.took_s, "by": by.public_id if by else ""}
    record("exercise.ended", about, data, now=now)
    hint("send")
