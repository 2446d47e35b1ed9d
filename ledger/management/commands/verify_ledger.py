"""`manage.py verify_ledger`: recompute the chain and compare."""

from __future__ import annotations

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from ledger.link import link_entries
from ledger.verify import Verification, verify

NOTE = re.compile(r"^(\d+):([0-9a-f]{64})$")


class Command(BaseCommand):
    """Exit 0 when the ledger holds, 1 with the first faults in words when it does not."""

    help = "Recompute every hash and every seal of the ledger and report the first that do not match."

    def add_arguments(self, parser: CommandParser) -> None:
        """A head noted earlier, on paper or in a seal, shows what this database cannot know by itself."""
        parser.add_argument(
            "--noted",
            action="append",
            default=[],
            metavar="LINE:HASH",
            help="a line number and hash written down earlier; may be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Chain what is committed, then verify."""
        noted = [self._read_note(text) for text in options["noted"]]
        try:
            while link_entries():
                pass
            result: Verification = verify(remembered=noted)
        except DatabaseError as error:
            raise CommandError(f"The ledger does not hold.\n  the database cannot be read: {error}") from error
        if not result.holds:
            raise CommandError("The ledger does not hold.\n" + "\n".join(f"  {fault}" for fault in result.faults))
        chain = f"{result.linked} lines, head {result.linked}:{result.head}"
        self.stdout.write(f"The ledger holds: {chain}, daily seals {result.seals}.")

    def _read_note(self, text: str) -> tuple[int, str]:
        match = NOTE.match(text.strip().lower())
        if not match:
            raise CommandError(f"{text!r} is not LINE:HASH, such as 42:9f86d0…, as a verification prints it.")
        return int(match[1]), match[2]
