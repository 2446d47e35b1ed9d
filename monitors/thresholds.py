"""The one threshold engine: (terms, samples, instant, standing) → standing. Pure, standard library only.

Response times use it, live and on past data alike, so that a preview says what the rule would have done. The rules are
in docs/response-times.md:

- a level is reached when samples have been beyond its limit for as long as the terms ask, or so many of the last so many;
- it is left when samples have been good for as long as the terms ask, by the recovery value if there is one;
- no run reaches across a silence, and silence is no recovery: what the terms say of missing data is done.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

OPERATORS = {">": "above", ">=": "at or above", "<": "below", "<=": "at or below"}
HOLD, UNKNOWN, BREACH = "hold", "unknown", "breach"
MISSING = {
    HOLD: "Keep what was known",
    UNKNOWN: "Keep it, and say that nothing reports",
    BREACH: "Count it as too slow",
}
# a unit: what it measures, and how many of that quantity's base unit it is
UNITS: dict[str, tuple[str, float]] = {
    "ms": ("time", 1),
    "s": ("time", 1_000),
    "min": ("time", 60_000),
    "%": ("share", 1),
    "ratio": ("share", 100),
    "B": ("bytes", 1),
    "KiB": ("bytes", 1024),
    "MiB": ("bytes", 1024**2),
    "GiB": ("bytes", 1024**3),
    "count": ("count", 1),
}
DAY_S = 86_400
MOST_SAMPLES = 100


class Level(StrEnum):
    """How far it has come."""

    OK = "ok"
    WARN = "warn"
    ALERT = "alert"


ORDER = (Level.OK, Level.WARN, Level.ALERT)


class TermsError(ValueError):
    """Terms that cannot be; `field` is the one at fault and `sentence` says why."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field, self.sentence = field, sentence
        super().__init__(sentence)


class Sample(NamedTuple):
    """One value in the base unit of what is measured. A check that timed out is `math.inf`: at least so slow."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Terms:
    """When a value is too much or too little. Values are in `unit`.

    warn: a milder limit; None for none. for_s: how long samples must be beyond a limit, from the first to the newest.
    recovery: the value from which on it is good again; None for the limit itself. m, n: m of the last n samples instead of
    a length of time; 0 for none. min_samples: fewer say nothing. missing: what silence means.
    """

    operator: str
    value: float
    unit: str
    warn: float | None = None
    for_s: int = 0
    recovery: float | None = None
    recovery_for_s: int = 0
    min_samples: int = 1
    missing: str = HOLD
    m: int = 0
    n: int = 0

    def as_json(self) -> dict[str, Any]:
        """The plain values that a rule keeps."""
        return asdict(self)

    @property
    def words(self) -> str:
        """`above 800 ms for 300 s`, the alert in words."""
        held = f" in {self.m} of {self.n} samples" if self.n else f" for {self.for_s} s" if self.for_s else ""
        return f"{OPERATORS[self.operator]} {self.value:g} {self.unit}{held}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rule stands. since: the first sample of the run that led here; missing: nothing reports, the level is held."""

    level: Level = Level.OK
    since: datetime | None = None
    missing: bool = False
    value: float | None = None


class Turn(NamedTuple):
    """One change of level on past data."""

    at: datetime
    before: Level
    after: Level
    value: float | None


def read_terms(given: Mapping[str, Any], *, measures: str) -> Terms:
    """Read terms that a rule keeps or a person sends. measures: the quantity, as in UNITS. Raises TermsError."""
    known = set(Terms.__dataclass_fields__)
    for name in set(given) - known:
        raise TermsError(name, "There is no such term.")
    for name in ("operator", "value", "unit"):
        if given.get(name) is None:
            raise TermsError(name, "Say what is too much: an operator, a value and its unit.")
    terms = Terms(**{name: given[name] for name in given if given[name] is not None or name in ("warn", "recovery")})
    _check_words(terms, measures)
    _check_values(terms)
    _check_counts(terms)
    return terms


def judge(terms: Terms, samples: Sequence[Sample], at: datetime, standing: Standing, *, max_age: timedelta) -> Standing:
    """Where a rule stands at an instant. samples: oldest first; those after `at` are not looked at.

    max_age: a newest sample that is older than that, and a gap that is longer, is silence.
    """
    return _judge(_base(terms), samples, bisect_right(samples, at, key=_instant), at, standing, max_age)


