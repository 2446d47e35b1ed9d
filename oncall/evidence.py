"""The paging part of a pack: who was to be called, who was, over what, and the four truths of every page apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet

from accounts.evidence import known_as_of
from ledger.evidence import CHUNK, NO_THREAD, threaded, threads
from ledger.tables import Row, Scope, Table, pieces
from ledger.tracked import as_of
from oncall.escalation.targets import split, target_kind
from oncall.evidence_duty import duty_people, duty_tables
from oncall.evidence_policies import catch_all_table, policies_table, stood_for
from oncall.exercise_evidence import exercises_table
from oncall.lived import on_duty_then
from oncall.models import Attempt, Callback, CatchAll, OnCallInterval, Page, Policy, Run, StepExecution
from oncall.subject import EXERCISE

RUNS = (
    "run_id", "incident_id", "policy_id", "policy_version", "policy_sha256", "policy_frozen", "severity", "urgency",
    "state", "started_at", "stopped_at", "stop_reason", "stopped_by", "exhausted_at", "nobody_notified_at", "over_at",
)  # fmt: skip
STEPS = (
    "escalation_id", "run_id", "loop", "step_no", "planned_at", "executed_at", "lateness_ms", "outcome", "reason", "recipients",
)  # fmt: skip
PAGES = (
    "notification_id", "incident_id", "drill", "run_id", "origin", "loop", "step_no", "rule", "recipient_user_id", "was_on_call",
    "shift_ids", "channel_kind", "contact_id", "address_masked", "urgency", "planned_at", "attempts", "accepted_at", "sent_at", "delivered_at",
    "answered_at", "confirmed_at", "confirmed_how", "ended_at", "final_status", "reason", "error_code", "in_flight_at_ack",
)  # fmt: skip
ATTEMPTS = (
    "notification_id", "attempt_no", "provider", "provider_message_id", "begun_at", "completed_at", "outcome", "status",
    "http_status", "error_code", "inquiries",
)  # fmt: skip
CALLBACKS = (
    "notification_id", "attempt_no", "source", "provider", "provider_message_id", "status", "error_code", "received_at",
    "applied_at", "outcome", "said",
)  # fmt: skip


def paging_tables(scope: Scope, kind: str, subject_id: str, policies: Sequence[str]) -> list[Table]:
    """Policies and schedules as they were, and everything that was done to reach somebody about one subject.

    policies: public ids of those that could have been run beside those that were.
    """
    runs = Run.objects.filter(subject_kind=kind, subject_id=subject_id).order_by("pk")
    named = set(policies) | set(runs.filter(policy__isnull=False).values_list("policy__public_id", flat=True))
    return [
        policies_table(scope, sorted(named)),
        catch_all_table(scope),
        *duty_tables(scope, schedules_named(kind, subject_id, policies, scope)),
        *_told_of(scope, runs, StepExecution.objects.filter(run__in=runs), _pages_of(kind, subject_id)),
    ]


def period_tables(scope: Scope) -> list[Table]:
    """Policies in force at the end of a period, every schedule, and every step and page of the period with its run.

    Codes and tests have a table of their own.
    """
    steps = StepExecution.objects.filter(executed_at__gte=scope.start, executed_at__lt=scope.end)
    pages = Page.objects.filter(planned_at__gte=scope.start, planned_at__lt=scope.end, run__isnull=False)
    begun = Q(started_at__gte=scope.start, started_at__lt=scope.end)
    runs = Run.objects.filter(begun | Q(pk__in=steps.values("run")) | Q(pk__in=pages.values("run")))
    return [
        policies_table(scope, policies_in_force(scope)),
        catch_all_table(scope),
        *duty_tables(scope),
        exercises_table(scope),
        *_told_of(scope, runs.order_by("pk"), steps, pages.order_by("pk")),
    ]


def policies_in_force(scope: Scope) -> list[str]:
    """Public ids of the policies in force at the instant of the scope."""
    return sorted(row.public_id for row in as_of(Policy, scope.as_of) if row.retired_at is None)


def schedules_named(kind: str, subject_id: str, policies: Sequence[str], scope: Scope) -> set[str]:
    """Public ids of the schedules that decided, or could have, who was called about a subject."""
    targets = {target for step in _steps_named(kind, subject_id, policies, scope) for target in step["people"]}
    return {split(target)[0] for target in targets if target_kind(target) == "schedule"}


def paging_ids(kind: str, subject_id: str, policies: Sequence[str], scope: Scope) -> list[tuple[str, str]]:
    """(kind, public id) of the runs, steps and pages about a subject and of who was on call: what ledger lines may speak of."""
    runs = Run.objects.filter(subject_kind=kind, subject_id=subject_id)
    steps = StepExecution.objects.filter(run__in=runs)
    duty = on_duty_then(scope.start, scope.end, schedules_named(kind, subject_id, policies, scope))
    named: tuple[tuple[str, QuerySet[Any]], ...] = (
        ("run", runs), ("stepexecution", steps), ("page", _pages_of(kind, subject_id)), ("oncallinterval", duty),
    )  # fmt: skip
    return [(noun, public_id) for noun, rows in named for public_id in rows.values_list("public_id", flat=True)]


def people_named(kind: str, subject_id: str, policies: Sequence[str], scope: Scope) -> set[str]:
    """Public ids of everybody whom the tables name: paged, named by a step, standing in a policy, a schedule or the catch-all."""
    found = set(_pages_of(kind, subject_id).values_list("person__public_id", flat=True))
    told = StepExecution.objects.filter(run__subject_kind=kind, run__subject_id=subject_id)
    found.update(one["person"] for people in told.values_list("recipients", flat=True) for one in people)
    targets = {target for step in _steps_named(kind, subject_id, policies, scope) for target in step["people"]}
    found.update(person for people in stood_for(targets, scope).values() for person in people if person)
    found.update(person for row in as_of(CatchAll, scope.as_of) for person in row.people)
    return found | duty_people(scope, schedules_named(kind, subject_id, policies, scope))


def _steps_named(kind: str, subject_id: str, policies: Sequence[str], scope: Scope) -> list[dict[str, Any]]:
    """The steps of the policies that were frozen for a subject, and of those that could have been."""
    frozen = Run.objects.filter(subject_kind=kind, subject_id=subject_id).values_list("policy_frozen", flat=True)
    steps = [step for policy in frozen for step in policy["steps"]]
    return steps + [step for policy in known_as_of(Policy, scope, policies) for step in policy.steps]


def _told_of(scope: Scope, runs: QuerySet[Run], steps: QuerySet[StepExecution], pages: QuerySet[Page]) -> list[Table]:
    about = scope.window if scope.kind == "period" else scope.parameters
    return [
        _runs(about, runs),
        _steps(about, steps.order_by("pk")),
        _pages(about, pages),
        _attempts(about, pages),
        _callbacks(about, pages),
    ]


def _runs(about: dict[str, str], runs: QuerySet[Run]) -> Table:
    def rows() -> Iterator[Row]:
        for held in _in_pieces(runs.select_related("policy")):
            cells = (
                (
                    r.public_id, r.subject_id, r.policy.public_id if r.policy else None, r.policy_version, r.policy_sha256,
                    r.policy_frozen, r.severity, r.urgency, r.state, r.started_at, r.stopped_at, r.stop_reason, r.stopped_by,
                    r.exhausted_at, r.nobody_notified_at, r.over_at,
                )
                for r in held
            )  # fmt: skip
            yield from threaded(cells, "run", [r.public_id for r in held])

    words = "Escalation runs, each with the policy that it froze when it began."
    return Table("06_alerts/escalation_runs", RUNS, rows, "escalation_runs", words, about)


def _steps(about: dict[str, str], steps: QuerySet[StepExecution]) -> Table:
    def rows() -> Iterator[Row]:
        for held in _in_pieces(steps.select_related("run")):
            cells = (
                (
                    s.public_id, s.run.public_id, s.loop, s.step, s.planned_at, s.executed_at, s.lateness_ms, s.outcome,
                    s.reason, s.recipients,
                )
                for s in held
            )  # fmt: skip
            yield from threaded(cells, "stepexecution", [s.public_id for s in held])

    words = "Steps that runs took: when due, when done, whom they named and why."
    return Table("06_alerts/escalations", STEPS, rows, "escalations", words, about)


def _pages(about: dict[str, str], pages: QuerySet[Page]) -> Table:
    def rows() -> Iterator[Row]:
        for held in _in_pieces(pages.select_related("run", "person", "contact")):
            shifts = _shifts_of(held)
            cells = (
                (
                    p.public_id, p.run.subject_id if p.run else None, _rehearsed(p), p.run.public_id if p.run else None, p.origin, p.loop,
                    p.step, p.rule, p.person.public_id, bool(shifts[p.pk]), shifts[p.pk], p.kind, p.contact.public_id,
                    p.to_mask, p.urgency, p.planned_at, p.attempts_made, p.accepted_at, p.sent_at, p.delivered_at,
                    p.answered_at, p.confirmed_at, p.confirmed_how, p.ended_at, p.state, p.reason, p.error_code,
                    p.in_flight_at_ack,
                )
                for p in held
            )  # fmt: skip
            yield from threaded(cells, "page", [p.public_id for p in held])

    words = (
        "Every page; drill: of a canary or a drill, whose id stands in incident_id. Accepted, delivered, answered and confirmed are four facts; empty: not known. "
        "shift_ids: what the person was on call for, in any schedule, when the page was planned, by the record."
    )
    return Table("06_alerts/pages", PAGES, rows, "pages", words, about)


def _rehearsed(page: Page) -> bool:
    """Whether nothing was wrong: a page of a canary or a drill, whose incident_id is that of the exercise."""
    return page.run is not None and page.run.subject_kind == EXERCISE


def _shifts_of(pages: Sequence[Page]) -> dict[int, list[str]]:
    """The intervals on record in which the person of each page was on call when it was planned, by primary key of the page."""
    if not pages:
        return {}
    first, last = min(p.planned_at for p in pages), max(p.planned_at for p in pages)
    rows = on_duty_then(first, last + timedelta(microseconds=1), None).filter(person__in={p.person_id for p in pages})
    held: dict[int, list[OnCallInterval]] = {}
    for row in rows:
        held.setdefault(row.person_id or 0, []).append(row)
    return {
        p.pk: [
            row.public_id
            for row in held.get(p.person_id, ())
            if row.started_at <= p.planned_at and (row.ended_at is None or row.ended_at > p.planned_at)
        ]
        for p in pages
    }


def _attempts(about: dict[str, str], pages: QuerySet[Page]) -> Table:
    def rows() -> Iterator[Row]:
        attempts = Attempt.objects.filter(page__in=pages).select_related("page").order_by("page_id", "n")
        for held in _in_pieces(attempts):
            cells = (
                (
                    a.page.public_id, a.n, a.provider, a.provider_sid, a.begun_at, a.completed_at, a.outcome, a.status,
                    a.http_status or None, a.error_code, a.inquiries,
                )
                for a in held
            )  # fmt: skip
            yield from threaded(cells, "page", [a.page.public_id for a in held])

    words = "Each call of a provider, written down before it was made. The lines are those of its page."
    return Table("06_alerts/attempts", ATTEMPTS, rows, "attempts", words, about)


def _callbacks(about: dict[str, str], pages: QuerySet[Page]) -> Table:
    def rows() -> Iterator[Row]:
        attempts = Attempt.objects.filter(page__in=pages).select_related("page").order_by("pk")
        for held in _in_pieces(attempts):
            by_pk = {a.pk: a for a in held}
            known = threads("page", [a.page.public_id for a in held])
            for c in Callback.objects.filter(attempt_id__in=by_pk).order_by("received_at", "id"):
                a = by_pk[c.attempt_id or 0]
                yield (
                    a.page.public_id, a.n, c.source, c.provider, c.sid, c.status, c.error_code, c.received_at,
                    c.applied_at, c.outcome, c.payload, *known.get(a.page.public_id, NO_THREAD),
                )  # fmt: skip

    words = "What providers said about those calls, pushed or asked for, in order of arrival. The lines are those of the page."
    return Table("06_alerts/callbacks", CALLBACKS, rows, "callbacks", words, about)


def _in_pieces(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """The rows in order, as many at a time as a question takes: a year of them must not stand in memory."""
    for part in pieces(list(rows.values_list("pk", flat=True)), CHUNK):
        # by their keys alone: asked with the window again, each piece would look through the whole table
        found = rows.model._default_manager.filter(pk__in=part).order_by(*rows.query.order_by)
        found.query.select_related = rows.query.select_related
        yield list(found)


def _pages_of(kind: str, subject_id: str) -> QuerySet[Page]:
    """The pages about a subject, and the bundles that said some of them: those have the attempts."""
    mine = Page.objects.filter(run__subject_kind=kind, run__subject_id=subject_id)
    bundles = mine.filter(carried_by__isnull=False).values("carried_by")
    return Page.objects.filter(Q(pk__in=mine.values("pk")) | Q(pk__in=bundles)).order_by("pk")
