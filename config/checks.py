"""System checks. Ids are stable and listed in docs/settings.md: E stops a start, W is worth a look.

Checks tagged `database` run in `manage.py doctor` and `manage.py check --database default`.
"""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections

BEAT_PREFIX = "watchbook: "
SQLITE = (3, 33, 0)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@register(Tags.compatibility)
def time_is_utc(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Instants are stored and compared in UTC; a local zone would shift every one of them twice a year."""
    if settings.USE_TZ and settings.TIME_ZONE == "UTC" and settings.CELERY_TIMEZONE == "UTC":
        return []
    return [Error("TIME_ZONE, CELERY_TIMEZONE must be UTC and USE_TZ on.", id="watchbook.E001")]


@register(Tags.files)
def data_dir_is_usable(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """DATA_DIR exists, and its keys are for the owner only."""
    folder = Path(settings.DATA_DIR)
    if not folder.is_dir():
        return [Error(f"DATA_DIR {folder} is not a folder.", id="watchbook.E002")]
    return [
        Error(f"{path} can be read by others.", hint=f"chmod 600 {path}", id="watchbook.E003")
        for path in sorted((folder / "secrets").glob("*"))
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]


@register(Tags.compatibility)
def constants_fit_together(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Time constants that contradict each other would make the engine work against itself."""
    found: list[CheckMessage] = []
    if settings.WATCHDOG_AFTER_S < settings.TICK_S * 2:
        found.append(Error("WATCHDOG_AFTER_S must be at least twice TICK_S.", id="watchbook.E004"))
    if settings.SEND_LEASE_S <= settings.SEND_DEADLINE_S:
        found.append(
            Error(
                "SEND_LEASE_S must be longer than SEND_DEADLINE_S, or a page is claimed again while it is being sent.",
                id="watchbook.E005",
            )
        )
    return found


@register(Tags.compatibility)
def channels_are_complete(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Half a channel is worse than none: it looks set up."""
    found: list[CheckMessage] = []
    if not settings.EMAIL_URL:
        found.append(Warning("EMAIL_URL is not set: nobody can be reached by e-mail.", id="watchbook.W006"))
    parts = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM")
    missing = [name for name in parts if not getattr(settings, name)]
    if missing and len(missing) < len(parts):
        found.append(Error(f"Twilio is set up by half: {', '.join(missing)} missing.", id="watchbook.E007"))
    elif missing:
        found.append(Warning("Twilio is not set up: nobody can be reached by phone.", id="watchbook.W008"))
    if settings.SLACK_SIGNING_SECRET and not settings.SLACK_BOT_TOKEN:
        found.append(Error("Slack is set up by half: SLACK_BOT_TOKEN missing.", id="watchbook.E022"))
    if settings.SLACK_BOT_TOKEN and not settings.SLACK_SIGNING_SECRET:
        said = "SLACK_SIGNING_SECRET is not set: pages by Slack have no buttons."
        found.append(Warning(said, id="watchbook.W023"))
    return found


@register(Tags.security)
def public_address_is_reachable(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Links in pages, and the provider's callbacks, use PUBLIC_URL."""
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.hostname in LOOPBACK:
        return [
            Warning(
                f"PUBLIC_URL is {settings.PUBLIC_URL}: links in pages open only on this machine, and receipts and "
                "replies from a phone provider cannot arrive.",
                id="watchbook.W009",
            )
        ]
    if parts.scheme != "https":
        return [Warning("PUBLIC_URL is not https: links that acknowledge travel in clear.", id="watchbook.W010")]
    return []


@register(Tags.database)
def somebody_outside_is_told(
    app_configs: Any, databases: Sequence[str] | None, **kwargs: Any
) -> Sequence[CheckMessage]:
    """A machine that is gone pages nobody; only a service elsewhere can notice."""
    if settings.DEADMAN_URL or "default" not in (databases or ()):
        return []
    try:
        named = apps.get_model("evidence", "DeadMan").objects.exclude(url_mask="").exists()
    except DatabaseError:
        return []
    if named:
        return []
    said = (
        "Nobody outside notices if this machine dies: name a dead-man address on the page System, or set DEADMAN_URL."
    )
    return [Warning(said, id="watchbook.W020")]


@register(Tags.security)
def no_fail_points(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Fail-points kill processes; only tests may turn them on."""
    if settings.FAIL_POINTS_ENABLED:
        return [Warning("FAIL_POINTS_ENABLED is on: this is for tests only.", id="watchbook.W011")]
    return []


@register(Tags.compatibility)
def broker_fits_database(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Redis invites more workers, and SQLite has room for one writer."""
    if settings.REDIS_URL and settings.EMBEDDED:
        return [Warning("REDIS_URL with SQLite: only one engine may write. Set DATABASE_URL too.", id="watchbook.W012")]
    return []


@register(Tags.compatibility)
def sqlite_is_new_enough(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Results are stored by `UPDATE … FROM`, which SQLite has since 3.33; Django itself asks for less."""
    if not settings.EMBEDDED or sqlite3.sqlite_version_info >= SQLITE:
        return []
    said = f"SQLite is {sqlite3.sqlite_version}: results of checks can be stored from 3.33 on."
    return [Error(said, hint="A newer Python, or PostgreSQL by DATABASE_URL.", id="watchbook.E021")]


@register(Tags.database)
def sqlite_is_durable(app_configs: Any, databases: Sequence[str] | None, **kwargs: Any) -> Sequence[CheckMessage]:
    """An answer must never leave before its row survives a power cut."""
    if not settings.EMBEDDED or "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        values = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    if values == {"journal_mode": "wal", "synchronous": 2}:
        return []
    return [Error(f"SQLite is not durable: {values}.", hint="WAL and synchronous=FULL.", id="watchbook.E013")]


@register(Tags.database)
def beat_rows_are_on(app_configs: Any, databases: Sequence[str] | None, **kwargs: Any) -> Sequence[CheckMessage]:
    """Somebody switched one of our beat entries off: then only the watchdog ticks."""
    if "default" not in (databases or ()):
        return []
    try:
        entries = apps.get_model("django_celery_beat", "PeriodicTask").objects
        off = list(entries.filter(name__startswith=BEAT_PREFIX, enabled=False).values_list("name", flat=True))
    except DatabaseError:
        return []
    return [
        Warning(f"The beat entry “{name}” is switched off; the next start puts it back.", id="watchbook.W014")
        for name in off
    ]
