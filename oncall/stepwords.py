"""Steps of a policy in one line of words, for its history: `Ana and Ben, 5 min, Carla, 10 min`."""

from collections.abc import Callable
from typing import Any

from accounts.durations import spell_duration
from accounts.history import names_of
from oncall.models import Policy


def step_words(policy: Policy) -> Callable[[Any], str]:
    """A function from stored steps to words, with the names of everybody who ever stood in the policy's steps."""
    versions = policy.history.values_list("steps", flat=True)
    names = names_of({person for steps in versions for step in steps for person in step.get("people", ())})

    def say(steps: Any) -> str:
        said = [f"{_people(step, names)}, {spell_duration(step['delay_s'])}" for step in steps or ()]
        return "; ".join(said) or "nothing"

    return say


def _people(step: dict[str, Any], names: dict[str, str]) -> str:
    return " and ".join(names.get(person, "somebody") for person in step["people"])
