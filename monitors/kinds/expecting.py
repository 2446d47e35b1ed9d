"""What a value of an answer is expected to be: operators, and how rules are written. Pure, standard library only."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from monitors.kinds.text import TargetError, read_text, short

OPERATORS = {
    "exists": "is there",
    "absent": "is not there",
    "equals": "equals",
    "differs": "differs from",
    "contains": "contains",
    "matches": "matches",
    "less": "is less than",
    "more": "is more than",
}
ALONE = frozenset({"exists", "absent"})
ORDERED = frozenset({"less", "more"})
VALUE_MAX = 500
PATH_MAX = 200
HEADER_RULE = re.compile(r"^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})\s+(\w+)(?:\s+(.+))?$")

# The part of JSONPath (RFC 9535) whose cost grows with the answer and not with its square: at most one `..`
# and one filter, no unions. Checks of others must not wait for somebody's path.
_NAME = r"[^\W\d]\w*"
_QUOTED = r"""(?:'[^'\\\x00-\x1f]{1,100}'|"[^"\\\x00-\x1f]{1,100}")"""
_STEP = rf"(?:\.(?:{_NAME}|\*)|\[(?:{_QUOTED}|-?\d{{1,6}}|\*)\])"
_BELOW = rf"\.\.(?:{_NAME}|\[{_QUOTED}\])"
_HERE = rf"@(?:\.{_NAME}|\[(?:{_QUOTED}|-?\d{{1,6}})\])*"
_LITERAL = rf"(?:{_QUOTED}|-?\d{{1,15}}(?:\.\d{{1,15}})?|true|false|null)"
_FILTER = rf"\[\?\s?\(?{_HERE}(?:\s?(?:==|!=|<=|>=|<|>)\s?{_LITERAL})?\)?\]"
PATH = re.compile(rf"^\${_STEP}*(?:{_BELOW}{_STEP}*)?(?:{_FILTER}{_STEP}*)?$")


@dataclass(frozen=True, slots=True)
class Rule:
    """One expectation. subject: a path or the name of a header. value: as it was written, "" if none is needed."""

    subject: str
    operator: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.subject} {OPERATORS[self.operator]}{f' {self.value}' if self.value else ''}"


def read_rule(field: str, subject: str, operator: str, value: str) -> Rule:
    """A rule whose operator is known and has the value that it needs. Raises TargetError."""
    if operator not in OPERATORS:
        raise TargetError(field, f"Choose one of {', '.join(OPERATORS)}. You wrote {short(operator)}.")
    if operator in ALONE and value:
        raise TargetError(field, f"“{operator}” takes no value.")
    if operator not in ALONE and not value:
        raise TargetError(field, f"“{operator}” needs a value to compare with.")
    if operator in ORDERED and _number(value) is None:
        raise TargetError(field, f"“{operator}” compares numbers. You wrote {short(value)}.")
    return Rule(subject, operator, read_text(field, value, VALUE_MAX))


def read_path(given: str) -> str:
    """A JSON path that can be followed in one pass. Raises TargetError of `json_path`."""
    path = given.strip()
    if len(path) > PATH_MAX or not PATH.match(path):
        sentence = f"Write a JSON path such as $.status or $.checks[*].state. You wrote {short(given)}."
        raise TargetError("json_path", f"{sentence} At most one “..” and one filter, and no lists of names.")
    return path


def read_header_rule(line: str) -> Rule:
    """`Content-Type contains json`. Raises TargetError of `header_rules`."""
    match = HEADER_RULE.match(line.strip())
    if not match:
        sentence = f"Write a header, a word and a value, as in Content-Type contains json. You wrote {short(line)}."
        raise TargetError("header_rules", sentence)
    return read_rule("header_rules", match[1], match[2], (match[3] or "").strip())


def holds(rule: Rule, found: Sequence[Any], matches: Callable[[str, str], bool]) -> bool:
    """Whether every value that was found is as the rule says; without any, only `absent` holds.

    matches(expression, text): asked for regular expressions.
    """
    if rule.operator in ALONE:
        return bool(found) == (rule.operator == "exists")
    return bool(found) and all(_is(rule, value, matches) for value in found)


def shown(value: Any) -> str:
    """A value of an answer as a sentence quotes it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = "".join(c if c.isprintable() else "·" for c in text[:81])
    return f"“{text[:80]}…”" if len(text) > 80 else f"“{text}”"


def _is(rule: Rule, value: Any, matches: Callable[[str, str], bool]) -> bool:
    wanted, text = rule.value, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    match rule.operator:
        case "equals" | "differs":
            return _same(value, text, wanted) == (rule.operator == "equals")
        case "contains":
            return any(_same(item, str(item), wanted) for item in value) if isinstance(value, list) else wanted in text
        case "matches":
            return matches(wanted, text)
    number, limit = _number(value), _number(wanted)
    return number is not None and limit is not None and (number < limit if rule.operator == "less" else number > limit)


def _same(value: Any, text: str, wanted: str) -> bool:
    """Numbers by value, all else as text: 1.0 is 1, and true is not 1."""
    numbers = (_number(value), _number(wanted)) if not isinstance(value, str) else (None, None)
    return text == wanted or (None not in numbers and numbers[0] == numbers[1])


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
