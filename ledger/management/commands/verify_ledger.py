"""`manage.py verify_ledger`: recompute the chain and compare."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.link import link_entries
from ledger.verify import verify


class Command(BaseCommand):
    """Exit 0 when the ledger holds, 1 with the first faults in words when it does not."""

    help = "Recompute every hash of the ledger and report the first line that does not match."

    def handle(self, *args: Any, **options: Any) -> None:
        """Chain what is committed, then verify."""
        while link_entries():
            pass
        result = verify()
        if not result.holds:
            raise CommandError("The ledger does not hold.\n" + "\n".join(f"  {fault}" for fault in result.faults))
        self.stdout.write(f"The ledger holds: {result.linked} lines, head {result.head}.")
