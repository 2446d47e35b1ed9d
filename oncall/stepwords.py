"""Steps of a policy in one line of words, for its history: `Ana and Ben, 5 min, Carla, 10 min`."""

from collections.abc import Callable
from typing import Any

from accounts.durations import spell_duration
from accounts.history import names_of
from oncall.escalation.targets import target_names
from oncall.layerwords import DAYS
from oncall.models import Policy


def step_words(policy: Policy) -> Callable[[Any], str]:
    """A function from stored steps to words, with the names of everybody who ever stood in the policy's steps."""
    versions = policy.history.values_list("steps", flat=True)
    targets = {target for steps in versions for step in steps for target in step.get("people", ())}
    names = names_of(targets) | target_names(targets)

    def say(steps: Any) -> str:
        said = [f"{_people(step, names)}{_terms(step)}, {spell_duration(step['delay_s'])}" for step in steps or ()]
        return "; ".join(said) or "nothing"

    return say


def _people(step: dict[str, Any], names: dict[str, str]) -> str:
    return " and ".join(names.get(person, "somebody") for person in step["people"])


def _terms(step: dict[str, Any]) -> str:
    turns = " in turn" if step.get("round_robin") else ""
    hours = step.get("hours")
    return turns + (f" ({hours_words(hours)})" if hours else "")


def hours_words(hours: dict[str, Any]) -> str:
    """`Mon to Fri, 09:00 to 17:00, Europe/Berlin`: when a step is taken, in words."""
    days = sorted(hours["days"])
    in_row = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
    said = f"{DAYS[days[0]]} to {DAYS[days[-1]]}" if in_row else ", ".join(DAYS[day] for day in days)
    return f"{said}, {hours['starts']} to {hours['ends']}, {hours['zone']}"


def said_steps(policy: Policy) -> list[str]:
    """Each step of a policy as it stands, in words: whom it stands for, whether in turn, and when it is taken."""
    targets = {target for step in policy.steps for target in step["people"]}
    names = names_of(targets) | target_names(targets)
    return [f"{_people(step, names)}{_terms(step)}" for step in policy.steps]
