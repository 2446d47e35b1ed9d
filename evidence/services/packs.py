"""Making a pack: read everything as of one instant, write it, sign the list, record that it was made."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from accounts.models import Organisation
from evidence.models import Pack
from evidence.pack.days import Covered, write_days
from evidence.pack.readme import VERIFY, About, readme, sheet
from evidence.pack.writer import SIGNATURE, SUMS, Made, Writer
from incidents.evidence import Surroundings, incident_tables, subjects_of, surroundings
from incidents.models import Incident
from incidents.subjects import KIND
from ledger import seal_keys
from ledger.actors import current_actor
from ledger.demo import is_demo
from ledger.evidence import lines_table, numbers_about
from ledger.ids import new_public_id
from ledger.link import link_entries
from ledger.record import record
from ledger.snapshot import snapshot


class OutputRefused(ValueError):
    """The folder cannot be used; the sentence says why. Nothing was written."""


@dataclass(frozen=True)
class Written:
    """A pack on the disk and its row."""

    folder: Path
    pack: Pack


def make_incident_pack(incident: Incident, out: Path, *, now: datetime) -> Written:
    """Write the pack of one incident into a new folder below `out`, which must be empty or not there yet.

    It is written beside its final name and renamed when it is whole and recorded. Raises OutputRefused.
    """
    _check(out)
    while link_entries():
        pass
    about_id = new_public_id("pck")
    name = _folder_name(incident, about_id)
    draft = out / f".{name}.part"
    try:
        draft.mkdir(parents=True)
        with snapshot():
            about, covered, made = _fill(Writer(draft), incident, about_id, now)
        with transaction.atomic():
            pack = _record(draft, about, covered, made, name, now)
            draft.rename(out / name)  # a pack that cannot be handed over is not recorded either
    except OSError as error:
        raise OutputRefused(f"The pack cannot be written to {out}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Written(out / name, pack)


def _fill(writer: Writer, incident: Incident, pack_id: str, now: datetime) -> tuple[About, Covered, list[Made]]:
    """Every file of the pack but the list of them."""
    incident.refresh_from_db()
    around = surroundings(incident, now=now)
    numbers = numbers_about(subjects_of(incident, around))
    made = [writer.table(table) for table in [*incident_tables(incident, around), lines_table(around.scope, numbers)]]
    covered = _days(writer, incident, around, numbers, now)
    made += covered.made
    about = _about(incident, around, pack_id, now)
    writer.text("ipe.csv", sheet(about, made))
    writer.text("README.md", readme(about, covered, made))
    writer.text("VERIFY.md", VERIFY)
    listing = writer.listing()
    (writer.folder / SUMS).write_text(listing, encoding="utf-8")
    (writer.folder / SIGNATURE).write_bytes(seal_keys.sign(listing.encode()))
    return about, covered, made


def _days(writer: Writer, incident: Incident, around: Surroundings, numbers: list[int], now: datetime) -> Covered:
    first, last = incident.opened_at, incident.resolved_at or now
    return write_days(writer, numbers, first_day=first.astimezone(UTC).date(), last_day=last.astimezone(UTC).date())


def _about(incident: Incident, around: Surroundings, pack_id: str, now: datetime) -> About:
    who = current_actor()
    return About(
        pack_id=pack_id,
        organisation=Organisation.current().name,
        title=incident.title,
        scope=around.scope,
        made_at=now,
        made_by=who.id or who.via or who.kind,
        version=settings.VERSION,
        key=seal_keys.fingerprint(),
        demo=is_demo(),
    )


def _record(draft: Path, about: About, covered: Covered, made: list[Made], name: str, now: datetime) -> Pack:
    who = current_actor()
    listing = (draft / SUMS).read_bytes()
    pack = Pack.objects.create(
        public_id=about.pack_id,
        kind=KIND,
        subject=about.scope.incident,
        folder=name,
        as_of=about.scope.as_of,
        made_at=now,
        made_by_kind=who.kind,
        made_by_id=who.id,
        files=len(listing.splitlines()),
        rows=sum(one.rows for one in made),
        sums_sha256=hashlib.sha256(listing).hexdigest(),
        key_fingerprint=about.key,
        sealed_until=covered.sealed_until,
    )
    said = {"sums_sha256": pack.sums_sha256, "files": pack.files, "rows": pack.rows, "key": pack.key_fingerprint}
    record("pack.created", [pack, (KIND, pack.subject)], said, now=now)
    return pack


def _folder_name(incident: Incident, pack_id: str) -> str:
    house = Organisation.current()
    return f"evidence_{slugify(house.name)[:60] or house.public_id or 'watchbook'}_{incident.number}_{pack_id}"


def _check(out: Path) -> None:
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise OutputRefused(f"{out} is not empty. Name a folder that is empty or not there yet.")
    except OSError as error:
        raise OutputRefused(f"{out} cannot be read: {error.strerror or error}.") from error
