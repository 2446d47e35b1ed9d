"""The paging part of a pack: who was to be called, who was, over what, and the four truths of every page apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.contact_rules import URGENCIES
from accounts.evidence import as_of_words, known_as_of, public_ids, with_threads
from accounts.models import Membership, Team, User
from ledger.evidence import NO_THREAD, threaded, threads
from ledger.tables import Row, Scope, Table, pieces
from ledger.tracked import as_of
from oncall.escalation.targets import NEXT, SECOND, split, target_kind
from oncall.models import Attempt, Callback, CatchAll, OnCallInterval, Page, Policy, Run, StepExecution
from oncall.resolved import Resolved, resolved
from oncall.rota.schedule import PRIMARY, SECONDARY

POLICIES = (
    "as_of", "policy_id", "version", "name", "team_id", "repeat", "ask_again_s", "step_no", "delay_s", "round_robin", "hours",
    "target_type", "target_id", "resolved_user_id",
    *(f"{column}_{urgency}" for urgency in URGENCIES for column in ("resolved_how", "resolved_channel_kinds")),
    "all_channels_verified", "retired_at", "last_modified_at", "last_modified_by",
)  # fmt: skip
RUNS = (
    "run_id", "incident_id", "policy_id", "policy_version", "policy_sha256", "policy_frozen", "severity", "urgency",
    "state", "started_at", "stopped_at", "stop_reason", "stopped_by", "exhausted_at", "nobody_notified_at", "over_at",
)  # fmt: skip
STEPS = (
    "escalation_id", "run_id", "loop", "step_no", "planned_at", "executed_at", "lateness_ms", "outcome", "reason", "recipients",
)  # fmt: skip
PAGES = (
    "notification_id", "incident_id", "run_id", "origin", "loop", "step_no", "rule", "recipient_user_id", "channel_kind",
    "contact_id", "address_masked", "urgency", "planned_at", "attempts", "accepted_at", "sent_at", "delivered_at",
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
    """Policies as they were, and everything that was done to reach somebody about one subject.

    policies: public ids of those that could have been run beside those that were.
    """
    runs = Run.objects.filter(subject_kind=kind, subject_id=subject_id).select_related("policy").order_by("pk")
    named = {*policies, *(run.policy.public_id for run in runs if run.policy is not None)}
    return [
        _policies(scope, sorted(named)),
        _catch_all(scope),
        _runs(scope, runs),
        _steps(scope, runs),
        _pages(scope, _pages_of(kind, subject_id)),
        _attempts(scope, _pages_of(kind, subject_id)),
        _callbacks(scope, _pages_of(kind, subject_id)),
    ]


def paging_ids(kind: str, subject_id: str) -> list[tuple[str, str]]:
    """(kind, public id) of the runs, steps and pages about a subject: what ledger lines may speak of."""
    runs = Run.objects.filter(subject_kind=kind, subject_id=subject_id)
    steps = StepExecution.objects.filter(run__in=runs)
    named = (("run", runs), ("stepexecution", steps), ("page", _pages_of(kind, subject_id)))
    return [(noun, public_id) for noun, rows in named for public_id in rows.values_list("public_id", flat=True)]


def people_named(kind: str, subject_id: str, policies: Sequence[str], scope: Scope) -> set[str]:
    """Public ids of everybody whom the tables name: paged, or standing in a policy or in the catch-all."""
    found = set(_pages_of(kind, subject_id).values_list("person__public_id", flat=True))
    frozen = Run.objects.filter(subject_kind=kind, subject_id=subject_id).values_list("policy_frozen", flat=True)
    steps = [step for policy in frozen for step in policy["steps"]]
    steps += [step for policy in known_as_of(Policy, scope, policies) for step in policy.steps]
    stood_for = _stood_for({target for step in steps for target in step["people"]}, scope)
    found.update(person for people in stood_for.values() for person in people if person)
    found.update(person for row in as_of(CatchAll, scope.as_of) for person in row.people)
    return found


def _policies(scope: Scope, policies: Sequence[str]) -> Table:
    def rows() -> Iterator[Row]:
        held = known_as_of(Policy, scope, policies)
        teams = public_ids(Team, [row.team_id for row in held])
        stood_for = _stood_for({target for p in held for step in p.steps for target in step["people"]}, scope)
        reached = resolved((one for people in stood_for.values() for one in people if one), scope.as_of)
        pairs = [
            (p, (
                scope.as_of, p.public_id, p.version, p.name, teams.get(p.team_id), p.repeat, p.ask_again_s, number, step["delay_s"],
                bool(step.get("round_robin")), step.get("hours"), target_kind(target), target, person,
                *_resolved_cells(reached.get(person or "")), p.retired_at, p.history_date, p.actor_id or p.actor_kind,
            ))
            for p in held for number, step in enumerate(p.steps, start=1) for target in step["people"]
            for person in stood_for[target]
        ]  # fmt: skip
        return with_threads(Policy, [p for p, _ in pairs], [cells for _, cells in pairs])

    words = as_of_words("Escalation policies that were run or could have been, one row a step and person,")
    words += (
        " A team stands for its members then, a schedule for who was on call by the record; where that was nobody the row has no person."
        " Resolved: how a step would have reached the person then, by urgency, as channel@seconds after the step, from contacts"
        " that were verified and contact rules; whether a contact worked is no part of configuration."
    )
    return Table("02_config/policies_as_of", POLICIES, rows, "policies_as_of", words, scope.at)


def _stood_for(targets: set[str], scope: Scope) -> dict[str, list[str | None]]:
    """The people of each target as memberships were at the instant of the scope; None where there was nobody."""
    teams = dict(Team._base_manager.filter(public_id__in=targets).values_list("public_id", "pk"))
    members = [row for row in as_of(Membership, scope.as_of) if row.retired_at is None]
    people = public_ids(User, [row.user_id for row in members])
    held: dict[int, list[str]] = {}
    for row in sorted(members, key=lambda row: row.id):
        held.setdefault(row.team_id, []).append(people[row.user_id])
    found: dict[str, list[str | None]] = {}
    for target in targets:
        kind = target_kind(target)
        if kind == "team":
            found[target] = list(held.get(teams.get(target, 0), [])) or [None]
        else:
            found[target] = [target] if kind == "user" else _on_record(target, scope.as_of)
    return found


def _on_record(target: str, at: datetime) -> list[str | None]:
    """Who was on call by the record at an instant, never by the plan of today; of who follows, who came after them."""
    schedule, part = split(target)
    rows = OnCallInterval.objects.filter(
        schedule__public_id=schedule, role=SECONDARY if part == SECOND else PRIMARY, person__isnull=False
    ).order_by("started_at", "pk")
    then = rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at), started_at__lte=at)
    people: list[str | None] = list(then.values_list("person__public_id", flat=True))
    if part == NEXT:
        later = rows.filter(started_at__gt=at).exclude(person__public_id__in=people)
        people = list(later.values_list("person__public_id", flat=True)[:1])
    return people or [None]


def _resolved_cells(found: Resolved | None) -> tuple[object, ...]:
    """How and over what by urgency, and whether all contacts were verified; all empty for somebody who is nobody."""
    if found is None:
        return (None,) * (2 * len(URGENCIES) + 1)
    by_urgency = [
        (found.reach[urgency].absent or found.reach[urgency].how, found.channels(urgency)) for urgency in URGENCIES
    ]
    return (*(cell for pair in by_urgency for cell in pair), found.all_verified)


def _catch_all(scope: Scope) -> Table:
    def rows() -> Iterator[Row]:
        held = as_of(CatchAll, scope.as_of)
        pairs = [(row, (scope.as_of, row.public_id, row.version, person)) for row in held for person in row.people]
        return with_threads(CatchAll, [row for row, _ in pairs], [cells for _, cells in pairs])

    columns = ("as_of", "catch_all_id", "version", "user_id")
    words = as_of_words("Who is called when nobody else can be, one row a person,")
    return Table("02_config/catch_all_as_of", columns, rows, "catch_all_as_of", words, scope.at)


def _runs(scope: Scope, runs: QuerySet[Run]) -> Table:
    def rows() -> Iterator[Row]:
        held = list(runs)
        cells = (
            (
                r.public_id, r.subject_id, r.policy.public_id if r.policy else None, r.policy_version, r.policy_sha256,
                r.policy_frozen, r.severity, r.urgency, r.state, r.started_at, r.stopped_at, r.stop_reason, r.stopped_by,
                r.exhausted_at, r.nobody_notified_at, r.over_at,
            )
            for r in held
        )  # fmt: skip
        return threaded(cells, "run", [r.public_id for r in held])

    words = "Escalation runs of the incident, each with the policy that it froze when it began."
    return Table("06_alerts/escalation_runs", RUNS, rows, "escalation_runs", words, scope.parameters)


def _steps(scope: Scope, runs: QuerySet[Run]) -> Table:
    def rows() -> Iterator[Row]:
        held = list(StepExecution.objects.filter(run__in=runs).select_related("run").order_by("pk"))
        cells = (
            (
                s.public_id, s.run.public_id, s.loop, s.step, s.planned_at, s.executed_at, s.lateness_ms, s.outcome,
                s.reason, s.recipients,
            )
            for s in held
        )  # fmt: skip
        return threaded(cells, "stepexecution", [s.public_id for s in held])

    words = "Steps that those runs took: when due, when done, whom they named and why."
    return Table("06_alerts/escalations", STEPS, rows, "escalations", words, scope.parameters)


def _pages(scope: Scope, pages: QuerySet[Page]) -> Table:
    def rows() -> Iterator[Row]:
        held = list(pages.select_related("run", "person", "contact"))
        cells = (
            (
                p.public_id, p.run.subject_id if p.run else None, p.run.public_id if p.run else None, p.origin, p.loop,
                p.step, p.rule, p.person.public_id, p.kind, p.contact.public_id, p.to_mask, p.urgency, p.planned_at,
                p.attempts_made, p.accepted_at, p.sent_at, p.delivered_at, p.answered_at, p.confirmed_at,
                p.confirmed_how, p.ended_at, p.state, p.reason, p.error_code, p.in_flight_at_ack,
            )
            for p in held
        )  # fmt: skip
        return threaded(cells, "page", [p.public_id for p in held])

    words = (
        "Every page about the incident. Accepted, delivered, answered and confirmed are four facts; empty: not known."
    )
    return Table("06_alerts/pages", PAGES, rows, "pages", words, scope.parameters)


def _attempts(scope: Scope, pages: QuerySet[Page]) -> Table:
    def rows() -> Iterator[Row]:
        held = list(Attempt.objects.filter(page__in=pages).select_related("page").order_by("page_id", "n"))
        cells = (
            (
                a.page.public_id, a.n, a.provider, a.provider_sid, a.begun_at, a.completed_at, a.outcome, a.status,
                a.http_status or None, a.error_code, a.inquiries,
            )
            for a in held
        )  # fmt: skip
        return threaded(cells, "page", [a.page.public_id for a in held])

    words = "Each call of a provider, written down before it was made. The lines are those of its page."
    return Table("06_alerts/attempts", ATTEMPTS, rows, "attempts", words, scope.parameters)


def _callbacks(scope: Scope, pages: QuerySet[Page]) -> Table:
    def rows() -> Iterator[Row]:
        attempts = {a.pk: a for a in Attempt.objects.filter(page__in=pages).select_related("page")}
        known = threads("page", [a.page.public_id for a in attempts.values()])
        for part in pieces(sorted(attempts), 400):
            for c in Callback.objects.filter(attempt_id__in=part).order_by("received_at", "id"):
                about = attempts[c.attempt_id or 0]
                yield (
                    about.page.public_id, about.n, c.source, c.provider, c.sid, c.status, c.error_code, c.received_at,
                    c.applied_at, c.outcome, c.payload, *known.get(about.page.public_id, NO_THREAD),
                )  # fmt: skip

    words = "What providers said about those calls, pushed or asked for, in order of arrival. The lines are those of the page."
    return Table("06_alerts/callbacks", CALLBACKS, rows, "callbacks", words, scope.parameters)


def _pages_of(kind: str, subject_id: str) -> QuerySet[Page]:
    return Page.objects.filter(run__subject_kind=kind, run__subject_id=subject_id).order_by("pk")
