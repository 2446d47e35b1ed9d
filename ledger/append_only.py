"""Tables that only grow: what the database itself refuses to change.

The triggers are a guard against our own bugs and against careless SQL; they are not the proof, which
is the chain and the seals (docs/ledger.md). They are installed after every migration rather than in
one, because SQLite drops a table's triggers whenever Django rebuilds the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

PREFIX = "append_only"


@dataclass(frozen=True)
class AppendOnly:
    """Declared as `append_only` on a model. `set_once`: columns that may go from NULL to a value, once.

    `may_be_inserted_with`: False for columns that must be NULL on insert is said by `born_null`.
    """

    set_once: tuple[str, ...] = ()
    born_null: tuple[str, ...] = ()


def protected_models() -> list[tuple[type[models.Model], AppendOnly]]:
    """Return every model that only grows: those that declare it, and every history table."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        rule = getattr(model, "append_only", None)
        if isinstance(rule, AppendOnly):
            found.append((model, rule))
        elif hasattr(model, "history_type") and hasattr(model, "history_id"):
            found.append((model, AppendOnly()))
    return found


def install(connection: Any) -> None:
    """Create the triggers that are missing. Safe to run again; tables that do not exist yet are left."""
    tables = set(connection.introspection.table_names())
    for model, rule in protected_models():
        if model._meta.db_table in tables:
            make = _postgresql if connection.vendor == "postgresql" else _sqlite
            with connection.cursor() as cursor:
                for statement in make(model, rule):
                    cursor.execute(statement)


def remove(connection: Any) -> None:
    """Drop the triggers. Only the test fixture that empties tables between tests may do so."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for model, _ in protected_models():
            table = model._meta.db_table
            if table not in tables:
                continue
            for suffix in ("row", "truncate") if connection.vendor == "postgresql" else ("insert", "update", "delete"):
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {_name(table, suffix)}{on}")


@contextmanager
def lifted(connection: Any) -> Iterator[None]:
    """Lift the triggers for the flush between two transactional tests, and put them back."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def _name(table: str, suffix: str) -> str:
    return f"{PREFIX}_{table}_{suffix}"[:63]


def _sqlite(model: type[models.Model], rule: AppendOnly) -> list[str]:
    """SQLite: no update, no delete, and no INSERT OR REPLACE, which deletes without firing a delete trigger."""
    table = model._meta.db_table
    frozen = [f.column for f in model._meta.concrete_fields if f.column not in rule.set_once]
    conflicts = [f'OLD."{c}" IS NOT NEW."{c}"' for c in frozen]
    conflicts += [f'(OLD."{c}" IS NOT NULL AND OLD."{c}" IS NOT NEW."{c}")' for c in rule.set_once]
    taken = [
        " AND ".join(f'"{column}" = NEW."{column}"' for column in columns) for columns in _unique_columns(model)
    ]
    exists = " OR ".join(f'EXISTS (SELECT 1 FROM "{table}" WHERE {where})' for where in taken)
    others = [
        " AND ".join([*(f'"{c}" = NEW."{c}"' for c in columns), f'"{table}".rowid <> OLD.rowid'])
        for columns in _unique_columns(model)
        if set(columns) & set(rule.set_once)
    ]
    conflicts += [f'EXISTS (SELECT 1 FROM "{table}" WHERE {where})' for where in others]
    born = "".join(f' OR NEW."{c}" IS NOT NULL' for c in rule.born_null)
    refuse = f"SELECT RAISE(ABORT, '{table} is append-only')"
    head = "CREATE TRIGGER IF NOT EXISTS"
    return [
        f'{head} {_name(table, "insert")} BEFORE INSERT ON "{table}" WHEN {exists}{born} BEGIN {refuse}; END',
        f'{head} {_name(table, "update")} BEFORE UPDATE ON "{table}" WHEN {" OR ".join(conflicts)} BEGIN {refuse}; END',
        f'{head} {_name(table, "delete")} BEFORE DELETE ON "{table}" BEGIN {refuse}; END',
    ]


def _unique_columns(model: type[models.Model]) -> list[list[str]]:
    """Columns of the primary key and of each unconditional unique constraint."""
    meta = model._meta
    pk_fields = getattr(meta, "pk_fields", [meta.pk])
    found = [[f.column for f in pk_fields]]
    found += [[f.column] for f in meta.concrete_fields if f.unique and not f.primary_key]
    for constraint in meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.condition is None and constraint.fields:
            found.append([meta.get_field(name).column for name in constraint.fields])
    return found


def _postgresql(model: type[models.Model], rule: AppendOnly) -> list[str]:
    """PostgreSQL: one function for all tables; triggers fire ALWAYS, also in a replica session."""
    table = model._meta.db_table
    arguments = f"'{','.join(rule.set_once)}', '{','.join(rule.born_null)}'"
    row, truncate = _name(table, "row"), _name(table, "truncate")
    return [
        _POSTGRESQL_FUNCTION,
        f'CREATE OR REPLACE TRIGGER {row} BEFORE INSERT OR UPDATE OR DELETE ON "{table}" '
        f"FOR EACH ROW EXECUTE FUNCTION watchbook_append_only({arguments})",
        f'CREATE OR REPLACE TRIGGER {truncate} BEFORE TRUNCATE ON "{table}" '
        f"FOR EACH STATEMENT EXECUTE FUNCTION watchbook_append_only({arguments})",
        f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {row}',
        f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {truncate}',
    ]


_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION watchbook_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    set_once text[] := string_to_array(TG_ARGV[0], ',');
    born_null text[] := string_to_array(TG_ARGV[1], ',');
    name text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        FOREACH name IN ARRAY born_null LOOP
            IF to_jsonb(NEW) ->> name IS NOT NULL THEN
                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
            END IF;
        END LOOP;
        RETURN NEW;
    ELSIF TG_OP = 'UPDATE' THEN
        IF (to_jsonb(OLD) - set_once) IS DISTINCT FROM (to_jsonb(NEW) - set_once) THEN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
        END IF;
        FOREACH name IN ARRAY set_once LOOP
            IF to_jsonb(OLD) ->> name IS NOT NULL
               AND to_jsonb(OLD) -> name IS DISTINCT FROM to_jsonb(NEW) -> name THEN
                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
            END IF;
        END LOOP;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$
"""