def replay(
    terms: Terms, samples: Sequence[Sample], *, max_age: timedelta, start: datetime, end: datetime
) -> tuple[list[Turn], Standing]:
    """What the rule would have done in `[start, end)`: its changes of level, and where it would stand.

    Samples before `start` let a run begin there. It is judged at each sample and whenever a silence begins.
    """
    terms, standing, turns = _base(terms), Standing(), list[Turn]()
    first = bisect_right(samples, start - _TICK, key=_instant)
    moments: list[tuple[datetime, int]] = []
    for index in range(first, len(samples)):
        at = samples[index].at
        if at >= end:
            break
        moments.append((at, index + 1))
        silent = at + max_age + _TICK
        if (index + 1 == len(samples) or samples[index + 1].at > silent) and silent < end:
            moments.append((silent, index + 1))
    if not moments:
        moments.append((end - _TICK, first))
    for at, upto in moments:
        after = _judge(terms, samples, upto, at, standing, max_age)
        if after.level != standing.level:
            turns.append(Turn(at, standing.level, after.level, after.value))
        standing = after
    return turns, standing


def alerts(turns: Sequence[Turn]) -> int:
    """How often it would have alerted."""
    return sum(turn.after is Level.ALERT for turn in turns)


def alert_time(turns: Sequence[Turn], end: datetime) -> timedelta:
    """How long it would have been alerting, up to `end`."""
    total, since = timedelta(), None
    for turn in turns:
        if turn.after is Level.ALERT:
            since = turn.at
        elif since is not None:
            total, since = total + (turn.at - since), None
    return total + (end - since) if since is not None else total


def in_base(value: float, unit: str) -> float:
    """A value in the base unit of what its unit measures: 2 s are 2,000 ms."""
    return value * UNITS[unit][1]


_TICK = timedelta(microseconds=1)


def _instant(sample: Sample) -> datetime:
    return sample.at


def _base(terms: Terms) -> Terms:
    """The same terms with values in the base unit."""
    factor = UNITS[terms.unit][1]
    return replace(
        terms,
        value=terms.value * factor,
        warn=None if terms.warn is None else terms.warn * factor,
        recovery=None if terms.recovery is None else terms.recovery * factor,
    )


def _judge(
    terms: Terms, samples: Sequence[Sample], upto: int, at: datetime, standing: Standing, max_age: timedelta
) -> Standing:
    newest = samples[upto - 1] if upto else None
    if newest is None or at - newest.at > max_age:
        level = Level.ALERT if terms.missing == BREACH else standing.level
        since = standing.since if level == standing.level else newest.at if newest else at
        return Standing(level, since, missing=terms.missing != HOLD, value=None)
    for level, limit in ((Level.ALERT, terms.value), (Level.WARN, terms.warn)):
        if limit is None:
            continue
        since = _reached(terms, samples, upto, limit, max_age)
        if since is not None and ORDER.index(level) >= ORDER.index(standing.level):
            return Standing(level, standing.since if level == standing.level else since, value=newest.value)
    return _left(terms, samples, upto, standing, max_age)


def _left(terms: Terms, samples: Sequence[Sample], upto: int, standing: Standing, max_age: timedelta) -> Standing:
    """What is left of a level whose limit is no longer exceeded for long enough."""
    newest = samples[upto - 1]
    if standing.level is Level.OK:
        return Standing(Level.OK, standing.since, value=newest.value)
    limit = terms.value if standing.level is Level.ALERT or terms.warn is None else terms.warn
    good = terms.recovery if terms.recovery is not None else limit
    since, count = _run(terms, samples, upto, good, max_age, beyond=False)
    if since is None or newest.at - since < timedelta(seconds=terms.recovery_for_s) or count < terms.min_samples:
        return replace(standing, missing=False, value=newest.value)
    if standing.level is Level.ALERT and terms.warn is not None:
        warned = _reached(terms, samples, upto, terms.warn, max_age)
        if warned is not None:
            return Standing(Level.WARN, warned, value=newest.value)
    return Standing(Level.OK, since, value=newest.value)


