"""What a health endpoint says of itself and its dependencies, in any of the usual shapes. Pure, standard library only.

Whoever runs the endpoint chooses names, words and reasons, so each is cut, made one printable line, and what looks like
a credential in it is blotted out before anything of it is kept or shown.

Read are `{"status": …, "checks"|"dependencies"|"components"|…: {…}}`, application/health+json
(draft-inadarei: pass, warn, fail) and Spring's (UP, DOWN). docs/monitoring.md has the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

GOOD = frozenset({
    "ok", "okay", "pass", "passed", "passing", "up", "healthy", "green", "online", "available", "alive", "ready", "success",
    "true", "operational", "connected",
})  # fmt: skip
WARN = frozenset({"warn", "warning", "degraded", "yellow", "unknown"})
STATUS = ("status", "state", "health", "healthy", "ok")
GROUPS = ("checks", "dependencies", "components", "services", "entries", "results", "details", "subsystems")
REASONS = ("output", "error", "message", "description", "reason", "detail")
DEEP, MANY = 4, 200
NAMED = 5  # failing dependencies that a sentence names
NAME_MAX, WORD_MAX, REASON_MAX = 160, 40, 80
BLOT = "…"
# Connection strings, pairs of name and secret, bearer tokens, mail addresses, and long runs of letters and digits that no person reads.
_SECRETS = (
    (re.compile(r"(\w{1,20}://)[^\s/@]{1,300}@"), rf"\1{BLOT}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {BLOT}"),
    (
        re.compile(r"(?i)(passw(?:or)?d|pwd|secret|token|api[_-]?key|signature)([\"']?\s*[=:]\s*)[^\s&,;]+"),
        rf"\1\2{BLOT}",
    ),
    (re.compile(r"[\w.+-]{1,64}@(?=[\w-]{1,63}\.)"), f"{BLOT}@"),
    (re.compile(r"(?<![A-Za-z0-9+=])(?=[A-Za-z+=]{0,200}\d)[A-Za-z0-9+=]{32,}"), BLOT),
)
_LOOKS_SECRET = re.compile(r"[@=:]|[A-Za-z0-9+=]{32}|(?i:bearer|basic)\s")
_LINE_MAX = 400  # of what is looked at for credentials


@dataclass(frozen=True, slots=True)
class Dependency:
    """One dependency. grade: 0 good, 1 warning, 2 failing. said: the word it was given. why: what was added to a bad one."""

    name: str
    grade: int
    said: str = ""
    why: str = ""

    def __str__(self) -> str:
        words = ": ".join(part for part in (self.said, self.why) if part)
        return f"{self.name} ({words})" if words else self.name


@dataclass(frozen=True, slots=True)
class Document:
    """What a document came to: its own grade and word, None if it says nothing of itself, and each dependency once."""

    overall: tuple[int, str] | None
    dependencies: tuple[Dependency, ...]


def read_document(document: Any) -> Document:
    """Read a document. A name told twice is one dependency, the worst of both. Raises ValueError if it says nothing of health."""
    if not isinstance(document, Mapping):
        raise ValueError("no object")
    found = _once(islice(_dependencies(document, "", DEEP), MANY))
    overall = _status(document)
    if overall is None and not found:
        raise ValueError("no status")
    return Document(overall, found)


def judge_document(read: Document, required: Sequence[str], *, warn_fails: bool) -> str:
    """What is wrong, in one sentence; "" if all is well."""
    worst = 1 if warn_fails else 2
    failing = [one for one in read.dependencies if one.grade >= worst]
    if failing:
        more = f" and {len(failing) - NAMED} more" if len(failing) > NAMED else ""
        return f"Failing: {', '.join(map(str, failing[:NAMED]))}{more}."
    names = [one.name.casefold() for one in read.dependencies]
    known = {*names, *(name.split("/")[-1] for name in names)}
    missing = [name for name in required if name.casefold() not in known]
    if missing:
        return f"The answer does not speak of {', '.join(missing[:NAMED])}."
    if read.overall is not None and read.overall[0] >= worst:
        return f"It says of itself: {read.overall[1]}, and of no dependency that it fails."
    return ""


def read_again(told: Sequence[Dependency]) -> tuple[Dependency, ...]:
    """What another machine says it read, held to the same bounds. Raises ValueError for a grade that does not exist."""
    if not all(0 <= one.grade <= 2 for one in told):
        raise ValueError("no grade")
    return _once(
        Dependency(one_line(one.name, NAME_MAX), one.grade, one_line(one.said, WORD_MAX), one_line(one.why, REASON_MAX))
        for one in told[:MANY]
    )


def one_line(text: str, most: int) -> str:
    """A foreign text as one printable line of at most `most` characters, without what looks like a credential."""
    line = " ".join(text[: _LINE_MAX * 2].split())[:_LINE_MAX]
    if not line.isprintable():
        line = "".join(letter for letter in line if letter.isprintable())
    if _LOOKS_SECRET.search(line):
        for pattern, instead in _SECRETS:
            line = pattern.sub(instead, line)
    return f"{line[: most - 1].rstrip()}…" if len(line) > most else line


def _once(told: Iterable[Dependency]) -> tuple[Dependency, ...]:
    found: dict[str, Dependency] = {}
    for one in told:
        known = found.get(one.name)
        if known is None or one.grade > known.grade:
            found[one.name] = one
    return tuple(found.values())


def _dependencies(node: Mapping[str, Any], above: str, deep: int) -> Iterator[Dependency]:
    for group in GROUPS:
        held = node.get(group)
        pairs = held.items() if isinstance(held, Mapping) else _listed(held)
        for name, value in pairs:
            if group == "details" and not isinstance(value, Mapping):
                continue  # Spring keeps the reasons of a component there too
            yield from _one(f"{above}{one_line(str(name), 100) or '?'}", value, deep)


def _one(name: str, value: Any, deep: int) -> Iterator[Dependency]:
    """A dependency, its worst measurement if it has several, and those below it."""
    entries = [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else [value]
    graded = [(status, entry) for entry in entries if (status := _status(entry)) is not None]
    if graded:
        (grade, said), entry = max(graded, key=lambda pair: pair[0][0])
        yield Dependency(one_line(name, NAME_MAX), grade, said, _why(entry) if grade else "")
    for entry in entries:
        if isinstance(entry, Mapping) and deep > 1:
            yield from _dependencies(entry, f"{name}/", deep - 1)


def _listed(held: Any) -> list[tuple[Any, Any]]:
    """`[{"name": "db", "status": "ok"}]` as pairs."""
    if not isinstance(held, list):
        return []
    return [
        (one.get("name") or one.get("id"), one)
        for one in held
        if isinstance(one, Mapping) and (one.get("name") or one.get("id"))
    ]


def _status(node: Any) -> tuple[int, str] | None:
    """Grade and word of a status, of an object with one, or None when nothing is said."""
    if isinstance(node, Mapping):
        said = next((node[key] for key in STATUS if key in node and not isinstance(node[key], list)), None)
        return _status(said) if said is not None else None
    if isinstance(node, bool):
        return (0, "true") if node else (2, "false")
    if not isinstance(node, str) or not node.strip():
        return None
    word = one_line(node, WORD_MAX) or "?"
    return (0 if word.lower() in GOOD else 1 if word.lower() in WARN else 2), word


def _why(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return ""
    details = entry.get("details")
    for held in (entry, details if isinstance(details, Mapping) else {}):
        for key in REASONS:
            if isinstance(held.get(key), str) and held[key].strip():
                return one_line(held[key], REASON_MAX)
    return ""
