"""When a maintenance window happens: a wall clock, a zone, a length and perhaps a repetition. Pure.

Rules in words: docs/maintenance.md. A start is a time on the wall of its zone, so that "Sunday 02:00" stays 02:00 when
clocks change; a length is elapsed time, so that two hours are two hours. A wall time that a clock change skips
moves forward by what is skipped; one that comes twice is the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

WALL = "%Y-%m-%dT%H:%M"
LEAST, MOST = timedelta(minutes=1), timedelta(days=14)
FREQUENCIES = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
# BYHOUR and its like are left out: the time of day is the start's, and an hourly rule is no maintenance
PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"})
DAYS = {
    "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday", "SU": "Sunday",
}  # fmt: skip
PLACES = {"1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "-1": "last"}
_NUMBERED = re.compile(r"\+?(-?\d)([A-Z]{2})")
RULE_MOST = 200
COUNT_MOST, INTERVAL_MOST = 1_000, 400
# a rule without a day in so many years never happens, and looking further would only burn the processor
FIRST_WITHIN = timedelta(days=5 * 366)
OVERLAP_LOOK = 60


class RecurrenceError(ValueError):
    """What was given describes no window; `field` says which part, `sentence` why."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field, self.sentence = field, sentence
        super().__init__(sentence)


@dataclass(frozen=True)
class Plan:
    """zone: IANA name. starts: naive, on the wall of the zone. length: elapsed. rule: an RRULE without its name, or ""."""

    zone: str
    starts: datetime
    length: timedelta
    rule: str = ""


