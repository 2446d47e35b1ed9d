"""Escalation policies as values: validated, frozen, hashed. Pure: standard library only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_STEPS = 20
MAX_PEOPLE_PER_STEP = 50
MAX_REPEAT = 9
MIN_DELAY_S = 1
MAX_DELAY_S = 24 * 60 * 60


class PolicyError(ValueError):
    """A policy that cannot be kept; `problems` maps a field (`steps`, `steps.0.delay_s`, `repeat`) to its sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(self.problems.values()))


@dataclass(frozen=True)
class Step:
    """One rung: everybody in `people` is paged at once, then `delay_s` seconds pass before the next rung."""

    delay_s: int
    people: tuple[str, ...]


@dataclass(frozen=True)
class FrozenPolicy:
    """A policy as it stood when a run began. `public_id` is empty when no policy applied at all."""

    public_id: str
    version: int
    name: str
    repeat: int
    steps: tuple[Step, ...]

    @property
    def loops(self) -> int:
        """How often the chain is walked: repeat N means N *repeats*, so N + 1 walks."""
        return self.repeat + 1


NO_POLICY = FrozenPolicy(public_id="", version=0, name="", repeat=0, steps=())


def parse_steps(raw: Any) -> tuple[Step, ...]:
    """Return `[{"delay_s": 300, "people": ["usr_…"]}]` as steps; raise `PolicyError` naming every fault found."""
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not raw:
        raise PolicyError({"steps": "A policy needs at least one step."})
    if len(raw) > MAX_STEPS:
        raise PolicyError({"steps": f"A policy has at most {MAX_STEPS} steps."})
    problems: dict[str, str] = {}
    steps = [_parse_step(index, item, problems) for index, item in enumerate(raw)]
    if problems:
        raise PolicyError(problems)
    return tuple(step for step in steps if step is not None)


def _parse_step(index: int, item: Any, problems: dict[str, str]) -> Step | None:
    where = f"steps.{index}"
    if not isinstance(item, Mapping) or set(item) != {"delay_s", "people"}:
        problems[where] = f"Step {index + 1} has exactly a delay_s and people."
        return None
    delay, people = item["delay_s"], item["people"]
    if isinstance(delay, bool) or not isinstance(delay, int) or not MIN_DELAY_S <= delay <= MAX_DELAY_S:
        problems[f"{where}.delay_s"] = (
            f"Step {index + 1} waits a whole number of seconds, {MIN_DELAY_S} to {MAX_DELAY_S}, before the next step."
        )
        delay = MIN_DELAY_S
    fault = _people_fault(index, people)
    if fault:
        problems[f"{where}.people"] = fault
        return None
    return Step(delay_s=delay, people=tuple(people))


def _people_fault(index: int, people: Any) -> str:
    if not isinstance(people, Sequence) or isinstance(people, str) or not people:
        return f"Step {index + 1} pages nobody. Name at least one person."
    if not all(isinstance(person, str) and person for person in people):
        return f"Step {index + 1} names people by their id."
    if len(set(people)) != len(people):
        return f"Step {index + 1} names a person twice."
    if len(people) > MAX_PEOPLE_PER_STEP:
        return f"Step {index + 1} pages more than {MAX_PEOPLE_PER_STEP} people."
    return ""


def parse_repeat(raw: Any) -> int:
    """Return how often the chain is *repeated* (0 to 9); raise `PolicyError` otherwise."""
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= MAX_REPEAT:
        raise PolicyError({"repeat": f"A chain is repeated 0 to {MAX_REPEAT} times."})
    return raw


def steps_to_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return steps in the shape `parse_steps` reads."""
    return [{"delay_s": step.delay_s, "people": list(step.people)} for step in steps]


def to_json(policy: FrozenPolicy) -> dict[str, Any]:
    """Return the frozen policy as the JSON object a run stores."""
    return {
        "policy": policy.public_id,
        "version": policy.version,
        "name": policy.name,
        "repeat": policy.repeat,
        "steps": steps_to_json(policy.steps),
    }


def from_json(raw: Mapping[str, Any]) -> FrozenPolicy:
    """Read back what `to_json` wrote. It does not validate again: a run must go on under the rules it began with."""
    return FrozenPolicy(
        public_id=raw["policy"],
        version=raw["version"],
        name=raw["name"],
        repeat=raw["repeat"],
        steps=tuple(Step(delay_s=step["delay_s"], people=tuple(step["people"])) for step in raw["steps"]),
    )


def digest(policy: FrozenPolicy) -> str:
    """Return the SHA-256, in hex, of the policy's canonical JSON (sorted keys, no blanks, UTF-8).

    PostgreSQL reorders the keys of stored JSON, so the hash is over the canonical text, never over stored bytes.
    """
    text = json.dumps(to_json(policy), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
