"""The words and shapes of states, severities, truths and verdicts, and the sprite that holds the shapes.

Every one of them is a word and a shape as well as a colour (WCAG 2.1, 1.4.1).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

STATES = {
    "up": "Up",
    "degraded": "Degraded",
    "down": "Down",
    "verifying": "Verifying",
    "maintenance": "Maintenance",
    "paused": "Paused",
    "unknown": "Unknown",
}
TRUTHS = ("accepted", "delivered", "answered", "confirmed", "failed", "none")


class Verdict(NamedTuple):
    """How a verdict is shown."""

    word: str
    symbol: str


VERDICTS = {
    "met": Verdict("Met", "m-met"),
    "missed": Verdict("Missed", "m-failed"),
    "unproven": Verdict("Not proven", "m-unknown"),
}
SPRITE_FILE = Path(__file__).parent / "templates" / "components" / "sprite.svg"
SYMBOL = re.compile(r'\s*<(symbol|pattern) id="([\w-]+)".*?</\1>', re.DOTALL)


@cache
def sprite(names: tuple[str, ...] = ()) -> str:
    """The hidden <svg> with the hatch and the named symbols, all of them without names.

    It stands in the page, not in a file of its own, because a pattern fill reaches no other document.
    A page that must stay small names what it uses. Raises KeyError for a name the sprite lacks.
    """
    whole = SPRITE_FILE.read_text(encoding="utf-8").replace(' xmlns="http://www.w3.org/2000/svg"', "")
    known = {found[2]: found[0] for found in SYMBOL.finditer(whole)}
    for name in names:
        known[name]
    for name, symbol in known.items():
        if names and name not in names:
            whole = whole.replace(symbol, "")
    return whole.strip()