def read_plan(zone: str, starts: str, length_s: int, rule: str = "") -> Plan:
    """A plan that can happen. starts: `2026-03-29T02:30`. Raises RecurrenceError by field."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise RecurrenceError("zone", "Choose a time zone, such as Europe/Berlin.") from None
    try:
        wall = datetime.strptime(starts, WALL)  # noqa: DTZ007 - a wall time has no offset
    except ValueError:
        raise RecurrenceError("starts", "Write the start as 2026-03-29T02:30, in the window's zone.") from None
    if not 2000 <= wall.year < 2200:
        raise RecurrenceError("starts", "Choose a year between 2000 and 2199.")
    length = timedelta(seconds=length_s)
    if not LEAST <= length <= MOST:
        raise RecurrenceError("length_s", "A window lasts between a minute and 14 days.")
    plan = Plan(zone, wall, length, _spelled(rule))
    if plan.rule:
        _check_happens(plan)
    return plan


def occurrences(plan: Plan, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """`[start, end)` in UTC of each time it happens with a start in `[since, until)`, in order."""
    zone = ZoneInfo(plan.zone)
    found = []
    for wall in _walls(plan, until.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)):
        start = wall.replace(tzinfo=zone).astimezone(UTC)
        if since <= start < until:
            found.append((start, start + plan.length))
    return found


def summary(plan: Plan) -> str:
    """`Every week on Sunday at 02:00 for 2 h, Europe/Berlin`: what was planned, for a person to check."""
    at = f"at {plan.starts:%H:%M} for {_length(plan.length)}, {plan.zone}"
    if not plan.rule:
        return f"Once, on {plan.starts:%A} {plan.starts.day} {plan.starts:%B %Y} {at}"
    parts = _parts(plan.rule)
    every = int(parts.get("INTERVAL", "1"))
    noun = FREQUENCIES[parts["FREQ"]]
    said = f"Every {noun}" if every == 1 else f"Every {every} {noun}s"
    return f"{said}{_on(plan, parts)} {at}{_ends(parts)}"


def _on(plan: Plan, parts: dict[str, str]) -> str:
    numbered = "BYDAY" in parts and any(day not in DAYS for day in parts["BYDAY"].split(","))
    if "BYSETPOS" in parts or numbered:
        return _numbered(parts) or f" by the rule {plan.rule}"
    said = ""
    if "BYDAY" in parts:
        said += " on " + ", ".join(DAYS[day] for day in parts["BYDAY"].split(","))
    elif parts["FREQ"] == "WEEKLY":
        said += f" on {plan.starts:%A}"
    if "BYMONTHDAY" in parts:
        said += f" on day {parts['BYMONTHDAY'].replace(',', ', ')}"
    elif parts["FREQ"] == "MONTHLY" and "BYDAY" not in parts:
        said += f" on day {plan.starts.day}"
        said += ", months without one left out," if plan.starts.day > 28 else ""
    elif parts["FREQ"] == "YEARLY" and "BYDAY" not in parts and "BYMONTH" not in parts:
        said += f" on {plan.starts.day} {plan.starts:%B}"
    if "BYMONTH" in parts:
        said += f" in month {parts['BYMONTH'].replace(',', ', ')}"
    return said


def _numbered(parts: dict[str, str]) -> str:
    """`on the first Sunday` of a month; "" where a few words would not say all of the rule."""
    if parts["FREQ"] != "MONTHLY" or not set(parts) <= {"FREQ", "INTERVAL", "BYDAY", "COUNT", "UNTIL"}:
        return ""
    days = [_NUMBERED.fullmatch(day) for day in parts["BYDAY"].split(",")]
    said = [f"{PLACES[day[1]]} {DAYS[day[2]]}" for day in days if day and day[1] in PLACES]
    return f" on the {' and the '.join(said)}" if len(said) == len(days) else ""


def _ends(parts: dict[str, str]) -> str:
    if "COUNT" in parts:
        return f", {parts['COUNT']} times"
    if "UNTIL" in parts:
        day = parts["UNTIL"][:8]
        return f", until {day[:4]}-{day[4:6]}-{day[6:]}"
    return ""


def _length(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(rest, 60)
    said = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (left, "min")) if number]
    return " ".join(said) or "1 min"


def _parts(rule: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in rule.split(";"))


def _spelled(rule: str) -> str:
    """The rule in capitals without its name and blanks. Raises RecurrenceError for parts we do not take."""
    text = "".join(rule.split()).upper().removeprefix("RRULE:").strip(";")
    if not text:
        return ""
    if len(text) > RULE_MOST or any("=" not in part for part in text.split(";")):
        raise RecurrenceError("rrule", "Write the repetition as an RRULE, such as FREQ=WEEKLY;BYDAY=SU.")
    names = [part.split("=", 1)[0] for part in text.split(";")]
    if len(set(names)) != len(names) or set(names) - PARTS:
        raise RecurrenceError("rrule", f"A repetition has, each once: {', '.join(sorted(PARTS))}.")
    parts = _parts(text)
    if parts.get("FREQ") not in FREQUENCIES:
        raise RecurrenceError("rrule", "FREQ is DAILY, WEEKLY, MONTHLY or YEARLY.")
    for name, most in (("INTERVAL", INTERVAL_MOST), ("COUNT", COUNT_MOST)):
        held = parts.get(name, "1")
        if not held.isascii() or not held.isdigit() or not 1 <= int(held) <= most:
            raise RecurrenceError("rrule", f"{name} is a number between 1 and {most}.")
    if "COUNT" in parts and "UNTIL" in parts:
        raise RecurrenceError("rrule", "Give COUNT or UNTIL, not both.")
    return text


def _check_happens(plan: Plan) -> None:
    """Refuse a rule that cannot be read, never happens, or begins again before it is over."""
    try:
        walls = list(islice(_walls(plan, plan.starts + FIRST_WITHIN), OVERLAP_LOOK))
    except (ValueError, TypeError, KeyError, IndexError, OverflowError):
        raise RecurrenceError("rrule", "This repetition cannot be read. FREQ=WEEKLY;BYDAY=SU is one.") from None
    if not walls:
        raise RecurrenceError("rrule", "By this rule the window never happens.")
    if any(following - one < plan.length for one, following in pairwise(walls)):
        raise RecurrenceError("length_s", "It would begin again before it is over. Make it shorter, or rarer.")


def _walls(plan: Plan, until: datetime) -> list[datetime]:
    """Wall times of the starts up to `until`. COUNT is cut by hand, so that a rule always has an end to look to."""
    if not plan.rule:
        return [plan.starts] if plan.starts <= until else []
    parts = _parts(plan.rule)
    count = int(parts.pop("COUNT", "0"))
    last = until
    if "UNTIL" in parts:
        last = min(until, _until(parts.pop("UNTIL"), ZoneInfo(plan.zone)))
    if last < plan.starts:
        return []
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    rule = rrulestr(f"{text};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=plan.starts)
    return list(islice(rule, count)) if count else list(rule)


def _until(text: str, zone: ZoneInfo) -> datetime:
    """The last wall time of a rule: a day counts whole, an instant in UTC is told in the zone."""
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d") + timedelta(days=1, seconds=-1)  # noqa: DTZ007
    if text.endswith("Z"):
        moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return moment.astimezone(zone).replace(tzinfo=None)
    return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007
