"""An object's configuration history in words: who changed what, when, why."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
        Change(
            version=row.version,
            at=row.history_date,
            who=people.get(row.actor_id) or ("Watchbook" if row.actor_kind == "system" else row.actor_kind),
            via=row.actor_via,
            verb=_verb(row, before),
            fields=[] if before is None else list(_differences(before, row, labels or {})),
            reason=reasons.get(row.history_change_reason or "", ""),
        )
        for row, before in zip(rows, older, strict=True)
        if row.version > after_version
    ][:limit]


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
