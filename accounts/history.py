"""An object's configuration history in words: who changed what, when, why."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import F

from accounts.models import User
from ledger.texts import read_many
from ledger.tracked import Tracked

SILENT = {"id", "public_id", "version", "retired_at", "secrets_fingerprint"}


@dataclass(frozen=True)
class FieldChange:
    """One field of one version; `before` is empty for the first version."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One version of an object: its author, the instant, what differed from the version before, and why.

    of: the part it belongs to, where one page shows the histories of several objects.
    """

    version: int
    at: datetime
    who: str
    via: str
    verb: str
    fields: list[FieldChange]
    reason: str
    of: str = ""


def changes_of(
    obj: Tracked, *, limit: int = 50, after_version: int = 0, labels: Mapping[str, Any] | None = None
) -> list[Change]:
    """The newest versions of a tracked object, newest first, later than `after_version`; three queries.

    labels: for a column (or `column.key` of a JSON one), a function from its raw value to words.
    """
    rows = list(obj.history.filter(version__gte=after_version).order_by("-version")[: limit + 1])
    people = names_of({row.actor_id for row in rows if row.actor_id})
    reasons = read_many({row.history_change_reason for row in rows if row.history_change_reason})
    older = [*rows[1:], None]
    return [
        _told(row, before, people, reasons, labels or {})
        for row, before in zip(rows, older, strict=True)
        if row.version > after_version
    ][:limit]


def changes_among(
    model: type[Tracked],
    of: Callable[[Any], str],
    *,
    limit: int = 50,
    labels: Mapping[str, Any] | None = None,
    begun: Callable[[Any], str] | None = None,
    **rows_of: Any,
) -> list[Change]:
    """The newest versions of many objects of one kind, newest first: those whose history rows are `rows_of` (a filter).

    of: what a row's object is called. begun: what a first version says, in words. Four queries, however many objects.
    """
    rows = list(model.history.filter(**rows_of).order_by("-history_date", "-history_id")[:limit])
    wanted = {(row.id, row.version - 1) for row in rows if row.version > 1}
    older = model.history.filter(id__in={one for one, _ in wanted}, version__in={version for _, version in wanted})
    before = {(row.id, row.version): row for row in older}
    people = names_of({row.actor_id for row in rows if row.actor_id})
    reasons = read_many({row.history_change_reason for row in rows if row.history_change_reason})
    found = [_told(row, before.get((row.id, row.version - 1)), people, reasons, labels or {}, of(row)) for row in rows]
    if begun is None:
        return found
    return [
        replace(one, fields=[FieldChange(one.verb, "", begun(row))]) if row.version == 1 else one
        for one, row in zip(found, rows, strict=True)
    ]


def naming(model: type[Tracked]) -> Callable[[Any], str]:
    """A label for a foreign key: from the number that history holds to the object's words, one query a new number."""
    known: dict[Any, str] = {None: "nothing"}

    def say(key: Any) -> str:
        if key not in known:
            known[key] = str(model.objects.filter(pk=key).first() or "something that is gone")
        return known[key]

    return say


def names_of(public_ids: set[str]) -> dict[str, str]:
    """Names of people by public id: history holds ids, a screen shows names."""
    return dict(User.objects.filter(public_id__in=public_ids).values_list("public_id", F("name")))


def _told(
    row: Any,
    before: Any,
    people: Mapping[str, str],
    reasons: Mapping[str, str],
    labels: Mapping[str, Any],
    of: str = "",
) -> Change:
    return Change(
        version=row.version,
        at=row.history_date,
        who=people.get(row.actor_id) or ("Watchbook" if row.actor_kind == "system" else row.actor_kind),
        via=row.actor_via,
        verb=_verb(row, before),
        fields=[] if before is None else list(_differences(before, row, labels)),
        reason=reasons.get(row.history_change_reason or "", ""),
        of=of,
    )


def _verb(row: Any, before: Any) -> str:
    if before is None:
        return "created" if row.version == 1 else "changed"
    return "retired" if row.retired_at and not before.retired_at else "changed"


def _differences(before: Any, after: Any, labels: Mapping[str, Any]) -> Iterator[FieldChange]:
    for field in after.tracked_fields:
        if field.name in SILENT:
            continue
        old, new = getattr(before, field.attname), getattr(after, field.attname)
        if isinstance(old, dict) and isinstance(new, dict):
            for key in sorted({*old, *new}):
                if old.get(key) != new.get(key):
                    yield _change(f"{field.name}.{key}", key, old.get(key), new.get(key), labels)
        elif old != new:
            yield _change(field.name, field.name, old, new, labels)


def _change(path: str, name: str, old: Any, new: Any, labels: Mapping[str, Any]) -> FieldChange:
    say = labels.get(path, _plain)
    return FieldChange(name.removesuffix("_s").replace("_", " "), say(old), say(new))


def _plain(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value) or "nothing"
    return str(value)
