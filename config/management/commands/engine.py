"""`manage.py engine`: the engine process of the embedded mode."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from config import engine, lifeline
from config.celery import app


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT."""

    help = "Run the engine of the embedded mode: checks, escalation, paging. `python3 up.py` starts it for you."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the engine and leave with its exit code."""
        # Celery would run Django's checks, which import every page: `prepare` and `doctor` do that
        os.environ["CELERY_SKIP_CHECKS"] = "1"
        stop = threading.Event()

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        lifeline.hold()
        code = engine.run(app, stop)
        sys.stdout.flush()
        sys.stderr.flush()
        # a thread of the pool may still be inside a call to a provider; its row is leased, so it is not waited for
        os._exit(code)
