"""App registration: monitors."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from monitors import tiling


def install_triggers(using: str, **kwargs: Any) -> None:
    """Put back the triggers that keep intervals apart."""
    tiling.install(connections[using])


class MonitorsConfig(AppConfig):
    """Systems, services, monitors, rules, probes, the check engine, intervals."""

    name = "monitors"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Install the triggers after every migration."""
        post_migrate.connect(install_triggers, sender=self, dispatch_uid="monitors.install_triggers")
