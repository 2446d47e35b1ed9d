"""App registration: ledger."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate

from ledger import append_only, checks


def lift_triggers(using: str, plan: list[Any] | None = None, **kwargs: Any) -> None:
    """Before migrations on SQLite, drop the triggers: a column that a trigger names cannot be dropped there.

    Should a migration fail, the next `migrate` (every start runs one) puts them back; until then
    `manage.py doctor` and the check ledger.W001 say so.
    """
    if plan and connections[using].vendor == "sqlite":
        append_only.remove(connections[using])


def install_triggers(using: str, **kwargs: Any) -> None:
    """After migrations, make sure that what must only grow is guarded by the database."""
    append_only.install(connections[using])


class LedgerConfig(AppConfig):
    """Append-only chained record, tracked-model base, seals."""

    name = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Install the triggers once after every migrate, not once for each app."""
        pre_migrate.connect(lift_triggers, sender=self, dispatch_uid="ledger.lift_triggers")
        post_migrate.connect(install_triggers, sender=self, dispatch_uid="ledger.install_triggers")
        checks.register_all()
