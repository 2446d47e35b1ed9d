"""Which function of which app is which step of the tick, and which hint it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec

from django.utils.module_loading import import_string

from ledger.link import link_entries

Run = Callable[[datetime], object]


@dataclass(frozen=True)
class Step:
    """One step: `run(now)`, at most once every `every_s` seconds in a process (0: every tick)."""

    name: str
    run: Run
    every_s: float = 0


def _later(path: str) -> Run:
    def run(now: datetime) -> object:
        module = path.rpartition(".")[0]
        if find_spec(module.partition(".")[0] + "." + module.partition(".")[2].partition(".")[0]) is None:
            return None
        return import_string(path)(now=now)

    return run


def link(now: datetime) -> int:
    """Chain what was recorded."""
    return link_entries()


claim = _later("monitors.engine.ticks.claim")
sweep = _later("monitors.engine.ticks.sweep")
intake = _later("incidents.ticks.intake")
plan = _later("oncall.ticks.plan")
send = _later("oncall.ticks.send")
reconcile = _later("oncall.ticks.reconcile")

STEPS = (
    Step("claim", claim),
    Step("intake", intake),
    Step("plan", plan),
    Step("reconcile", reconcile, every_s=5),
    Step("sweep", sweep, every_s=5),
    Step("link", link),
)

# What each hint asks for.
HINTS: dict[str, Run] = {"probe": claim, "intake": intake, "plan": plan, "link": link, "send": send}
