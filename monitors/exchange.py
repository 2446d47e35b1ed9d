"""Monitors as one YAML document: how it is written, and how one is read. No database.

The format is in docs/monitoring.md, "As a file". A document from outside is read without running anything in it: plain
values only, no aliases (a few lines of them can stand for gigabytes), no deep nesting, a limit of bytes and of entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from monitors.tags import TagError, read_tags

FORMAT = 1
BYTES_MAX = 300_000
ENTRIES_MAX = 1_000
DEPTH_MAX = 12
TOP = ("watchbook", "monitors")
KEYS = ("service", "name", "kind", "team", "tags", "interval_s", "timeout_s", "rule", "target")
RULE = ("severity", "urgency", "confirmation_s", "recovery_s")


class DocumentError(ValueError):
    """The document cannot be used; the sentence says where and why. Nothing was read from it."""


@dataclass(frozen=True)
class Entry:
    """One monitor of a document. Only what it says is in `numbers` and `target`; team and tags are None where not said."""

    service: str
    name: str
    kind: str
    team: str | None = None
    numbers: Mapping[str, Any] = field(default_factory=dict)
    target: Mapping[str, Any] = field(default_factory=dict)
    tags: list[str] | None = None


def write(entries: Iterable[Entry]) -> str:
    """The document of some monitors; the same monitors give the same text."""
    monitors = [_plain(entry) for entry in entries]
    return yaml.safe_dump(
        {"watchbook": FORMAT, "monitors": monitors},
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=120,
    )


def read(text: str) -> list[Entry]:
    """The monitors of a document, in its order. Raises DocumentError."""
    if len(text.encode("utf-8", "replace")) > BYTES_MAX:
        raise DocumentError(f"The document may have {BYTES_MAX:,} bytes, and this one has more.")
    document = _load(text)
    if not isinstance(document, dict) or document.get("watchbook") != FORMAT:
        raise DocumentError(f"The document must begin with `watchbook: {FORMAT}` and have a list `monitors`.")
    _known(document, TOP, "The document")
    monitors = document.get("monitors") or []
    if not isinstance(monitors, list) or len(monitors) > ENTRIES_MAX:
        raise DocumentError(f"`monitors` is a list of at most {ENTRIES_MAX:,} entries.")
    entries = [_entry(number, one) for number, one in enumerate(monitors, start=1)]
    seen: set[tuple[str, str]] = set()
    for number, entry in enumerate(entries, start=1):
        key = (entry.service.casefold(), entry.name.casefold())
        if key in seen:
            raise DocumentError(f"Entry {number}: {entry.service} / {entry.name} is in the document twice.")
        seen.add(key)
    return entries


def _plain(entry: Entry) -> dict[str, Any]:
    said: dict[str, Any] = {"service": entry.service, "name": entry.name, "kind": entry.kind}
    if entry.team:
        said["team"] = entry.team
    if entry.tags:
        said["tags"] = list(entry.tags)
    said |= {name: entry.numbers[name] for name in ("interval_s", "timeout_s") if name in entry.numbers}
    rule = {name: entry.numbers[name] for name in RULE if name in entry.numbers}
    if rule:
        said["rule"] = rule
    said["target"] = dict(entry.target)
    return said


def _load(text: str) -> Any:
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise DocumentError(f"{_line(event.start_mark)}write it out; a document has no aliases.")
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > DEPTH_MAX:
                raise DocumentError(f"{_line(event.start_mark)}it is nested deeper than any monitor.")
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        why = getattr(error, "problem", None) or "it is no YAML"
        raise DocumentError(f"{_line(getattr(error, 'problem_mark', None))}{why}.") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError("It holds a value that is none, such as a day that does not exist.") from None


def _line(mark: Any) -> str:
    """`Line 7: `, or nothing where the place is not known."""
    return f"Line {mark.line + 1}: " if mark else ""


def _entry(number: int, given: Any) -> Entry:
    where = f"Entry {number}"
    if not isinstance(given, dict):
        raise DocumentError(f"{where}: a monitor is a set of names and values.")
    _known(given, KEYS, where)
    service, name = _text(given, "service", where), _text(given, "name", where)
    where = f"{where}, {service} / {name}"
    rule, target = given.get("rule") or {}, given.get("target") or {}
    if not isinstance(rule, dict) or not isinstance(target, dict):
        raise DocumentError(f"{where}: `rule` and `target` are sets of names and values.")
    _known(rule, RULE, where)
    if not all(isinstance(key, str) for key in target):
        raise DocumentError(f"{where}: the names in `target` are texts.")
    numbers = {key: given[key] for key in ("interval_s", "timeout_s") if given.get(key) is not None}
    return Entry(
        service=service,
        name=name,
        kind=_text(given, "kind", where),
        team=_text(given, "team", where) if given.get("team") is not None else None,
        tags=_tags(given.get("tags"), where),
        numbers={**numbers, **{key: value for key, value in rule.items() if value is not None}},
        target=target,
    )


def _tags(given: Any, where: str) -> list[str] | None:
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise DocumentError(f"{where}: `tags` is a list of words.")
    try:
        return read_tags(given)
    except TagError as error:
        raise DocumentError(f"{where}: {error}") from None


def _text(given: Mapping[str, Any], key: str, where: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DocumentError(f"{where}: `{key}` is missing, or is no text.")
    return value.strip()


def _known(given: Mapping[Any, Any], names: tuple[str, ...], where: str) -> None:
    unknown = [str(key)[:40] for key in given if key not in names]
    if unknown:
        raise DocumentError(f"{where}: {', '.join(unknown)} is not known; there are {', '.join(names)}.")
