"""A figure against its bar, printed as one JSON line."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured. `ok` says whether it holds against the bar."""

    bench: str
    figure: str
    value: float
    unit: str
    bar: float
    ok: bool


def at_most(bench: str, figure: str, value: float, unit: str, bar: float) -> Figure:
    """A figure that must not exceed its bar."""
    return Figure(bench, figure, round(value, 4), unit, bar, value <= bar)


def at_least(bench: str, figure: str, value: float, unit: str, bar: float) -> Figure:
    """A figure that must reach its bar."""
    return Figure(bench, figure, round(value, 4), unit, bar, value >= bar)


def show(figure: Figure) -> bool:
    """Print the line and return whether the bar holds."""
    sys.stdout.write(json.dumps(asdict(figure)) + "\n")
    sys.stdout.flush()
    return figure.ok


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]
