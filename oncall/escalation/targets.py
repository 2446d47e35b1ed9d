"""Whom the targets of a step stand for at an instant: one answer for the engine, the screens and the self-checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from accounts.models import Membership, Team
from oncall.escalation.plan import Named
from oncall.models import Schedule
from oncall.rota import schedule as rota
from oncall.rota.calendar import Window
from oncall.rota.resolve import next_on_call, on_call, shifts
from oncall.schedules import planned_all

TEAM, SCHEDULE = "tea_", "sch_"
AHEAD = timedelta(days=14)
# what may stand after the id of a schedule, and its words after the schedule's name
NEXT, SECOND = "next", "secondary"
PARTS = {"": "", SECOND: " (secondary)", NEXT: " (who follows)"}


def split(target: str) -> tuple[str, str]:
    """The public id of a target, and what stands after it."""
    public_id, dot, part = target.partition(".")
    return public_id, part or dot


def stand_for(targets: Iterable[str], *, now: datetime) -> dict[str, tuple[Named, ...]]:
    """People by target, for targets that are no person. A team stands for its active members, by name; a schedule for who
    is on call, `sch_….secondary` for who is behind them, `sch_….next` for who follows. Whoever has it by an override is named
    with it.
    """
    wanted = set(targets)
    return team_members(wanted) | _schedules({target for target in wanted if target.startswith(SCHEDULE)}, now)


def target_kind(target: str) -> str:
    """`team`, `schedule` or `user`: what kind of thing a target is."""
    return {TEAM: "team", SCHEDULE: "schedule"}.get(target[:4], "user")


def changes_with_time(target: str) -> bool:
    """Whether a target may stand for other people a moment later."""
    return target.startswith(SCHEDULE)


def known_targets(wanted: Iterable[str]) -> set[str]:
    """Those of some targets that are no person, exist and are in force."""
    parts = {target: split(target) for target in wanted if target_kind(target) != "user"}
    ids = {public_id for public_id, part in parts.values() if part in PARTS}
    held = set(Team.objects.in_force().filter(public_id__in=ids).values_list("public_id", flat=True))
    held |= set(Schedule.objects.in_force().filter(public_id__in=ids).values_list("public_id", flat=True))
    return {
        target
        for target, (public_id, part) in parts.items()
        if public_id in held and part in PARTS and (not part or target.startswith(SCHEDULE))
    }


def target_names(targets: Iterable[str]) -> dict[str, str]:
    """Names of targets that are no person, those out of force too: history and frozen policies speak of them."""
    parts = {target: split(target) for target in targets if target_kind(target) != "user"}
    ids = {public_id for public_id, _ in parts.values()}
    names = dict(Team.objects.filter(public_id__in=ids).values_list("public_id", "name"))
    names |= dict(Schedule.objects.filter(public_id__in=ids).values_list("public_id", "name"))
    return {
        target: names[public_id] + PARTS.get(part, "")
        for target, (public_id, part) in parts.items()
        if public_id in names
    }


def people_ahead(targets: Iterable[str], *, now: datetime) -> set[str]:
    """Everybody whom targets stand for now or, by a schedule, in the next AHEAD: who cannot be reached should be found before
    their shift, not in it.
    """
    wanted = set(targets)
    schedules = {split(target)[0] for target in wanted if target.startswith(SCHEDULE)}
    plans = planned_all(list(Schedule.objects.in_force().filter(public_id__in=schedules)), now) if schedules else []
    coming = {
        one.person.id
        for plan in plans
        for role in rota.ROLES
        for shift in shifts(plan, Window(now, now + AHEAD), role)
        for one in shift.on_call
    }
    return people_of(wanted, now=now) | coming


def people_of(targets: Iterable[str], *, now: datetime) -> set[str]:
    """Public ids of everybody whom targets stand for at an instant."""
    wanted = set(targets)
    named = stand_for(wanted, now=now)
    return (wanted - set(named)) | {one.person for people in named.values() for one in people}


def _schedules(wanted: set[str], now: datetime) -> dict[str, tuple[Named, ...]]:
    if not wanted:
        return {}
    rows = list(Schedule.objects.in_force().filter(public_id__in={split(target)[0] for target in wanted}))
    plans = {plan.id: plan for plan in planned_all(rows, now)}
    return {target: tuple(_on_call(plans.get(split(target)[0]), split(target)[1], now)) for target in wanted}


def _on_call(plan: rota.Schedule | None, part: str, now: datetime) -> Iterator[Named]:
    if plan is None:
        return
    role = rota.SECONDARY if part == SECOND else rota.PRIMARY
    shift = next_on_call(plan, now) if part == NEXT else on_call(plan, now, role)
    for one in shift.on_call if shift else ():
        source = one.override.id if one.override else one.turn.layer if one.turn else ""
        yield Named(one.person.id, f"schedule:{plan.id}:{source}")


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
