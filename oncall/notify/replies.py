"""What a person meant by an SMS reply. Pure: standard library only; the grammar is told in docs/paging.md.

A reply that could mean two things means nothing: the sender answers with help rather than act on the wrong incident.
STOP and its sisters are the carrier's own words, so none of them, and not "yes", is ever a command of ours.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

ACK, RESOLVE, STOP, START, HELP = "ack", "resolve", "stop", "start", "help"

_WORDS: dict[str, str] = {
    **dict.fromkeys(("4", "a", "ack", "acknowledge", "acknowledged"), ACK),
    **dict.fromkeys(("6", "r", "c", "resolve", "resolved", "close", "closed"), RESOLVE),
}
_WHOLE: dict[str, str] = {
    **dict.fromkeys(("stop", "stopall", "unsubscribe", "cancel", "end", "quit"), STOP),
    **dict.fromkeys(("start", "yes", "unstop"), START),
    **dict.fromkeys(("help", "info", "?"), HELP),
}
_GLUED = re.compile(r"(\d+)([a-z]+)|([a-z]+)(\d+)")
_CODE = re.compile(r"[1-9]\d{0,4}")
_MAX_LENGTH = 1600


@dataclass(frozen=True)
class Reply:
    """A verb (`ack`, `resolve`, `stop`, `start`, `help`) and the short code it names, None for the latest page."""

    verb: str
    code: int | None = None


def parse_sms(body: str) -> Reply | None:
    """Return what the reply asks for, or None when it is not clear.

    Understood, in any case and with blanks and punctuation around: a verb (`4`, `ack`, `6`, `resolve`), or a verb and a
    short code in either order, apart or together (`12 ack`, `ack 12`, `12a`, `4 12`). Digits glued to a digit verb
    (`412`) and pairs such as `4 6`, where either number could be the verb, are not.
    """
    words = _words(body)
    if len(words) == 1 and words[0] in _WHOLE:
        return Reply(_WHOLE[words[0]])
    if len(words) == 1 and words[0] in _WORDS:
        return Reply(_WORDS[words[0]])
    if len(words) == 1:
        glued = _GLUED.fullmatch(words[0])
        words = [part for part in glued.groups() if part] if glued else []
    return _pair(words[0], words[1]) if len(words) == 2 else None


def _words(body: str) -> list[str]:
    """Return the words of the first line that has any: below it a phone may put a signature."""
    text = unicodedata.normalize("NFKC", body[:_MAX_LENGTH])
    for line in text.splitlines():
        words = [word.strip(".,;:!\"'()[]#*=-").lower() for word in line.split()]
        words = [word for word in words if word]
        if words:
            return words
    return []


def _pair(first: str, second: str) -> Reply | None:
    """Read two words as verb and code; None unless exactly one reading holds."""
    readings = {
        Reply(_WORDS[verb], int(code))
        for verb, code in ((first, second), (second, first))
        if verb in _WORDS and _CODE.fullmatch(code) and code.isascii()
    }
    return readings.pop() if len(readings) == 1 else None
