"""App registration: ledger."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from ledger import append_only


def install_triggers(using: str, **kwargs: Any) -> None:
    """After migrations, make sure that what must only grow is guarded by the database."""
    append_only.install(connections[using])


class LedgerConfig(AppConfig):
    """Append-only chained record, tracked-model base, seals."""

    name = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Install the triggers after every migrate."""
        post_migrate.connect(install_triggers, dispatch_uid="ledger.install_triggers")
