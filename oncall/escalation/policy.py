"""Escalation policies as values: validated, frozen, hashed. Pure: standard library only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oncall.rota.calendar import INSTANT, Window
from oncall.rota.layers import open_hours
from oncall.rota.schedule import EVERY_DAY, Hours
from oncall.rota.written import hours_to_json, read_hours

MAX_STEPS = 20
MAX_PEOPLE_PER_STEP = 50
MAX_REPEAT = 9
MIN_DELAY_S = 1
MAX_DELAY_S = 24 * 60 * 60
MIN_ASK_S = 60
# how long whoever had it is asked alone before the chain is called again
ASK_FIRST_S = 300
STEP_KEYS = {"delay_s", "people", "round_robin", "hours"}


class PolicyError(ValueError):
    """A policy that cannot be kept; `problems` maps a field (`steps`, `steps.0.delay_s`, `repeat`) to its sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(self.problems.values()))


@dataclass(frozen=True)
class StepHours:
    """When a step is taken: a stretch of the day on the wall of a zone, by the rules that schedules have for theirs."""

    zone: str
    stretch: Hours

    def hold(self, at: datetime) -> bool:
        """Whether an instant lies in them."""
        start = at.astimezone(UTC)
        return bool(open_hours((self.stretch,), Window(start, start + INSTANT), ZoneInfo(self.zone)))


@dataclass(frozen=True)
class Step:
    """One rung: everybody whom `targets` stand for is paged at once, then `delay_s` seconds pass before the next rung.

    targets: public ids of people, teams and schedules (`sch_…` for who is on call, `sch_….next` for who follows).
    round_robin: only one of them is paged, each run the next one. hours: outside them the step is passed over.
    """

    delay_s: int
    targets: tuple[str, ...]
    round_robin: bool = False
    hours: StepHours | None = None


@dataclass(frozen=True)
class FrozenPolicy:
    """A policy as it stood when a run began. `public_id` is empty when no policy applied at all.

    ask_again_s: whoever acknowledged is asked again after so many seconds while the fault goes on; 0 for never. asked: who
    was asked again first, in a step put before those of the policy; empty for a run that began with a fault.
    """

    public_id: str
    version: int
    name: str
    repeat: int
    steps: tuple[Step, ...]
    ask_again_s: int = 0
    asked: str = ""

    @property
    def loops(self) -> int:
        """How often the chain is walked: repeat N means N *repeats*, so N + 1 walks."""
        return self.repeat + 1


def asking(policy: FrozenPolicy, person: str) -> FrozenPolicy:
    """The same policy for a run that asks somebody again: first them alone, then the chain from its beginning."""
    chain = policy.steps[1:] if policy.asked else policy.steps
    return replace(policy, steps=(Step(ASK_FIRST_S, (person,)), *chain), asked=person)


NO_POLICY = FrozenPolicy(public_id="", version=0, name="", repeat=0, steps=())


def parse_steps(raw: Any) -> tuple[Step, ...]:
    """Return `[{"delay_s": 300, "people": ["usr_…", "tea_…"]}]` as steps; raise `PolicyError` naming every fault found.

    A step may also have `round_robin` (true) and `hours` (`{"zone": "Europe/Berlin", "days": [0, 4], "starts": "09:00",
    "ends": "17:00"}`). The list is called `people` because the first policies named nothing else.
    """
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
    if not isinstance(item, Mapping) or not {"delay_s", "people"} <= set(item) <= STEP_KEYS:
        problems[where] = f"Step {index + 1} has a delay_s and people, and may have round_robin and hours."
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
    turns = item.get("round_robin", False)
    if not isinstance(turns, bool):
        problems[f"{where}.round_robin"] = "Round robin is true or false."
    hours = _parse_hours(item.get("hours"), f"{where}.hours", problems)
    return Step(delay, tuple(people), bool(turns), hours)


def _parse_hours(raw: Any, where: str, problems: dict[str, str]) -> StepHours | None:
    if raw is None:
        return None
    try:
        return _read_hours(raw)
    except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError):
        problems[where] = "Hours are a time zone, weekdays from 0 (Monday) to 6, and a start and an end such as 09:00."
        return None


