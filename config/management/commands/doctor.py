"""`manage.py doctor`: is everything as it must be, and if not, what to do."""

from __future__ import annotations

import os
import shutil
import smtplib
from collections.abc import Iterator
from typing import Any

from celery import current_app
from django.conf import settings
from django.core import checks
from django.core.mail import get_connection
from django.core.management.base import BaseCommand

from config import health
from config.health import Fact
from config.selfcheck import LEAST_FREE_BYTES
from evidence.queries.watch import auditor_standing
from ledger import crypto
from ledger.clock import now


class Command(BaseCommand):
    """Prints one line a fact; exit code 1 if one of them does not hold."""

    help = "Check settings, keys, disk, database, engine, broker and mail server; print what to do about each."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        """Offer --offline."""
        parser.add_argument("--offline", action="store_true", help="do not contact broker and mail server")

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine everything and say so."""
        facts = list(examine(offline=options["offline"]))
        for fact in facts:
            mark = self.style.SUCCESS("ok  ") if fact.holds else self.style.ERROR("FAIL")
            self.stdout.write(f"{mark} {fact.name}: {fact.sentence}")
        for message in notes():
            self.stdout.write(f"{self.style.WARNING('note')} {message.id}: {message.msg}")
        bad = sum(not fact.holds for fact in facts)
        self.stdout.write("All is well." if not bad else f"{bad} of {len(facts)} need attention.")
        if bad:
            raise SystemExit(1)


def examine(*, offline: bool) -> Iterator[Fact]:
    """Yield every fact, the ones that others depend on first."""
    yield system_checks()
    yield keys_work()
    yield disk_has_room()
    answers = health.database_answers()
    yield answers
    if answers.holds:
        migrated = health.migrations_applied()
        yield migrated
        if migrated.holds:
            yield health.engine_ticks(now=now())
            yield promises_hold()
    if not offline:
        yield from peers()


def promises_hold() -> Fact:
    """Whether the auditor is at work and found nothing that keeps pages from people."""
    auditor = auditor_standing(now=now())
    if auditor.done_at is None:
        return Fact("self-checks", True, "The auditor has not run yet; the engine runs it each minute.")
    if not auditor.on_time:
        return Fact("self-checks", False, f"The last audit ended at {auditor.done_at:%Y-%m-%d %H:%M} UTC.")
    said = " ".join(finding.sentence for finding in auditor.open)
    if auditor.endangering:
        return Fact("self-checks", False, said)
    return Fact("self-checks", True, said or f"{auditor.checked} promises, all hold.")


def messages() -> list[checks.CheckMessage]:
    """Return what the system checks say, database checks included."""
    return checks.run_checks(databases=["default"])


def notes() -> list[checks.CheckMessage]:
    """Return the warnings."""
    return [message for message in messages() if checks.INFO <= message.level < checks.ERROR]


def system_checks() -> Fact:
    """Whether the settings fit together."""
    errors = [message for message in messages() if message.is_serious()]
    if errors:
        return Fact("settings", False, "; ".join(f"{error.id}: {error.msg}" for error in errors))
    return Fact("settings", True, "All settings fit together.")


def keys_work() -> Fact:
    """Whether what we encrypt can be read again."""
    try:
        sealed = crypto.encrypt("doctor", column="config.doctor")
        right = crypto.decrypt(sealed, column="config.doctor") == "doctor"
    except crypto.DecryptionError as error:
        return Fact("keys", False, f"{error}.")
    return Fact("keys", right, f"Encryption works with key {settings.ENCRYPTION_KEYS[0][0]}.")


def disk_has_room() -> Fact:
    """Whether DATA_DIR can take more."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    writable = os.access(settings.DATA_DIR, os.W_OK)
    if not writable:
        return Fact("disk", False, f"{settings.DATA_DIR} cannot be written by this user.")
    return Fact("disk", free >= LEAST_FREE_BYTES, f"{free // 1_000_000:,} MB free in {settings.DATA_DIR}.")


def peers() -> Iterator[Fact]:
    """Yield whether broker and mail server, if there are any, can be reached."""
    if settings.REDIS_URL:
        yield broker_answers()
    if settings.EMAIL_URL:
        yield mail_server_answers()


def broker_answers() -> Fact:
    """Whether the broker takes a connection."""
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=3)
    except Exception as error:  # noqa: BLE001 - each transport raises its own kinds; any of them means no
        return Fact("broker", False, f"The broker cannot be reached ({type(error).__name__}); watchdogs do its work.")
    return Fact("broker", True, "The broker answers.")


def mail_server_answers() -> Fact:
    """Whether the mail server takes a connection and our sign-in. Nothing is sent."""
    try:
        connection = get_connection()
        connection.open()
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        return Fact("mail", False, f"The mail server does not take us: {health.first_line(error)}.")
    return Fact("mail", True, f"The mail server {settings.EMAIL_HOST} takes us.")
