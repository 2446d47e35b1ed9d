"""State changes of an escalation, one function each. Callers hold the lock of the subject; these lock the run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from accounts.models import User
from ledger.hints import hint
from ledger.record import record
from oncall.escalation import states
from oncall.escalation.policy import NO_POLICY, FrozenPolicy, asking, digest, to_json
from oncall.escalation.who import reachable_contacts
from oncall.models import Attempt, Page, Policy, Run
from oncall.notify.rows import new_page
from oncall.notify.states import AFTERWARDS, CALLS, FOLLOWING, SENDING, TAKEN, UNDER_WAY, WAITING
from oncall.notify.transitions import cancel, confirm
from oncall.notify.updates import plan_updates
from oncall.queries import contacts_paged, contacts_paged_since_the_end
from oncall.subject import EXERCISE, Subject


class NoRun(LookupError):
    """The subject was never escalated, so there is nothing to go on with."""


def start(subject: Subject, policy: Policy | None, *, now: datetime) -> Run:
    """Begin escalating a subject; without a policy the catch-all is called at once. The policy is frozen here.

    Safe to repeat: while a run of the subject is active, that one is returned and nothing is begun.
    """
    return _begin(subject, policy, policy.frozen() if policy else NO_POLICY, loop=1, step=1, now=now)


def start_frozen(subject: Subject, frozen: FrozenPolicy, *, now: datetime) -> Run:
    """The same under steps that are no policy of their own."""
    return _begin(subject, None, frozen, loop=1, step=1, now=now)


def _begin(
    subject: Subject,
    policy: Policy | None,
    frozen: FrozenPolicy,
    *,
    loop: int,
    step: int,
    now: datetime,
    turn: int | None = None,
) -> Run:
    with transaction.atomic():
        before = Run.objects.select_for_update().of(subject.kind, subject.id).first()
        if before and before.state in states.ACTIVE:
            return before
        if before and before.state in states.STOPPABLE:
            _stop(before, states.SUPERSEDED, by=None, now=now)
        run = Run(
            subject_kind=subject.kind,
            subject_id=subject.id,
            service_key=subject.service_key,
            severity=subject.severity,
            urgency=subject.urgency,
            title=subject.title[:300],
            url=subject.url,
            service_name=subject.service[:120],
            policy=policy,
            policy_frozen=to_json(frozen),
            policy_sha256=digest(frozen),
            policy_version=frozen.version,
            loop=loop,
            step=step,
            turn=_turn(policy, frozen) if turn is None else turn,
            due_at=now,
            started_at=now,
            last_progress_at=now,
        )
        try:
            with transaction.atomic():
                run.save(force_insert=True)
        except IntegrityError:
            # somebody started the same subject between our look and our insert: theirs is the run
            return Run.objects.select_for_update().get(
                subject_kind=subject.kind, subject_id=subject.id, state__in=states.ACTIVE
            )
        record("run.started", [run, (subject.kind, subject.id)], _start_fact(run, frozen), now=now)
        hint("plan")
        return run


def _turn(policy: Policy | None, frozen: FrozenPolicy) -> int:
    """How many runs there were under the policy; not asked where no step takes turns."""
    if policy is None or not any(step.round_robin for step in frozen.steps):
        return 0
    return Run.objects.filter(policy=policy).exclude(subject_kind=EXERCISE).count()


def _start_fact(run: Run, frozen: FrozenPolicy) -> dict[str, object]:
    return {
        "policy": frozen.public_id,
        "policy_version": frozen.version,
        "policy_sha256": run.policy_sha256,
        "severity": run.severity,
        "urgency": run.urgency,
        "loop": run.loop,
        "step": run.step,
    }


@transaction.atomic
def stop(subject_kind: str, subject_id: str, reason: str, *, now: datetime, by: User | None = None) -> Run | None:
    """End the escalation of a subject; return the run that was stopped, None if none was going on.

    reason: one of `states.STOP_REASONS`. Pages not begun are cancelled in this transaction, so no attempt begins after
    it; pages being sent at this instant are marked `in_flight_at_ack`. `resolved` and `merged` also end what an earlier
    acknowledge left open: requests to join. `by`: the newest page of this person counts as confirmed, since they acted.
    """
    if reason not in states.STOP_REASONS:
        raise ValueError(f"unknown reason {reason!r}; one of {', '.join(states.STOP_REASONS)}")
    run = Run.objects.select_for_update().of(subject_kind, subject_id).first()
    if run is None:
        return None
    stopped = run.state in states.STOPPABLE
    over = reason in states.OVER_REASONS and run.over_at is None
    if not stopped and not over:
        return None
    _stop(run, reason, by=by, now=now)
    return run if stopped else None


def _stop(run: Run, reason: str, *, by: User | None, now: datetime) -> None:
    was = run.state
    if was in states.STOPPABLE:
        run.state = states.move(was, "stop")
        run.due_at, run.stopped_at, run.stop_reason = None, now, reason
        run.stopped_by = by.public_id if by else ""
    if reason in states.OVER_REASONS:
        run.over_at = now
    run.fence += 1
    run.save()
    if by is not None:
        _confirm_newest(run, by, now=now)
    cancelled, in_flight = _call_off(run, reason, now=now)
    plan_updates(run, reason, by=by, now=now)
    if was in states.STOPPABLE:
        data = {"reason": reason, "was": was, "by": run.stopped_by, "cancelled": cancelled, "in_flight": in_flight}
        record("run.stopped", [run, (run.subject_kind, run.subject_id)], data, now=now)


def _call_off(run: Run, reason: str, *, now: datetime) -> tuple[int, int]:
    """Cancel what has not begun and mark what has; return how many of each."""
    pages = Page.objects.select_for_update().filter(run=run).exclude(origin__in=AFTERWARDS).order_by("pk")
    cancelled = 0
    for page in pages.filter(state__in=WAITING):
        if states.refuses_page(page.origin, run.state, run.over_at is not None):
            cancel(page, reason, now=now)
            cancelled += 1
    in_flight = list(pages.filter(state=SENDING, in_flight_at_ack=False).values_list("pk", flat=True))
    Page.objects.filter(pk__in=in_flight).update(in_flight_at_ack=True)
    Attempt.objects.filter(page__in=in_flight, completed_at__isnull=True).update(in_flight_at_ack=True)
    _hang_up(pages, run, now=now)
    return cancelled, len(in_flight)


def _hang_up(pages: QuerySet[Page], run: Run, *, now: datetime) -> None:
    """Have calls taken back that wait at the provider or ring: the row is written here, the sender asks the provider."""
    ringing = [
        page.pk
        for page in pages.filter(kind__in=CALLS, state__in=UNDER_WAY, ended_at__isnull=True)
        if states.refuses_page(page.origin, run.state, run.over_at is not None)
    ]
    if ringing:
        Page.objects.filter(pk__in=ringing).update(in_flight_at_ack=True)
        Attempt.objects.filter(page__in=ringing, n=F("page__attempts_made")).update(
            in_flight_at_ack=True, hang_up_at=now
        )
        hint("send")


def _confirm_newest(run: Run, person: User, *, now: datetime) -> None:
    """Who acts on the subject has seen the page: the newest one that went out, unless one is confirmed already."""
    pages = Page.objects.select_for_update().filter(run=run, person=person).exclude(origin__in=AFTERWARDS)
    if pages.filter(confirmed_at__isnull=False).exists():
        return
    newest = pages.filter(accepted_at__isnull=False).order_by("-pk").first()
    if newest is not None:
        confirm(newest, "acted", now=now)


@transaction.atomic
def escalate_now(subject: Subject, *, now: datetime, by: User | None = None) -> Run:
    """Take the next step at once. Raises NoRun when the subject was never escalated.

    A chain at its end goes on with the next ring of the catch-all. After an acknowledge a new run goes on where the old
    one stopped, under the same frozen policy: whoever has it wants the next person, not the first one again.
    """
    run = Run.objects.select_for_update().of(subject.kind, subject.id).first()
    if run is None:
        raise NoRun(f"{subject.kind} {subject.id} was never escalated.")
    if run.state == states.STOPPED:
        run = _begin(subject, run.policy, run.frozen, loop=run.loop, step=run.step, turn=run.turn, now=now)
    else:
        if run.state == states.PAUSED:
            run.state = states.move(run.state, "resume")
        run.due_at = now
        run.fence += 1
        run.save()
    data = {"loop": run.loop, "step": run.step, "by": by.public_id if by else ""}
    record("run.escalated", [run, (subject.kind, subject.id)], data, now=now)
    hint("plan")
    return run


def ask_again_s(subject_kind: str, subject_id: str) -> int:
    """After how many seconds an acknowledge of the subject is asked again, by its newest run; 0 for never."""
    run = Run.objects.of(subject_kind, subject_id).first()
    return run.policy_or_none.ask_again_s if run else 0


@transaction.atomic
def ask_again(subject: Subject, person: User, *, now: datetime) -> Run:
    """Begin a new run that asks somebody once more, alone for five minutes and then with the chain from its beginning.

    The policy is the one that was frozen for the fault. Raises NoRun when the subject was never escalated.
    """
    run = Run.objects.select_for_update().of(subject.kind, subject.id).first()
    if run is None:
        raise NoRun(f"{subject.kind} {subject.id} was never escalated.")
    frozen = asking(run.policy_or_none, person.public_id)
    return _begin(subject, run.policy, frozen, loop=1, step=1, turn=run.turn, now=now)


@transaction.atomic
def ask_instead(subject: Subject, person: User, *, now: datetime) -> Run:
    """Begin a new run that asks somebody alone for five minutes and then goes through the chain from its beginning.

    A run under way ends with it, and its planned pages. Raises NoRun when the subject was never escalated.
    """
    run = Run.objects.select_for_update().of(subject.kind, subject.id).first()
    if run is None:
        raise NoRun(f"{subject.kind} {subject.id} was never escalated.")
    if run.state in states.STOPPABLE:
        _stop(run, states.SUPERSEDED, by=None, now=now)
    frozen = asking(run.policy_or_none, person.public_id)
    return _begin(subject, run.policy, frozen, loop=1, step=1, turn=run.turn, now=now)


@transaction.atomic
def tell_who_has_it(
    subject: Subject, holder: User, text: str, *, now: datetime, only: User | None = None
) -> list[Page]:
    """Tell whoever was paged since the subject last ended that somebody has it, by what can be read where they were paged.

    Calls are not made for it, and where an update says it already nothing more is said. only: nobody else is told.
    """
    run = Run.objects.select_for_update().of(subject.kind, subject.id).first()
    if run is None:
        return []
    told = [
        to
        for to in contacts_paged_since_the_end(run)
        if to.person_id != holder.pk
        and (only is None or to.person_id == only.pk)
        and to.kind not in (*CALLS, *FOLLOWING)
    ]
    turn = Page.objects.filter(run=run, origin=TAKEN).values("step").distinct().count() + 1
    pages = [new_page(to, run=run, origin=TAKEN, now=now, step=turn, note=text) for to in told]
    for page in pages:
        page.save(force_insert=True)
    if pages:
        data = {"people": sorted({to.person for to in told}), "pages": len(pages)}
        record("run.told_who_has_it", [run, (subject.kind, subject.id)], data, now=now)
        hint("send")
    return pages


@transaction.atomic
def add_person(subject: Subject, user: User, *, now: datetime, by: User | None = None) -> list[Page]:
    """Ask one more person to join, over all their working contacts; an acknowledge does not call this off.

    Returns the pages made; an empty list means the person has no verified contact and was *not* called, which the
    caller must say. Raises NoRun when the subject was never escalated.
    """
    run = Run.objects.select_for_update().of(subject.kind, subject.id).first()
    if run is None:
        raise NoRun(f"{subject.kind} {subject.id} was never escalated.")
    contacts = reachable_contacts([user])
    working = [contact for contact in contacts if contact.healthy] or contacts
    turn = Page.objects.filter(run=run, origin="responder", person=user).values("step").distinct().count() + 1
    pages = [new_page(contact, run=run, origin="responder", now=now, step=turn) for contact in working]
    for page in pages:
        page.save(force_insert=True)
    data = {"person": user.public_id, "pages": len(pages), "by": by.public_id if by else ""}
    record("run.person_added", [run, (subject.kind, subject.id), user, *pages], data, now=now)
    hint("send")
    return pages


@transaction.atomic
def stand_down(subject: Subject, people: Iterable[User] | None, text: str, *, now: datetime) -> list[Page]:
    """Tell people who were paged that it is over, over the contacts that were paged. Safe to repeat.

    people: whom to tell; None means everybody who was paged. Only those whose page may have reached them are told.
    """
    run = Run.objects.select_for_update().of(subject.kind, subject.id).first()
    if run is None:
        return []
    wanted = None if people is None else {person.pk for person in people}
    told = [to for to in contacts_paged(run) if wanted is None or to.person_id in wanted]
    pages = [new_page(to, run=run, origin="stand_down", now=now, note=text) for to in told]
    Page.objects.bulk_create(pages, ignore_conflicts=True)
    if pages:
        data = {"people": sorted({to.person for to in told}), "pages": len(pages)}
        record("run.stood_down", [run, (subject.kind, subject.id)], data, now=now)
        hint("send")
    return pages