def _reached(terms: Terms, samples: Sequence[Sample], upto: int, limit: float, max_age: timedelta) -> datetime | None:
    """Since when a limit has been exceeded for as long, or as often, as the terms ask; None if it has not."""
    if terms.n:
        recent = samples[max(0, upto - terms.n) : upto]
        over = [one.at for one in recent if _beyond(terms.operator, one.value, limit)]
        return over[0] if len(over) >= terms.m and len(recent) >= terms.min_samples else None
    since, count = _run(terms, samples, upto, limit, max_age, beyond=True)
    if since is None or count < terms.min_samples or samples[upto - 1].at - since < timedelta(seconds=terms.for_s):
        return None
    return since


def _run(
    terms: Terms, samples: Sequence[Sample], upto: int, limit: float, max_age: timedelta, *, beyond: bool
) -> tuple[datetime | None, int]:
    """The newest samples of one kind without a silence between them: when the first was, and how many."""
    since, count = None, 0
    longest = timedelta(seconds=terms.for_s if beyond else terms.recovery_for_s)
    for index in range(upto - 1, -1, -1):
        sample = samples[index]
        if _beyond(terms.operator, sample.value, limit) is not beyond or (since and since - sample.at > max_age):
            break
        since, count = sample.at, count + 1
        if samples[upto - 1].at - since >= longest and count >= terms.min_samples and not beyond:
            break  # long enough; for the beginning of an alert the whole run is looked at
    return since, count


def _beyond(operator: str, value: float, limit: float) -> bool:
    if operator == ">":
        return value > limit
    if operator == ">=":
        return value >= limit
    return value < limit if operator == "<" else value <= limit


def _check_words(terms: Terms, measures: str) -> None:
    if terms.operator not in OPERATORS:
        raise TermsError("operator", f"Compare with one of {', '.join(OPERATORS)}.")
    if terms.unit not in UNITS or UNITS[terms.unit][0] != measures:
        fitting = [unit for unit, (quantity, _) in UNITS.items() if quantity == measures]
        raise TermsError("unit", f"Write the unit: one of {', '.join(fitting)}.")
    if terms.missing not in MISSING:
        raise TermsError("missing", f"Say what silence means: one of {', '.join(MISSING)}.")


def _check_values(terms: Terms) -> None:
    upwards = terms.operator in (">", ">=")
    for name in ("value", "warn", "recovery"):
        value = getattr(terms, name)
        if value is None and name != "value":
            continue
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
            or abs(value) > 1e15
        ):
            raise TermsError(name, "Write a number.")
        if terms.unit == "ratio" and not 0 <= value <= 1:
            raise TermsError(
                name, f"A ratio is from 0 to 1. For {value:g} percent write {value / 100:g}, or the unit %."
            )
        if terms.unit == "%" and not 0 <= value <= 100:
            raise TermsError(name, "A percentage is from 0 to 100.")
        if UNITS[terms.unit][0] != "count" and value < 0:
            raise TermsError(name, "This cannot be less than nothing.")
    if terms.warn is not None and not (terms.warn < terms.value if upwards else terms.warn > terms.value):
        raise TermsError("warn", "A warning comes before the alert: choose a milder value.")
    mildest = terms.value if terms.warn is None else terms.warn
    if terms.recovery is not None and not (terms.recovery <= mildest if upwards else terms.recovery >= mildest):
        raise TermsError("recovery", "It is good again on the good side of every limit.")


def _check_counts(terms: Terms) -> None:
    for name, least, most in (("for_s", 0, DAY_S), ("recovery_for_s", 0, DAY_S), ("min_samples", 1, MOST_SAMPLES)):
        value = getattr(terms, name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise TermsError(name, f"A whole number from {least} to {most:,}.")
    for name in ("m", "n"):
        value = getattr(terms, name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_SAMPLES:
            raise TermsError(name, f"A whole number from 0 to {MOST_SAMPLES}.")
    if bool(terms.m) != bool(terms.n) or terms.m > terms.n:
        raise TermsError("m", "So many of at least as many: 3 of 5.")
    if terms.n and terms.for_s:
        raise TermsError("for_s", "Say how long, or how many of how many, not both.")
    if terms.n and terms.min_samples > terms.n:
        raise TermsError("min_samples", "No more than are looked at.")
