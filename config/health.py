"""What this installation can say about its own health: one function a fact, for /readyz, doctor and the screens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from config import ticks
from ledger import liveness


@dataclass(frozen=True)
class Fact:
    """One thing that holds or does not, in a sentence."""

    name: str
    holds: bool
    sentence: str


def database_answers() -> Fact:
    """Whether the database answers a query at all."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Fact("database", False, f"The database does not answer: {first_line(error)}.")
    return Fact("database", True, f"The database answers ({connection.vendor}).")


def migrations_applied() -> Fact:
    """Whether the tables are those of this version."""
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if missing:
        return Fact("migrations", False, f"{missing} migrations are not applied: run `manage.py migrate`.")
    return Fact("migrations", True, "All migrations are applied.")


def engine_ticks(*, now: datetime) -> Fact:
    """Whether some engine ticked lately, brought by Celery or run by a watchdog.

    Three times WATCHDOG_AFTER_S: by then a watchdog should have stepped in.
    """
    limit = timedelta(seconds=settings.WATCHDOG_AFTER_S * 3)
    by_celery = liveness.age(ticks.ENGINE, now=now)
    by_watchdog = liveness.age(ticks.WATCHDOG, now=now)
    ages = [age for age in (by_celery, by_watchdog) if age is not None]
    if not ages:
        return Fact("engine", False, "The engine has never run.")
    age = min(ages)
    if age > limit:
        return Fact(
            "engine", False, f"The engine last ran {age.total_seconds():.0f} s ago: checks and pages stand still."
        )
    if by_celery is None or by_celery > limit:
        return Fact("engine", True, "The watchdog runs the engine, because beat or broker do not.")
    return Fact("engine", True, f"The engine ran {max(age.total_seconds(), 0):.0f} s ago.")


def first_line(error: Exception) -> str:
    """Return the first line of what the database said, without its full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def readiness(*, now: datetime) -> list[Fact]:
    """Return the facts that decide whether this process should be sent traffic."""
    return [migrations_applied(), engine_ticks(now=now)]
