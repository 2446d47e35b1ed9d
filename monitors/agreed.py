"""What an agreement says and what is doubtful about it, in words. Pure, standard library only; docs/availability.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from math import ceil

from monitors.availability import MILLION, Figures, percent
from monitors.latency import least_checks

LEAST_INTERVALS = 5  # how many checks in a row a budget must be able to lose
BEST_MONTHS = 3
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,4}))?\s*%?")


def read_percent(text: str) -> int:
    """A percentage as parts of a million: `99.95` is 999500. Raises ValueError with a sentence."""
    match = _PERCENT.fullmatch(text.strip())
    ppm = int(match[1]) * 10_000 + int((match[2] or "").ljust(4, "0")) if match else 0
    if not 0 < ppm <= MILLION:
        raise ValueError("Write a percentage above 0 and up to 100 with at most four decimals, such as 99.95.")
    return ppm


def percent_of(ppm: int) -> str:
    """Parts of a million as a percentage without needless zeros: 999500 is `99.95`."""
    whole, rest = divmod(ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")


def doubts(
    *,
    target_ppm: int,
    interval_s: int,
    window_ms: int,
    dependencies: Sequence[int],
    past: Sequence[Figures],
    latency_ppm: int | None = None,
) -> list[str]:
    """What is doubtful about a target, one sentence each; nothing for a target that can be held and shown.

    interval_s: between checks of the slowest primary monitor, 0 without one. dependencies: what is promised of each part
    the service cannot be up without, in parts of a million. past: windows that are over. latency_ppm: the share of checks
    that is to be answered in time, None if nothing was promised of it.
    """
    found = [
        _budget(target_ppm, interval_s, window_ms)
        if interval_s
        else "No primary monitor watches it: nothing can be shown.",
        _product(target_ppm, dependencies),
        _best(target_ppm, past),
        _few(latency_ppm, interval_s, window_ms) if interval_s and latency_ppm else "",
    ]
    return [sentence for sentence in found if sentence]


def spelled(ms: Fraction | int) -> str:
    """A length of time as people say it, in its two largest units and cut off: `43 min 12 s`."""
    seconds = int(Fraction(ms) // 1000)
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    first = next((index for index, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def _budget(target_ppm: int, interval_s: int, window_ms: int) -> str:
    budget = Fraction((MILLION - target_ppm) * window_ms, MILLION)
    if budget >= LEAST_INTERVALS * interval_s * 1000:
        return ""
    every = max(1, int(budget / LEAST_INTERVALS // 1000))
    lost = max(1, ceil(budget / (interval_s * 1000)))
    decide = "one failed check decides it" if lost == 1 else f"{lost} failed checks in a row decide it"
    return (
        f"The budget of {spelled(budget)} is less than five intervals of {spelled(interval_s * 1000)}: {decide}. "
        f"Check at least every {spelled(every * 1000)}."
    )


def _product(target_ppm: int, dependencies: Sequence[int]) -> str:
    reachable = Fraction(1)
    for ppm in dependencies:
        reachable *= Fraction(ppm, MILLION)
    if not dependencies or Fraction(target_ppm, MILLION) <= reachable:
        return ""
    return (
        f"{percent_of(target_ppm)} % is more than its dependencies promise together: "
        f"{percent(reachable)} % if all of them keep their word."
    )


def _best(target_ppm: int, past: Sequence[Figures]) -> str:
    seen = sorted((one.measured for one in past if one.measured is not None and not one.in_progress), reverse=True)
    if len(seen) < BEST_MONTHS or seen[BEST_MONTHS - 1] * MILLION >= target_ppm:
        return ""
    return f"Fewer than three of the last {len(seen)} windows reached it; the best was {percent(seen[0])} %."


def _few(latency_ppm: int, interval_s: int, window_ms: int) -> str:
    checks, least = window_ms // (interval_s * 1000), least_checks(latency_ppm)
    if checks >= least:
        return ""
    return (
        f"There are {checks:,} checks in a window, and it takes {least:,} to say whether {percent_of(latency_ppm)} % of "
        "them were answered in time."
    )


def window_length(quarter: bool) -> int:
    """A month of 30 days or a quarter of 91, in milliseconds: what a budget is told for before there is one."""
    return timedelta(days=91 if quarter else 30) // timedelta(milliseconds=1)