def _read_hours(raw: Mapping[str, Any]) -> StepHours:
    days = raw["days"]
    if set(raw) != {"zone", "days", "starts", "ends"} or not days or not set(days) <= EVERY_DAY:
        raise ValueError(raw)
    if any(isinstance(day, bool) for day in days):
        raise ValueError(raw)
    ZoneInfo(raw["zone"])
    return StepHours(raw["zone"], read_hours([raw])[0])


def _people_fault(index: int, people: Any) -> str:
    if not isinstance(people, Sequence) or isinstance(people, str) or not people:
        return f"Step {index + 1} pages nobody. Name at least one person."
    if not all(isinstance(person, str) and person for person in people):
        return f"Step {index + 1} names people, teams and schedules by their id."
    if len(set(people)) != len(people):
        return f"Step {index + 1} names somebody twice."
    if len(people) > MAX_PEOPLE_PER_STEP:
        return f"Step {index + 1} pages more than {MAX_PEOPLE_PER_STEP} people."
    return ""


def parse_repeat(raw: Any) -> int:
    """Return how often the chain is *repeated* (0 to 9); raise `PolicyError` otherwise."""
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= MAX_REPEAT:
        raise PolicyError({"repeat": f"A chain is repeated 0 to {MAX_REPEAT} times."})
    return raw


def parse_ask_again(raw: Any) -> int:
    """Return after how many seconds an acknowledge is asked again, 0 for never; raise `PolicyError` otherwise."""
    if raw is None or (raw == 0 and raw is not False):
        return 0
    if isinstance(raw, bool) or not isinstance(raw, int) or not MIN_ASK_S <= raw <= MAX_DELAY_S:
        raise PolicyError({"ask_again_s": f"Ask again after {MIN_ASK_S} to {MAX_DELAY_S} seconds, or 0 for never."})
    return raw


def steps_to_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return steps in the shape `parse_steps` reads; what is not set is left out, so that hashes of older policies hold."""
    return [_step_to_json(step) for step in steps]


def _step_to_json(step: Step) -> dict[str, Any]:
    told: dict[str, Any] = {"delay_s": step.delay_s, "people": list(step.targets)}
    if step.round_robin:
        told["round_robin"] = True
    if step.hours is not None:
        told["hours"] = {"zone": step.hours.zone, **hours_to_json([step.hours.stretch])[0]}
    return told


def _step_from_json(raw: Mapping[str, Any]) -> Step:
    hours = _read_hours(raw["hours"]) if raw.get("hours") else None
    return Step(raw["delay_s"], tuple(raw["people"]), bool(raw.get("round_robin")), hours)


def to_json(policy: FrozenPolicy) -> dict[str, Any]:
    """Return the frozen policy as the JSON object a run stores."""
    told = {
        "policy": policy.public_id,
        "version": policy.version,
        "name": policy.name,
        "repeat": policy.repeat,
        "steps": steps_to_json(policy.steps),
    }
    more = {"ask_again_s": policy.ask_again_s, "asked": policy.asked}
    return told | {name: value for name, value in more.items() if value}


def from_json(raw: Mapping[str, Any]) -> FrozenPolicy:
    """Read back what `to_json` wrote. It does not validate again: a run must go on under the rules it began with."""
    return FrozenPolicy(
        public_id=raw["policy"],
        version=raw["version"],
        name=raw["name"],
        repeat=raw["repeat"],
        steps=tuple(_step_from_json(step) for step in raw["steps"]),
        ask_again_s=raw.get("ask_again_s", 0),
        asked=raw.get("asked", ""),
    )


def digest(policy: FrozenPolicy) -> str:
    """Return the SHA-256, in hex, of the policy's canonical JSON (sorted keys, no blanks, UTF-8).

    PostgreSQL reorders the keys of stored JSON, so the hash is over the canonical text, never over stored bytes.
    """
    text = json.dumps(to_json(policy), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
