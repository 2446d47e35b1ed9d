"""Chapter: the ordinary faults of a year, and how people dealt with them."""

from __future__ import annotations

from datetime import datetime, timedelta

from config.demo import answers, customers
from config.demo.checks import fail
from config.demo.estate import WATCHED, in_order
from config.demo.world import Demo

MINUTE = timedelta(minutes=1)
APART = timedelta(hours=30)  # longer than a fault of the same monitor reopens its incident
LEFT_FREE = timedelta(days=2)  # of the end, where the episodes say what is true now


def spread(demo: Demo) -> None:
    """Faults of random monitors at random hours, more of them by day, and an answer to most."""
    rng = demo.rng
    last: dict[str, list[datetime]] = {}
    names = [one.name for one in in_order()[: demo.size.monitors]]
    born = {one.name: one.born for one in WATCHED}
    span = demo.end - demo.start - LEFT_FREE
    # some things break more often than others
    weights = [1 + 6 * rng.random() ** 4 for _ in names]
    wanted, tries = demo.size.incidents, 0
    while wanted and tries < 20 * demo.size.incidents:
        tries += 1
        name = rng.choices(names, weights)[0]
        when = demo.start + timedelta(hours=6) + rng.random() * (span - timedelta(hours=6))
        if when < demo.start + timedelta(hours=8) + born.get(name, 0.0) * span or not _busy(demo, when):
            continue
        if any(abs(when - other) < APART for other in last.get(name, ())):
            continue
        last.setdefault(name, []).append(when)
        ordinary(demo, name, when)
        wanted -= 1


def ordinary(demo: Demo, name: str, when: datetime) -> None:
    """One fault: most last some minutes, a few last hours; most are taken by the first person, some by the second."""
    rng = demo.rng
    lasting = min(8 * 60.0, 4 + rng.lognormvariate(2.3, 0.9)) * MINUTE
    fail(demo, name, when, lasting)
    known = when + 2 * MINUTE
    chance = rng.random()
    if chance < 0.66:
        after = rng.uniform(0.4, 4.2) * MINUTE  # the first person, before the second is called
    elif chance < 0.86:
        after = rng.uniform(6.3, 9.5) * MINUTE
    else:
        return  # it recovers by itself, or the ladder goes on until somebody else is asked
    answers.later(demo, name, known + after, answers.anybody_has_it)
    answers.later(demo, name, known + after + rng.uniform(1, 6) * MINUTE, customers.are_told)
    if rng.random() < 0.45:
        answers.later(demo, name, known + after + rng.uniform(1, 9) * MINUTE, answers.note)
    if rng.random() < 0.08:
        answers.later(demo, name, known + after + 6 * MINUTE, answers.bring_in(rng.choice(("Priya", "Noor", "Ben"))))
    if rng.random() < 0.06:
        answers.later(demo, name, known + after + 8 * MINUTE, answers.ask_for_help)
        answers.later(demo, name, known + after + 11 * MINUTE, answers.anybody_has_it)
    if rng.random() < 0.15:
        answers.later(demo, name, when + lasting - MINUTE, answers.say_over)


def _busy(demo: Demo, when: datetime) -> bool:
    """Faults follow changes and traffic: a night or a Sunday sees a third of them."""
    quiet = when.hour < 6 or when.hour >= 20 or when.weekday() == 6
    return not quiet or demo.rng.random() < 0.35
