"""`manage.py redact_text SHA --reason`: take a free text out of screens, reports and packs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.actors import Actor, acting_as
from ledger.clock import now
from ledger.redaction import redact


class Command(BaseCommand):
    """Exit 0 when the text is gone, 1 with one sentence when there was nothing to take away."""

    help = "Remove the words of a free text; its hash and the ledger stay, so the record still verifies."

    def add_arguments(self, parser: CommandParser) -> None:
        """The hash stands in history, in the ledger and on the screen beside the text."""
        parser.add_argument("sha256", help="hash of the text, 64 hex digits")
        parser.add_argument("--reason", required=True, help="why it must go; recorded")

    def handle(self, *args: Any, **options: Any) -> None:
        """Redact; who sat at the shell is not known, and the entry says so."""
        try:
            with acting_as(Actor("command", via="manage.py redact_text")):
                redact(options["sha256"].strip().lower(), reason=options["reason"], now=now())
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("The text is gone; its hash stays in the ledger, with the reason.")
