"""What the database itself refuses of intervals: an overlap, and a change of one that has ended.

PostgreSQL refuses overlaps by an exclusion constraint (migration 0002). The rest are triggers, installed
after every migration because SQLite drops a table's triggers whenever Django rebuilds the table.
"""

from __future__ import annotations

from typing import Any

TABLE = "monitors_stateinterval"

# "still": a text that is no number, or the column's affinity would make it one, which is before all texts
_OVERLAPS = " ".join(
    (
        "EXISTS (SELECT 1 FROM monitors_stateinterval other",
        "WHERE other.monitor_id = NEW.monitor_id AND other.id IS NOT NEW.id",
        "AND other.started_at < COALESCE(NEW.ended_at, '9999-12-31')",
        "AND COALESCE(other.ended_at, '9999-12-31') > NEW.started_at)",
    )
)
_SQLITE = (
    f"CREATE TRIGGER IF NOT EXISTS interval_insert BEFORE INSERT ON {TABLE} WHEN {_OVERLAPS} "
    "BEGIN SELECT RAISE(ABORT, 'intervals of one monitor overlap'); END",
    f"CREATE TRIGGER IF NOT EXISTS interval_update BEFORE UPDATE OF monitor_id, started_at, ended_at ON {TABLE} "
    f"WHEN {_OVERLAPS} BEGIN SELECT RAISE(ABORT, 'intervals of one monitor overlap'); END",
    f"CREATE TRIGGER IF NOT EXISTS interval_ended BEFORE UPDATE ON {TABLE} WHEN OLD.ended_at IS NOT NULL "
    "BEGIN SELECT RAISE(ABORT, 'an interval that ended is never changed'); END",
)
_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION watchbook_interval_ended() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RAISE EXCEPTION 'an interval that ended is never changed'; END $$",
    f"CREATE OR REPLACE TRIGGER interval_ended BEFORE UPDATE ON {TABLE} FOR EACH ROW "
    "WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION watchbook_interval_ended()",
)


def install(connection: Any) -> None:
    """Create what is missing. Safe to run again; before the table exists it does nothing."""
    if TABLE not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)
