"""Whether an answer over HTTP is a good one: its headers, its words, its JSON, its health. Knows no network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jsonpath
import re2

from monitors.kinds.expecting import Rule, holds, shown
from monitors.kinds.health_document import Dependency, judge_document, read_document
from monitors.kinds.text import TargetError
from monitors.probes.trace import HttpCheck

MATCH_MEMORY = 1 << 20  # bytes an expression may take; RE2 refuses one that would need more
FOUND_MOST = 1000  # values a path may lead to

Verdict = tuple[str, str]  # code and sentence; two empty ones for a good answer
GOOD: Verdict = ("", "")
Told = tuple[Dependency, ...] | None  # what a health document says of each dependency; None of any other answer


class _Paths(jsonpath.JSONPathEnvironment):
    """RFC 9535 without functions: `match` and `search` would run expressions without a bound."""

    def setup_function_extensions(self) -> None:
        """None of them."""


PATHS = _Paths(strict=True)


@lru_cache(maxsize=4096)
def expression(pattern: str) -> Any:
    """A compiled RE2 expression, whose time is linear in the text. Raises TargetError of `regex`."""
    options = re2.Options()
    options.max_mem, options.log_errors = MATCH_MEMORY, False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        why = error.args[0] if error.args else ""
        why = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
        raise TargetError("regex", f"This is no expression of RE2: {why[:100]}.") from None


@lru_cache(maxsize=4096)
def path(text: str) -> Any:
    """A compiled JSON path. Raises TargetError of `json_path`."""
    try:
        return PATHS.compile(text)
    except jsonpath.JSONPathError as error:
        raise TargetError("json_path", f"This is no JSON path: {str(error).splitlines()[0][:100]}.") from None


def judge_headers(check: HttpCheck, headers: Sequence[tuple[str, str]]) -> Verdict:
    """Look at the headers of an answer, names in lower case."""
    for rule in check.header_rules:
        found = [value for name, value in headers if name == rule.subject.lower()]
        if not holds(rule, found, _matches):
            return "header", f"Header {_unlike(rule, found)}."
    return GOOD


def judge_body(check: HttpCheck, body: bytes, *, truncated: bool) -> tuple[Verdict, Told]:
    """Look at the body of an answer. truncated: there was more of it than was read."""
    within = f" in its first {_size(check.body_cap)}" if truncated else ""
    if check.keyword and (check.keyword in body) != check.keyword_present:
        verb = "does not contain" if check.keyword_present else "contains"
        return ("keyword", f"The answer {verb} “{check.keyword.decode()[:80]}”{within}."), None
    text = body.decode("utf-8", "replace") if check.regex or check.json or check.health else ""
    if check.regex and bool(expression(check.regex).search(text)) != check.regex_present:
        verb = "does not match" if check.regex_present else "matches"
        return ("regex", f"The answer {verb} “{check.regex[:80]}”{within}."), None
    if check.json is None and not check.health:
        return GOOD, None
    if truncated:
        return ("json", f"The answer is longer than {_size(check.body_cap)}, so its JSON cannot be read."), None
    try:
        document = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        begins = f"The answer is not JSON: it begins with {shown(text[:60])}."
        return ("json", begins if text else "The answer is empty."), None
    return (_judge_json(check.json, document), None) if check.json else _judge_health(check, document)


def _judge_json(rule: Rule, document: Any) -> Verdict:
    try:
        found = [match.obj for match, _ in zip(path(rule.subject).finditer(document), range(FOUND_MOST), strict=False)]
    except (jsonpath.JSONPathError, RecursionError):
        return "json", "The answer is nested too deeply to be looked at."
    return GOOD if holds(rule, found, _matches) else ("json", f"{_unlike(rule, found)}.")


def _judge_health(check: HttpCheck, document: Any) -> tuple[Verdict, Told]:
    try:
        read = read_document(document)
    except ValueError:
        return ("health", "The answer is JSON and says nothing of health."), None
    wrong = judge_document(read, check.required, warn_fails=check.warn_fails)
    return ("health", wrong) if wrong else GOOD, read.dependencies


def _unlike(rule: Rule, found: Sequence[Any]) -> str:
    """`$.status is “down”, and not what was expected: $.status equals ok`."""
    wrong = next((value for value in found if not holds(rule, [value], _matches)), None)
    seen = "is not there" if not found else f"is {shown(wrong)}"
    return f"{rule.subject[:60]} {seen}; expected: {str(rule)[:120]}"


def _matches(pattern: str, text: str) -> bool:
    return expression(pattern).search(text) is not None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _size(cap: int) -> str:
    return "megabyte" if cap == 1 << 20 else f"{cap:,} bytes"
