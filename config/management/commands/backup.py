"""`manage.py backup --out FILE [--keys-out FOLDER]`: copy a running installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backup import BackupRefused, copy_database, copy_keys
from ledger.actors import Actor, acting_as
from ledger.clock import now


class Command(BaseCommand):
    """Exit 0 when the copies are whole and on the disk, 1 with one sentence when not."""

    help = "Copy the SQLite database while Watchbook runs, and the keys to a place of their own; see docs/backup.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """Both places must be new, so that no backup overwrites another."""
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the new file for the database")
        parser.add_argument("--keys-out", type=Path, metavar="FOLDER", help="a new folder for the keys; keep it apart")

    def handle(self, *args: Any, **options: Any) -> None:
        """Copy, and say what was copied and where its ledger ends."""
        try:
            with acting_as(Actor("command", via="manage.py backup")):
                keys = copy_keys(options["keys_out"]) if options["keys_out"] else []
                made = copy_database(options["out"], now=now())
        except BackupRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Copied {made.size:,} bytes to {options['out']}, SHA-256 {made.sha256}.")
        if keys:
            self.stdout.write(f"Copied {len(keys)} keys to {options['keys_out']}. Keep them apart from the database.")
        self.stdout.write(f"Its ledger ends at {made.line}:{made.head}. Note that down.")
