"""Availability: a year of 500 monitors by month, and the 90-day bars of one page of 50.

    python -m bench availability

50 services of ten monitors each. Each monitor went down once a week, at a time of its own, and was not watched for an
hour a month: some 130 intervals a year, 65,000 in all. What is timed is everything from the question to the figures, in
processor time, in which SQLite's work is contained: what a shared machine does meanwhile is left out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from bench.child import environment, told
from bench.figures import Figure, at_most

BARS = (
    ("500 monitors, 12 months each", 0.3, "s"),
    ("50 services of 10 monitors, 12 months each", 0.3, "s"),
    ("90-day bars of 50 monitors, their queries", 20, "ms"),
    ("the same with days cut", 100, "ms"),
)


def run() -> Iterator[Figure]:
    """Yield seconds for a year by month, and milliseconds for the bars."""
    with tempfile.TemporaryDirectory(prefix="watchbook-bench-") as folder:
        figures = told("availability", environ=environment(folder, "DATABASE_URL"))
    for (what, bar, unit), value in zip(BARS, figures, strict=True):
        yield at_most("availability", what, value, unit, bar)
