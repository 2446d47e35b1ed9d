"""`manage.py prepare`: everything a start needs before the two processes, in one Django start."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.files.storage import Storage
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from accounts.services.setup import issue_setup_link
from config.beat import upsert_beat_table
from ledger.actors import Actor, acting_as
from ledger.clock import now
from ledger.demo import is_demo
from monitors.services.locations import record_timetables

CACHE_TABLE = settings.CACHES["table"]["LOCATION"]


class Command(BaseCommand):
    """Migrates, collects static files, writes the beat table, and makes a set-up link while nobody is here."""

    help = "Bring database, static files and schedule up to date; prints one JSON line with the set-up link, if any."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is needed and nothing more: the second start should take no time."""
        try:
            migrated = migrate()
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used: {str(error).strip().splitlines()[0]}.") from error
        collected = collect_static(settings.STATIC_ROOT)
        upsert_beat_table()
        if migrated:
            record_timetables(now=now())
        with acting_as(Actor("command", label="prepare", via="prepare")):
            secret = issue_setup_link(now())
        # written out: reverse() would import every page, which is most of the time a second start takes
        link = f"{settings.PUBLIC_URL}/setup/{secret}/" if secret else ""
        told = {"migrated": migrated, "collected": collected, "setup": link, "demo": is_demo()}
        self.stdout.write(json.dumps(told))


def migrate() -> int:
    """Apply what is missing and return how many migrations that were."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        call_command("migrate", verbosity=0, interactive=False)
    if CACHE_TABLE not in connection.introspection.table_names():
        call_command("createcachetable", CACHE_TABLE, verbosity=0)
    return len(plan)


def collect_static(root: Path) -> bool:
    """Collect the static files if any changed since the last time; whether that was so."""
    mark = static_fingerprint()
    stamp = root / ".collected"
    if stamp.is_file() and stamp.read_text() == mark:
        return False
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(mark)
    return True


def static_fingerprint() -> str:
    """Return a hash over path, size and time of every static file."""
    digest = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for name, storage in cast(Iterable[tuple[str, Storage]], finder.list([])):
            stat = Path(storage.path(name)).stat()
            digest.update(f"{name}\n{stat.st_size}\n{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
