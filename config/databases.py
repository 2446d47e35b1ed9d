"""From DATABASE_URL to Django's DATABASES, and from EMAIL_URL to its mail settings. Standard library only."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from config.env import SettingError

SQLITE_INIT = (
    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;PRAGMA recursive_triggers=ON;"
    "PRAGMA cache_size=-20000;PRAGMA mmap_size=134217728;PRAGMA journal_size_limit=67108864;"
)


def database(url: str, data_dir: Path, *, pool_size: int) -> dict[str, Any]:
    """Return the settings of the default database: SQLite in DATA_DIR, or the PostgreSQL that the URL names."""
    if not url:
        return sqlite(data_dir / "watchbook.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite(Path(unquote(parts.path)))
    if parts.scheme not in ("postgres", "postgresql"):
        raise SettingError("DATABASE_URL must begin with postgres:// or sqlite://, or be empty for SQLite in DATA_DIR.")
    return postgresql(parts, pool_size)


def sqlite(path: Path) -> dict[str, Any]:
    """SQLite as a durable database: WAL, write lock taken at BEGIN, every commit on the disk.

    IMMEDIATE, because a deferred transaction that reads and then writes loses to another writer with
    "database is locked"; FULL, because no answer may leave before its row survives a power cut.
    Connections stay open: opening one costs the file, the PRAGMAs and an empty page cache.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": SQLITE_INIT},
    }


def postgresql(parts: SplitResult, pool_size: int) -> dict[str, Any]:
    """PostgreSQL through psycopg's own pool, which wants CONN_MAX_AGE 0."""
    name = unquote(parts.path.lstrip("/"))
    try:
        port = parts.port
    except ValueError:
        raise SettingError("DATABASE_URL has a port that is not a number.") from None
    if not name:
        raise SettingError("DATABASE_URL must end with the name of the database.")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    options["pool"] = {"min_size": 0, "max_size": pool_size, "timeout": 10, "max_idle": 120}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def mail(url: str, *, debug: bool) -> dict[str, Any]:
    """Return Django's EMAIL_* settings for smtp://user:password@host:587 (STARTTLS, which ?tls=no turns
    off) or smtps:// (TLS from the first byte). Empty: every attempt to send fails readably.
    """
    if not url:
        backend = "django.core.mail.backends.console.EmailBackend" if debug else "config.mail.NoMailServer"
        return {"EMAIL_BACKEND": backend}
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise SettingError("EMAIL_URL must be smtp://user:password@host:587 or smtps://user:password@host:465.")
    try:
        port = parts.port
    except ValueError:
        raise SettingError("EMAIL_URL has a port that is not a number.") from None
    wrapped = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or (465 if wrapped else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": wrapped,
        "EMAIL_USE_TLS": not wrapped and query.get("tls", "yes") not in ("no", "0", "off"),
        "EMAIL_TIMEOUT": 10,
    }


def sender_domain(public_url: str) -> str:
    """Return the domain our mail comes from: PUBLIC_URL's name, or localhost if that is only a number."""
    host = urlsplit(public_url).hostname or "localhost"
    return "localhost" if host.replace(".", "").isdigit() or ":" in host else host
