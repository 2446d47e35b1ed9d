"""Policies and the catch-all, one function for each change. A run under way keeps the policy it froze."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Team, User
from oncall.escalation.policy import PolicyError, parse_ask_again, parse_repeat, parse_steps, steps_to_json
from oncall.escalation.targets import known_targets
from oncall.models import CatchAll, Policy
from oncall.policy_uses import uses_of


class NameTaken(Exception):
    """Another policy in force has this name."""


@transaction.atomic
def create_policy(
    *,
    name: str,
    team: Team,
    repeat: int,
    steps: Sequence[dict[str, Any]],
    now: datetime,
    reason: str,
    ask_again_s: int = 0,
) -> Policy:
    """Make a policy. steps: as `oncall.escalation.policy.parse_steps` reads them. Raises PolicyError, NameTaken."""
    policy = Policy(team=team)
    _fill(policy, name=name, repeat=repeat, steps=steps, ask_again_s=ask_again_s)
    policy.save(now=now, reason=reason)
    return policy


@transaction.atomic
def change_policy(
    policy: Policy,
    *,
    name: str,
    team: Team,
    repeat: int,
    steps: Sequence[dict[str, Any]],
    now: datetime,
    reason: str,
    ask_again_s: int | None = None,
    expected_version: int | None = None,
) -> Policy:
    """Change a policy for the runs that begin from now on. Raises PolicyError, NameTaken, StaleVersion."""
    asks = policy.ask_again_s if ask_again_s is None else ask_again_s
    _fill(policy, name=name, repeat=repeat, steps=steps, ask_again_s=asks)
    policy.team = team
    policy.save(now=now, reason=reason, expected_version=expected_version)
    return policy


@transaction.atomic
def retire_policy(policy: Policy, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take a policy out of force; runs under it go on. Raises PolicyError while something leads to it, StaleVersion."""
    uses = uses_of(policy)
    if uses:
        raise PolicyError({"policy": f"{policy.name} is still used by {', '.join(uses)}. Change that first."})
    policy.retire(now=now, reason=reason, expected_version=expected_version)


@transaction.atomic
def change_catch_all(
    *, people: Sequence[str], now: datetime, reason: str, expected_version: int | None = None
) -> CatchAll:
    """Say who is called when nobody else can be, by public ids, in order. Raises PolicyError, StaleVersion."""
    _refuse_unknown({"people": people})
    catch_all = CatchAll.current()
    catch_all.people = list(dict.fromkeys(people))
    catch_all.save(now=now, reason=reason, expected_version=expected_version)
    return catch_all


def _fill(policy: Policy, *, name: str, repeat: int, steps: Sequence[dict[str, Any]], ask_again_s: int) -> None:
    """Validate everything and only then touch the policy, so that a refused form leaves it as it was."""
    name = name.strip()
    if not name:
        raise PolicyError({"name": "A policy needs a name."})
    parsed, times, asks = parse_steps(list(steps)), parse_repeat(repeat), parse_ask_again(ask_again_s)
    _refuse_unknown({f"steps.{index}.people": step.targets for index, step in enumerate(parsed)})
    if Policy.objects.in_force().filter(name__iexact=name).exclude(pk=policy.pk).exists():
        raise NameTaken(name)
    policy.name, policy.repeat, policy.steps = name, times, steps_to_json(parsed)
    policy.ask_again_s = asks


def _refuse_unknown(named: dict[str, Sequence[str]]) -> None:
    wanted = {person for people in named.values() for person in people}
    known = set(User.objects.filter(public_id__in=wanted, is_active=True).values_list("public_id", flat=True))
    known |= known_targets(wanted)
    problems = {
        field: f"{', '.join(sorted(set(people) - known))} is nobody who can be paged. Choose active people, teams or schedules."
        for field, people in named.items()
        if set(people) - known
    }
    if problems:
        raise PolicyError(problems)
