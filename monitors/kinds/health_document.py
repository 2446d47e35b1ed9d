"""What a health endpoint says of itself and its dependencies, in any of the usual shapes. Pure, standard library only.

Read are `{"status": …, "checks"|"dependencies"|"components"|…: {…}}`, application/health+json
(draft-inadarei: pass, warn, fail) and Spring's (UP, DOWN). docs/monitoring.md has the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
REASON_MAX = 80


@dataclass(frozen=True, slots=True)
class Dependency:
    """One dependency. grade: 0 good, 1 warning, 2 failing. said: the word it was given. why: what was added to it."""

    name: str
    grade: int
    said: str = ""
    why: str = ""

    def __str__(self) -> str:
        words = ": ".join(part for part in (self.said, self.why) if part)
        return f"{self.name} ({words})" if words else self.name


def judge_document(document: Any, required: Sequence[str], *, warn_fails: bool) -> str:
    """What is wrong, in one sentence; "" if all is well. Raises ValueError if the document says nothing of health."""
    if not isinstance(document, Mapping):
        raise ValueError("no object")
    found = list(_dependencies(document, "", DEEP))[:MANY]
    overall = _status(document)
    if overall is None and not found:
        raise ValueError("no status")
    worst = 1 if warn_fails else 2
    failing = [one for one in found if one.grade >= worst]
    if failing:
        more = f" and {len(failing) - NAMED} more" if len(failing) > NAMED else ""
        return f"Failing: {', '.join(map(str, failing[:NAMED]))}{more}."
    known = {one.name.casefold() for one in found} | {one.name.split("/")[-1].casefold() for one in found}
    missing = [name for name in required if name.casefold() not in known]
    if missing:
        return f"The answer does not speak of {', '.join(missing[:NAMED])}."
    if overall is not None and overall[0] >= worst:
        return f"It says of itself: {overall[1]}, and of no dependency that it fails."
    return ""


def _dependencies(node: Mapping[str, Any], above: str, deep: int) -> Iterator[Dependency]:
    for group in GROUPS:
        held = node.get(group)
        pairs = held.items() if isinstance(held, Mapping) else _listed(held)
        for name, value in pairs:
            if group == "details" and not isinstance(value, Mapping):
                continue  # Spring keeps the reasons of a component there too
            yield from _one(f"{above}{str(name)[:100]}", value, deep)


def _one(name: str, value: Any, deep: int) -> Iterator[Dependency]:
    """A dependency, its worst measurement if it has several, and those below it."""
    entries = [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else [value]
    graded = [(status, entry) for entry in entries if (status := _status(entry)) is not None]
    if graded:
        (grade, said), entry = max(graded, key=lambda pair: pair[0][0])
        yield Dependency(name, grade, "" if grade == 0 else said, "" if grade == 0 else _why(entry))
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
    word = node.strip()[:40]
    return (0 if word.lower() in GOOD else 1 if word.lower() in WARN else 2), word


def _why(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return ""
    details = entry.get("details")
    for held in (entry, details if isinstance(details, Mapping) else {}):
        for key in REASONS:
            if isinstance(held.get(key), str) and held[key].strip():
                text = " ".join(held[key].split())
                return f"{text[:REASON_MAX]}…" if len(text) > REASON_MAX else text
    return ""
