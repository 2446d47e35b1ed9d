"""`manage.py verify_digests`: recompute the hourly digests from the rows, and compare them with their lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evidence.services.digests import compare
from ledger.clock import now
from ledger.hours import hour_at


class Command(BaseCommand):
    """Exit 0 when every hour's rows are what its line says, 1 with the first differences in words."""

    help = "Recompute the hourly digests of checks and callbacks, and report what differs from the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        """All hours unless a number of days is given."""
        parser.add_argument("--days", type=int, default=0, help="only hours of the last so many days")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, and say how much could be."""
        instant: datetime = now().astimezone(UTC)
        first = hour_at(instant - timedelta(days=options["days"])) if options["days"] > 0 else None
        result = compare(first=first)
        if result.faults:
            raise CommandError("The digests do not hold.\n" + "\n".join(f"  {fault}" for fault in result.faults))
        gone = f", {result.gone} figures of purged rows left out" if result.gone else ""
        self.stdout.write(f"The digests hold: {result.hours} hours compared{gone}.")
