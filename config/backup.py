"""A copy of a running installation: the SQLite file through SQLite's own backup, and apart from it the keys.

PostgreSQL has a tool of its own for this; docs/backup.md says how both are done, restored and proved.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from config.keys import NAMES
from ledger.link import link_entries
from ledger.record import record


class BackupRefused(Exception):
    """Why a copy was not made, in one sentence. A file with its final name is never half written."""


@dataclass(frozen=True)
class Backup:
    """What was copied: size in bytes, SHA-256 of the file, number and hash of the last line of its ledger."""

    size: int
    sha256: str
    line: int
    head: str


def copy_database(out: Path, *, now: datetime) -> Backup:
    """Copy the database as it is at one instant to a new file that only its owner reads, and record that it was done.

    People and engine go on working meanwhile. The file gets its name when it is whole, checked and on the disk.
    Raises BackupRefused when there is a file already, when it cannot be written, or with PostgreSQL.
    """
    if connection.vendor != "sqlite":
        raise BackupRefused("The database is PostgreSQL: copy it with pg_dump, as docs/backup.md says.")
    if out.exists():
        raise BackupRefused(f"{out} is there already; nothing was overwritten. Choose another name.")
    while link_entries():
        pass
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        line, head = _copy(draft)
        made = Backup(draft.stat().st_size, _on_disk(draft), line, head)
        draft.rename(out)
    except (OSError, sqlite3.Error) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise BackupRefused(f"{out} cannot be written: {reason}.") from error
    finally:
        draft.unlink(missing_ok=True)
    with transaction.atomic():
        facts = {"bytes": made.size, "sha256": made.sha256, "line": made.line, "head": made.head}
        record("backup.made", [], facts, now=now)
    return made


def _copy(draft: Path) -> tuple[int, str]:
    """Copy in one step, which is one snapshot; check the copy; return the end of its ledger."""
    connection.ensure_connection()
    with closing(sqlite3.connect(draft)) as copy:
        connection.connection.backup(copy)
        # one file, not three: the installation that opens it turns the write-ahead log on again
        copy.execute("PRAGMA journal_mode=DELETE")
        if (found := copy.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(f"the copy is damaged, {found}")
        return copy.execute("SELECT seq, hash FROM ledger_head").fetchone() or (0, "0" * 64)


def _on_disk(path: Path) -> str:
    """SHA-256 of the file, once it would survive a power cut."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return file_digest(file, "sha256").hexdigest()


def copy_keys(folder: Path) -> list[str]:
    """Copy the key files to a new folder that only its owner opens; return their names. Raises BackupRefused."""
    source = settings.DATA_DIR / "secrets"
    names = [name for name in NAMES if (source / name).is_file()]
    if len(names) < len(NAMES):
        raise BackupRefused(f"Not all keys are files in {source}: keep those of the environment where they come from.")
    try:
        folder.mkdir(mode=0o700)
        for name in names:
            shutil.copy2(source / name, folder / name)
    except FileExistsError as error:
        raise BackupRefused(f"{folder} is there already; nothing was overwritten. Choose another name.") from error
    except OSError as error:
        raise BackupRefused(f"{folder} cannot be written: {error.strerror}.") from error
    return names
