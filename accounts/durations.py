"""Durations as people write them: `90`, `90 s`, `5 min`, `1 h 30 min`, `2 d`. Standard library only."""

import re

SPELLINGS = {1: "s sec second", 60: "m min minute", 3600: "h hour", 86400: "d day"}
UNITS = {word: seconds for seconds, words in SPELLINGS.items() for word in words.split()}
SHOWN = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
PART = re.compile(r"(\d+)\s*([a-z]*)")


def parse_duration(text: str) -> int:
    """Seconds in `text`; a bare number is seconds. Raises ValueError when a part cannot be read."""
    cleaned = text.strip().lower().replace(",", " ")
    parts = PART.findall(cleaned)
    if not parts or PART.sub("", cleaned).strip():
        raise ValueError(f"not a duration: {text!r}")
    total = 0
    for number, unit in parts:
        name = unit.rstrip("s") if len(unit) > 1 else unit
        if name and name not in UNITS:
            raise ValueError(f"not a unit of time: {unit!r}")
        total += int(number) * UNITS.get(name, 1)
    return total


def spell_duration(seconds: int) -> str:
    """`90` as `90 s`, `300` as `5 min`, `5400` as `1 h 30 min`: exact, and read back by `parse_duration`."""
    if seconds < 120 and seconds % 60:
        return f"{seconds} s"
    rest, words = seconds, []
    for size, unit in SHOWN:
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count} {unit}")
    return " ".join(words) or "0 s"
