"""`manage.py web`: the web process of the embedded mode."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config import lifeline, web


class Command(BaseCommand):
    """Serves until SIGTERM or SIGINT."""

    help = "Serve the pages and the API on HOST:PORT. `python3 up.py` starts it for you."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve."""
        lifeline.hold()
        web.serve()
