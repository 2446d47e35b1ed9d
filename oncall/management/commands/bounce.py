"""`manage.py bounce`: what a mail server's pipe hands a letter to that came back."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError

from ledger.actors import Actor, acting_as
from ledger.clock import now
from oncall.notify.bounces import MAX_REPORT, BadReport, receive

# Exit codes that mail servers understand (sysexits.h): bad data is refused for good, a full house is tried again.
DATA_ERROR, TRY_AGAIN = 65, 75


class Command(BaseCommand):
    """Reads one message on standard input; the address it came to is told by --to or found in its headers."""

    help = "Take in a letter that came back: reads one message (RFC 3464 or any other) on standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        """The address, as the mail server knows it."""
        parser.add_argument("--to", default="", metavar="ADDRESS", help="the address that the message came to")

    def handle(self, *args: Any, **options: Any) -> None:
        """Store the report; the engine takes it into account within a second."""
        raw = sys.stdin.buffer.read(MAX_REPORT + 1)
        try:
            with acting_as(Actor("command", via="manage.py bounce")):
                row, page = receive(raw, options["to"], now=now())
        except BadReport as error:
            raise CommandError(str(error), returncode=DATA_ERROR) from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError("The database does not answer. Nothing was stored.", returncode=TRY_AGAIN) from error
        self.stdout.write(f"{page.public_id} to {page.to_mask}: {row.status} {row.error_code}".rstrip())
