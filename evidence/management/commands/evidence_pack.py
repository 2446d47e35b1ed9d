"""`manage.py evidence_pack --incident INC-2026-0042 --out DIR`: everything about one incident, to be checked by outsiders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evidence.services.packs import OutputRefused, make_incident_pack
from incidents.models import Incident
from ledger.actors import Actor, acting_as
from ledger.clock import now


class Command(BaseCommand):
    """Exit 0 and the folder's name, or 1 with one sentence; then nothing is left behind."""

    help = "Write the evidence of one incident, signed, into a new folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which incident, and where to."""
        parser.add_argument("--incident", required=True, metavar="INC-…", help="number of the incident")
        parser.add_argument(
            "--out", required=True, type=Path, metavar="DIR", help="a folder that is empty or not there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the pack; who sat at the shell is not known, and the ledger says so."""
        number = options["incident"].strip().upper()
        incident = Incident.objects.filter(number=number).first()
        if incident is None:
            raise CommandError(f"There is no incident {number}. Numbers look like INC-2026-0042.")
        try:
            with acting_as(Actor("command", via="manage.py evidence_pack")):
                made = make_incident_pack(incident, options["out"], now=now())
        except OutputRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{made.folder}\n{made.pack.files} files, {made.pack.rows} rows. VERIFY.md says how to check them."
        )
