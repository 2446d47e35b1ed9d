"""System checks of what the ledger stands on; ids are stable and described in docs/ledger.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections, models

from ledger import append_only
from ledger.fields import PublicIdField

# columns of every history row (ledger.tracked.HistoryBase); a field of the same name would be written over them
HISTORY_COLUMNS = {"actor_kind", "actor_id", "actor_via", "actor_network", "request_id", "state", "state_sha256"}


def tracked_models() -> list[Any]:
    """Return every concrete configuration model. Told by their marks, since apps load before models."""
    return [m for m in apps.get_models() if hasattr(m, "untracked_fields") and hasattr(m, "history")]


def check_tracked_models(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """ledger.E001-E005: nothing may change a tracked row without writing its history."""
    found: list[CheckMessage] = []
    for model in tracked_models():
        name = model._meta.label
        if not any(isinstance(field, PublicIdField) for field in model._meta.concrete_fields):
            found.append(Error(f"{name} is tracked and has no public_id.", id="ledger.E001"))
        for field in model._meta.concrete_fields:
            # Django nulls or deletes through the base manager, which writes no history
            if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is not models.PROTECT:
                found.append(Error(f"{name}.{field.name} must be on_delete=PROTECT.", id="ledger.E002"))
            if field.attname in HISTORY_COLUMNS:
                found.append(Error(f"{name}.{field.name} has the name of a column of history.", id="ledger.E005"))
        if model._meta.local_many_to_many:
            found.append(Error(f"{name}: use a tracked model instead of a ManyToManyField.", id="ledger.E003"))
        unknown = [n for n in model.untracked_fields if not _has(model, n)]
        if unknown:
            found.append(Error(f"{name}.untracked_fields names no field: {', '.join(unknown)}.", id="ledger.E004"))
    return found


def check_triggers(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """ledger.W001: a table that must only grow is not guarded. A warning, because `migrate` is the remedy."""
    return [
        Warning(
            f"Nothing keeps rows of {table} from being changed: its triggers are missing.",
            hint="Run `manage.py migrate`, which installs them.",
            id="ledger.W001",
        )
        for alias in databases or []
        for table in append_only.missing(connections[alias])
    ]


def register_all() -> None:
    """Called once, when the app is ready."""
    register(check_tracked_models, Tags.models)
    register(check_triggers, Tags.database)


def _has(model: type[models.Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.get_fields())
