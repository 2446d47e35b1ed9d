"""What counts on a person here: policies, schedules and the catch-all. Asked before somebody is deactivated."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.urls import reverse

from accounts.models import User
from accounts.uses import Use, register
from oncall.escalation.plan import Who
from oncall.escalation.targets import team_members
from oncall.models import CatchAll, Policy
from oncall.rota.words import moment
from oncall.schedules import coming_shifts


def uses_of_person(user: User) -> list[Use]:
    """Policies with a step that would page nobody without this person, the catch-all if it is only them, and their coming shifts.

    A rotation does not skip somebody who is gone: their turns would be nobody's, and silently.
    """
    found = []
    for policy in Policy.objects.in_force().order_by("name"):
        steps = _only_them(policy, user.public_id)
        if steps:
            said = (
                f"step {steps[0]} would page nobody" if len(steps) == 1 else f"steps {_listed(steps)} would page nobody"
            )
            found.append(Use(f"policy {policy.name}", said, reverse("oncall:edit_policy", args=[policy.public_id])))
    if set(CatchAll.current().people) == {user.public_id}:
        found.append(Use("the catch-all", "nobody else is in it", reverse("oncall:catch_all")))
    for schedule, shift in coming_shifts(user):
        when = moment(shift.start, ZoneInfo(schedule.zone))
        why = f"{shift.role} on call from {when}; a list of members without them, or an override, takes them out"
        found.append(Use(f"schedule {schedule.name}", why, "/docs/schedules/#members-come-and-go"))
    return found


def _only_them(policy: Policy, person: str) -> list[int]:
    """Numbers of the steps that would page nobody if this person were gone; a schedule speaks for itself."""
    steps = policy.parsed_steps
    members = team_members({target for step in steps for target in step.targets})
    stands = Who({}, named=members)
    return [
        number
        for number, step in enumerate(steps, 1)
        if {one.person for one in stands.stands_for(step.targets)} == {person}
    ]


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:-1])) + f" and {numbers[-1]}"


register(uses_of_person)
