"""Compare configuration, its history and the ledger: all three must tell the same story."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

from ledger.checks import tracked_models
from ledger.models import Entry
from ledger.texts import text_hash
from ledger.tracked import plain

Version = tuple[str, int]  # public id, version
States = tuple[str, str]  # hash of the state before the change and after it


def history_faults() -> Iterator[str]:
    """Say every version whose history row, ledger entry or present row differs from the other two."""
    tables = set(connection.introspection.table_names())
    for model in tracked_models():
        if model._meta.db_table not in tables:
            continue
        try:
            yield from _faults_of(model)
        except (ValueError, TypeError, KeyError) as error:
            # Django's converters raise on a value that no longer is what its column holds
            yield f"{model._meta.verbose_name}: a stored value cannot be read ({error})"


def _faults_of(model: Any) -> Iterator[str]:
    recorded = _recorded(model._meta.model_name)
    newest: dict[Any, tuple[str, int, str]] = {}
    for row in model.history.order_by("history_id").iterator(chunk_size=1_000):
        name = f"{row.public_id} version {row.version}"
        before, after = recorded.pop((row.public_id, row.version), (None, None))
        previous = newest[row.id][2] if row.id in newest else ""
        newest[row.id] = (row.public_id, row.version, row.state)
        if text_hash(row.state) != row.state_sha256 or _columns_differ(row):
            yield f"the history of {name} was changed after it was written"
        elif after is None:
            yield f"the history of {name} has no line in the ledger"
        elif after != row.state_sha256:
            yield f"the history of {name} is not the one that the ledger recorded"
        elif before != (text_hash(previous) if previous else ""):
            yield f"{name} began from another state than its last version: it was changed around the record"
    yield from (f"the history of {public_id} version {version} is missing" for public_id, version in recorded)
    for obj in model._base_manager.defer(*model.untracked_fields).iterator(chunk_size=1_000):
        public_id, _, state = newest.pop(obj.pk, (obj.public_id, 0, ""))
        if obj.state_text() != state:
            yield f"{public_id} is not what its history says: it was changed around the record"
    yield from (f"{public_id} has a history and is gone" for public_id, _, _ in newest.values())


def _recorded(model_name: str) -> dict[Version, States]:
    """Hashes of the state before and after each change, as the chained lines say."""
    found = {}
    lines = Entry.objects.filter(kind__startswith=f"config.{model_name}.").values_list("line", flat=True)
    for line in lines.iterator(chunk_size=2_000):
        said = json.loads(line)
        public_id = said["subjects"][0].partition(":")[2]
        found[public_id, said["data"]["version"]] = (said["data"]["before"], said["data"]["after"])
    return found


def _columns_differ(row: Any) -> bool:
    """Whether a column no longer says what the recorded text says; columns of a later release are left out."""
    said = json.loads(row.state)
    fields = {field.attname: field for field in row.tracked_fields}
    return any(plain(fields[name], getattr(row, name)) != value for name, value in said.items() if name in fields)
