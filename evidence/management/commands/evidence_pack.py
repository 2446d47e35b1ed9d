"""`manage.py evidence_pack --incident INC-2026-0042 --out DIR`: evidence to be checked by outsiders, of an incident or a period."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evidence.services.packs import OutputRefused, Written, make_incident_pack, make_period_pack
from incidents.models import Incident
from ledger.actors import Actor, acting_as
from ledger.clock import now


class Command(BaseCommand):
    """Exit 0 and the folder's name, or 1 with one sentence; then nothing is left behind."""

    help = "Write the evidence of one incident, or of a period, signed, into a new folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """Of what, and where to."""
        parser.add_argument("--incident", metavar="INC-…", default="", help="number of the incident")
        parser.add_argument("--from", dest="first", metavar="YYYY-MM-DD", default="", help="first day of the period")
        parser.add_argument("--until", dest="last", metavar="YYYY-MM-DD", default="", help="its last day, included")
        parser.add_argument(
            "--out", required=True, type=Path, metavar="DIR", help="a folder that is empty or not there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the pack; who sat at the shell is not known, and the ledger says so."""
        try:
            with acting_as(Actor("command", via="manage.py evidence_pack")):
                made = _make(options["incident"].strip().upper(), options["first"], options["last"], options["out"])
        except OutputRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{made.folder}\n{made.pack.files} files, {made.pack.rows} rows. VERIFY.md says how to check them."
        )


def _make(number: str, first: str, last: str, out: Path) -> Written:
    if bool(number) == bool(first or last):
        raise CommandError("Say what it is about: --incident INC-2026-0042, or --from 2026-10-01 --until 2026-10-31.")
    if not number:
        return make_period_pack(_day("--from", first), _day("--until", last), out, now=now())
    incident = Incident.objects.filter(number=number).first()
    if incident is None:
        raise CommandError(f"There is no incident {number}. Numbers look like INC-2026-0042.")
    return make_incident_pack(incident, out, now=now())


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{option} names a day, such as 2026-10-01. You wrote {text or 'nothing'}.") from None
