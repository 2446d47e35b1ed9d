"""Policies and the catch-all for a pack: as they were configured, and whom each of their targets stood for then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.contact_rules import URGENCIES
from accounts.evidence import as_of_words, known_as_of, public_ids, with_threads
from accounts.models import Membership, Team, User
from ledger.tables import Row, Scope, Table
from ledger.tracked import as_of
from oncall.escalation.targets import NEXT, SECOND, split, target_kind
from oncall.models import CatchAll, OnCallInterval, Policy
from oncall.resolved import Resolved, resolved
from oncall.rota.schedule import PRIMARY, SECONDARY

RESOLVED = (
    *(f"{column}_{urgency}" for urgency in URGENCIES for column in ("resolved_how", "resolved_channel_kinds")),
    "all_channels_verified",
)  # fmt: skip
POLICIES = (
    "as_of", "policy_id", "version", "name", "team_id", "repeat", "ask_again_s", "step_no", "delay_s", "round_robin", "hours",
    "target_type", "target_id", "resolved_user_id", *RESOLVED, "retired_at", "last_modified_at", "last_modified_by",
)  # fmt: skip
RESOLVED_WORDS = (
    " A team stands for its members then, a schedule for who was on call by the record; where that was nobody the row has no person."
    " Resolved: how a step would have reached the person then, by urgency, as channel@seconds after the step, from contacts"
    " that were verified and contact rules; whether a contact worked is no part of configuration."
)


@dataclass(frozen=True)
class Stand:
    """One target of one step, and one person it stood for; None where that was nobody. cells: those of RESOLVED."""

    policy: Any
    number: int
    step: dict[str, Any]
    target: str
    person: str | None
    cells: tuple[object, ...]


def policies_table(scope: Scope, policies: Sequence[str]) -> Table:
    """These policies, by public id, one row a step and person."""

    def rows() -> Iterator[Row]:
        stands = stands_as_of(scope, policies)
        teams = public_ids(Team, [one.policy.team_id for one in stands])
        cells = [
            (
                scope.as_of, p.public_id, p.version, p.name, teams.get(p.team_id), p.repeat, p.ask_again_s, one.number,
                one.step["delay_s"], bool(one.step.get("round_robin")), one.step.get("hours"), target_kind(one.target), one.target,
                one.person, *one.cells, p.retired_at, p.history_date, p.actor_id or p.actor_kind,
            )
            for one in stands for p in (one.policy,)
        ]  # fmt: skip
        return with_threads(Policy, [one.policy for one in stands], cells)

    words = as_of_words("Escalation policies that were run or could have been, one row a step and person,")
    return Table("02_config/policies_as_of", POLICIES, rows, "policies_as_of", f"{words}{RESOLVED_WORDS}", scope.at)


def catch_all_table(scope: Scope) -> Table:
    """Who is called when nobody else can be."""

    def rows() -> Iterator[Row]:
        held = as_of(CatchAll, scope.as_of)
        pairs = [(row, (scope.as_of, row.public_id, row.version, person)) for row in held for person in row.people]
        return with_threads(CatchAll, [row for row, _ in pairs], [cells for _, cells in pairs])

    columns = ("as_of", "catch_all_id", "version", "user_id")
    words = as_of_words("Who is called when nobody else can be, one row a person,")
    return Table("02_config/catch_all_as_of", columns, rows, "catch_all_as_of", words, scope.at)


def stands_as_of(scope: Scope, policies: Sequence[str]) -> list[Stand]:
    """Whom each step of these policies stood for at the instant of the scope, policy by policy, step by step."""
    held = known_as_of(Policy, scope, policies)
    stood = stood_for({target for p in held for step in p.steps for target in step["people"]}, scope)
    reached = resolved_cells((one for people in stood.values() for one in people if one), scope.as_of)
    return [
        Stand(policy, number, step, target, person, reached.get(person or "", NOBODY))
        for policy in held
        for number, step in enumerate(policy.steps, start=1)
        for target in step["people"]
        for person in stood[target]
    ]


def stood_for(targets: set[str], scope: Scope) -> dict[str, list[str | None]]:
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


NOBODY: tuple[object, ...] = (None,) * len(RESOLVED)


def resolved_cells(people: Iterator[str], instant: datetime) -> dict[str, tuple[object, ...]]:
    """The cells of RESOLVED by person: how and over what by urgency, and whether all contacts were verified."""
    return {person: _cells(found) for person, found in resolved(people, instant).items()}


def _cells(found: Resolved) -> tuple[object, ...]:
    by_urgency = [
        (found.reach[urgency].absent or found.reach[urgency].how, found.channels(urgency)) for urgency in URGENCIES
    ]
    return (*(cell for pair in by_urgency for cell in pair), found.all_verified)


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
