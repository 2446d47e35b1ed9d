"""`manage.py demo`: fill an empty database with a year of a company that does not exist."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo import people
from config.demo.fill import NotEmpty, fill
from config.demo.sizes import SIZES
from config.management.commands.prepare import migrate
from ledger.clock import now
from ledger.demo import is_demo, is_filled


class Command(BaseCommand):
    """Exit 0 when the demo is there, filled now or before; 1 with one sentence when the database has something else."""

    help = "Fill an empty database with a made-up company and a year of its incidents; it is marked as a demo."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """How much, and which chance."""
        parser.add_argument("--size", choices=sorted(SIZES), default="default", help="how much of it")
        parser.add_argument("--seed", type=int, default=1, help="the same number tells the same story")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fill unless it was filled before, and say how to sign in."""
        migrate()
        if not is_demo():
            self.stdout.write("Filling the demo; this takes a minute or two.")
            began = time.monotonic()
            try:
                fill(options["size"], seed=options["seed"], clock=now, say=self._say)
            except NotEmpty as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"Filled in {time.monotonic() - began:.0f} s.")
        elif not is_filled():
            raise CommandError("The demo in this database was cut short. Delete its folder and start again.")
        self.stdout.write(f"Sign in to the demo as {people.ADMIN_EMAIL} with the password: {people.PASSWORD}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
