"""Whom the targets of a step stand for at an instant: one answer for the engine, the screens and the self-checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from accounts.models import Membership, Team
from oncall.escalation.plan import Named

TEAM, SCHEDULE = "tea_", "sch_"


def stand_for(targets: Iterable[str], *, now: datetime) -> dict[str, tuple[Named, ...]]:
    """People by target, for targets that are no person. A team stands for its active members, by name."""
    return team_members(targets)


def target_kind(target: str) -> str:
    """`team`, `schedule` or `user`: what kind of thing a target is."""
    return {TEAM: "team", SCHEDULE: "schedule"}.get(target[:4], "user")


def changes_with_time(target: str) -> bool:
    """Whether a target may stand for other people a moment later."""
    return target.startswith(SCHEDULE)


def known_targets(wanted: Iterable[str]) -> set[str]:
    """Those of some targets that are no person, exist and are in force."""
    teams = {target for target in wanted if target.startswith(TEAM)}
    return (
        set(Team.objects.in_force().filter(public_id__in=teams).values_list("public_id", flat=True)) if teams else set()
    )


def target_names(targets: Iterable[str]) -> dict[str, str]:
    """Names of targets that are no person, those out of force too: history and frozen policies speak of them."""
    teams = {target for target in targets if target.startswith(TEAM)}
    return dict(Team.objects.filter(public_id__in=teams).values_list("public_id", "name")) if teams else {}


def people_of(targets: Iterable[str], *, now: datetime) -> set[str]:
    """Public ids of everybody whom targets stand for at an instant."""
    wanted = set(targets)
    named = stand_for(wanted, now=now)
    return (wanted - set(named)) | {one.person for people in named.values() for one in people}


def team_members(targets: Iterable[str]) -> dict[str, tuple[Named, ...]]:
    """The active members of the teams among some targets, by name."""
    wanted = {target for target in targets if target.startswith(TEAM)}
    if not wanted:
        return {}
    found: dict[str, list[Named]] = defaultdict(list)
    members = Membership.objects.in_force().filter(
        team__public_id__in=wanted, team__retired_at__isnull=True, user__is_active=True, user__retired_at__isnull=True
    )
    for team, person in members.order_by("user__name", "user_id").values_list("team__public_id", "user__public_id"):
        found[team].append(Named(person, f"team:{team}"))
    return {team: tuple(found[team]) for team in wanted}
