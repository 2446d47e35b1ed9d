"""`manage.py probe`: a remote probe. It has the broker only, and keeps its key and its spool in DATA_DIR."""

from __future__ import annotations

import base64
import os
import re
import signal
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from accounts.egress.rules import own_places
from monitors.remote import broker
from monitors.remote.keys import PrivateKeys, PublicKeys, UnreadableKey, new_seed, private_keys, read_public
from monitors.remote.worker import Worker

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class Command(BaseCommand):
    """Makes the key of a location's probe, or runs the probe until SIGTERM or SIGINT."""

    help = "Run the remote probe of a location: plans come over Redis, results go back; it never touches the database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The location's name, and whether its key is only made and shown."""
        parser.add_argument("--location", required=True, help="name of the location, for its folder under DATA_DIR")
        parser.add_argument(
            "--enrol", action="store_true", help="make the key if there is none, and print its public half"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Enrol or run. Everything that is missing is said in one sentence."""
        without_database()
        name = options["location"]
        if not NAME.fullmatch(name):
            raise CommandError("A location's name has letters, digits, dots, dashes and underscores, at most 40.")
        folder = settings.DATA_DIR / "probes" / name
        if options["enrol"]:
            self._enrol(folder, name)
            return
        self._run(folder)

    def _enrol(self, folder: Path, name: str) -> None:
        keys = held_keys(folder, make=True)
        self.stdout.write(keys.public.text)
        self.stderr.write(
            f"This is the public key of {name}. Paste it on the page of that location, which then shows ENGINE_KEY "
            f"for this machine. The private half stays in {folder / 'key'}; copy it to no other location."
        )

    def _run(self, folder: Path) -> None:
        engine = wanted()
        keys = held_keys(folder, make=False)
        worker = Worker(
            keys=keys, engine=engine, folder=folder, rules=own_places, clock=machine_clock,
            clients=lambda: broker.connect(settings.REDIS_URL),
        )  # fmt: skip

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            worker.stop.set()

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        self.stderr.write(f"The probe {worker.name} waits for plans to {keys.public.name}.")
        if not worker.run():
            raise CommandError("A thread of the probe ended by itself; the log says why. Start it again.")


def machine_clock() -> datetime:
    """This machine's clock: there is no database to ask."""
    return datetime.now(UTC)


def wanted() -> PublicKeys:
    """What a remote probe needs, or CommandError in one sentence; the engine's public key."""
    if not settings.REDIS_URL:
        raise CommandError(
            "A remote probe needs REDIS_URL, the broker of a grown installation; the embedded one has none."
        )
    if settings.DATABASE_URL:
        raise CommandError("A remote probe has the broker only: take DATABASE_URL out of its environment.")
    if not settings.ENGINE_KEY:
        raise CommandError("ENGINE_KEY is not set: the page of the location shows it once the probe's key is enrolled.")
    try:
        return read_public(settings.ENGINE_KEY)
    except UnreadableKey as error:
        raise CommandError(f"ENGINE_KEY cannot be used. {error}") from error


def held_keys(folder: Path, *, make: bool) -> PrivateKeys:
    """The probe's keys out of its folder, readable by their owner only; made if there are none and `make` says so."""
    path = folder / "key"
    if make and not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(base64.b64encode(new_seed()).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
    try:
        return private_keys(base64.b64decode(path.read_text(encoding="ascii"), validate=False))
    except FileNotFoundError:
        raise CommandError(f"There is no key in {folder}: run the same command with --enrol first.") from None
    except (OSError, ValueError) as error:
        raise CommandError(f"The key {path} cannot be used: {error}.") from error


def without_database() -> None:
    """Make every use of the database an error in this process, whatever its settings say."""
    connections.settings["default"]["ENGINE"] = "django.db.backends.dummy"
    if hasattr(connections._connections, "default"):  # type: ignore[attr-defined]
        del connections["default"]
