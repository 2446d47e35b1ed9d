"""Making a pack: read everything as of one instant, write it, sign the list, record that it was made."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from accounts.models import Organisation
from evidence.models import Pack
from evidence.pack.contents import Contents
from evidence.pack.days import Covered, write_days
from evidence.pack.readme import VERIFY, About, readme, sheet
from evidence.pack.writer import SIGNATURE, SUMS, Made, Writer
from evidence.periods import of_period
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
from ledger.tables import Table
from postmortems import evidence as lessons
from statuspage import evidence as told


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
    return _make(lambda: _of_incident(incident, now), incident.number, out, now)


def make_period_pack(first: date, last: date, out: Path, *, now: datetime) -> Written:
    """The same for all days from `first` to `last`, both included, of the organisation's zone. Raises OutputRefused.

    A period that is not over yet ends now.
    """
    if last < first:
        raise OutputRefused(f"The period ends on {last}, before it begins on {first}.")
    if Organisation.current().midnight(first) >= now:
        raise OutputRefused(f"The period begins on {first}, and nothing of it has happened yet.")
    return _make(lambda: of_period(first, last, now=now), f"{first}_{last}", out, now)


def _make(read: Callable[[], Contents], subject: str, out: Path, now: datetime) -> Written:
    _check(out)
    while link_entries():
        pass
    about_id = new_public_id("pck")
    name = _folder_name(subject, about_id)
    draft = out / f".{name}.part"
    try:
        draft.mkdir(parents=True)
        with snapshot():
            about, covered, made = _fill(Writer(draft), read(), about_id, now)
        with transaction.atomic():
            pack = _record(draft, about, covered, made, name, now)
            draft.rename(out / name)  # a pack that cannot be handed over is not recorded either
    except OSError as error:
        raise OutputRefused(f"The pack cannot be written to {out}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Written(out / name, pack)


def _fill(writer: Writer, holds: Contents, pack_id: str, now: datetime) -> tuple[About, Covered, list[Made]]:
    """Every file of the pack but the list of them."""
    made = [writer.table(table) for table in [*holds.tables, lines_table(holds.scope, holds.numbers)]]
    covered = write_days(writer, holds.numbers, first_day=holds.first_day, last_day=holds.last_day)
    made += covered.made
    about = _about(holds, pack_id, now)
    writer.text("ipe.csv", sheet(about, made))
    writer.text("README.md", readme(about, covered, made))
    writer.text("VERIFY.md", VERIFY)
    listing = writer.listing()
    (writer.folder / SUMS).write_text(listing, encoding="utf-8")
    (writer.folder / SIGNATURE).write_bytes(seal_keys.sign(listing.encode()))
    return about, covered, made


def _of_incident(incident: Incident, now: datetime) -> Contents:
    """An incident with what surrounds it, and the days of the ledger from its beginning to its end."""
    incident.refresh_from_db()
    around = surroundings(incident, now=now)
    people = {*around.people, *lessons.people_named(incident), *told.authors(incident)}
    around = replace(around, people=sorted(people))
    first, last = incident.opened_at, incident.resolved_at or now
    return Contents(
        title=incident.title,
        scope=around.scope,
        tables=_tables(incident, around),
        numbers=numbers_about(
            [*subjects_of(incident, around), *told.update_ids(incident), *lessons.lesson_ids(incident)]
        ),
        first_day=first.astimezone(UTC).date(),
        last_day=last.astimezone(UTC).date(),
    )


def _tables(incident: Incident, around: Surroundings) -> list[Table]:
    """Every table of an incident's pack, in the order of the folders."""
    tables = [
        *incident_tables(incident, around),
        *lessons.tables(around.scope, [incident]),
        *told.incident_tables(around.scope, incident, around.services),
    ]
    return sorted(tables, key=lambda table: table.path)


def _about(holds: Contents, pack_id: str, now: datetime) -> About:
    who = current_actor()
    return About(
        pack_id=pack_id,
        organisation=Organisation.current().name,
        title=holds.title,
        scope=holds.scope,
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
        kind=about.scope.kind,
        subject=about.scope.subject,
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
    record("pack.created", [pack, *([(KIND, pack.subject)] if pack.kind == KIND else [])], said, now=now)
    return pack


def _folder_name(subject: str, pack_id: str) -> str:
    house = Organisation.current()
    return f"evidence_{slugify(house.name)[:60] or house.public_id or 'watchbook'}_{subject}_{pack_id}"


def _check(out: Path) -> None:
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise OutputRefused(f"{out} is not empty. Name a folder that is empty or not there yet.")
    except OSError as error:
        raise OutputRefused(f"{out} cannot be read: {error.strerror or error}.") from error
