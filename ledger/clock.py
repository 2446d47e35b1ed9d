"""The one clock. Views, API, tasks and commands read it once and pass `now` down (law 9)."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """Return the database's time in UTC.

    Two workers whose own clocks differ must agree on what is due, so PostgreSQL is asked. SQLite
    lives in this machine, whose clock is the same one.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            return cursor.fetchone()[0].astimezone(UTC)
    return datetime.now(UTC)
