"""Tables that only grow: what the database itself refuses to change.

The triggers are a guard against our own bugs and against careless SQL; they are not the proof, which
is the chain and the seals (docs/ledger.md). They are installed after every migration rather than in
one, because SQLite drops a table's triggers whenever Django rebuilds the table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

PREFIX = "append_only"
# nothing younger than a year and the 90 days after it can be deleted, whatever is set
PURGE_FLOOR_DAYS = 456
NAME_LIMIT = 63  # PostgreSQL cuts longer names, and two cut names could be one


@dataclass(frozen=True)
class AppendOnly:
    """Declared as `append_only` on a model; everything that is not named here never changes.

    set_once: columns that may go from NULL to a value, once. born_null: columns that must be NULL on
    insert. blanked: text columns that may become "" by a redaction, and nothing else. aged_by: the column that says how
    old a row is, for tables that may be purged: an instant, or `hour` since the epoch. Rows then go only while an open
    PurgeRecord names the table and a bound they are older than, itself PURGE_FLOOR_DAYS past by the database's clock.
    """

    set_once: tuple[str, ...] = ()
    born_null: tuple[str, ...] = ()
    blanked: tuple[str, ...] = ()
    aged_by: str = ""


@dataclass(frozen=True)
class Trigger:
    """One trigger: its name, its table and the statements that create it."""

    name: str
    table: str
    create: tuple[str, ...]
    arguments: tuple[str, ...] = ()


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
    """Create the triggers that are missing or outdated; those in place are not touched, so no table is locked.

    Safe to run again. Tables that do not exist yet are left.
    """
    wanted = _missing(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'watchbook_append_only'")
            if cursor.fetchone() != (_POSTGRESQL_BODY,):
                cursor.execute(_POSTGRESQL_FUNCTION)
        for trigger in wanted:
            _drop(cursor, connection.vendor, trigger)
            for statement in trigger.create:
                cursor.execute(statement)


def remove(connection: Any) -> None:
    """Drop the triggers. Only a migration that rebuilds tables and the flush between tests may do so."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for trigger in _triggers(connection.vendor, tables):
            _drop(cursor, connection.vendor, trigger)


@contextmanager
def lifted(connection: Any) -> Iterator[None]:
    """Lift the triggers for the flush between two transactional tests, and put them back."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def missing(connection: Any) -> list[str]:
    """Return the tables that should only grow and whose guard is absent, outdated or switched off."""
    return sorted({trigger.table for trigger in _missing(connection)})


def _missing(connection: Any) -> list[Trigger]:
    tables = set(connection.introspection.table_names())
    in_place = _in_place(connection)
    return [
        trigger
        for trigger in _triggers(connection.vendor, tables)
        if in_place.get(trigger.name) != (trigger.arguments or trigger.create)
    ]


def _in_place(connection: Any) -> dict[str, tuple[str, ...]]:
    """Triggers of ours that stand and fire: by name, what defines them (SQL, or arguments on PostgreSQL)."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname, encode(tgargs, 'escape') FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid "
                "WHERE NOT tgisinternal AND tgenabled = 'A' AND tgname LIKE %s AND pg_table_is_visible(c.oid)",
                [PREFIX + "%"],
            )
            return {name: tuple(arguments.split("\\000")[:-1]) for name, arguments in cursor.fetchall()}
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s", [PREFIX + "%"])
        return {name: (sql,) for name, sql in cursor.fetchall()}


def _triggers(vendor: str, tables: set[str]) -> list[Trigger]:
    make = _postgresql if vendor == "postgresql" else _sqlite
    return [t for model, rule in protected_models() if model._meta.db_table in tables for t in make(model, rule)]


def _drop(cursor: Any, vendor: str, trigger: Trigger) -> None:
    on = f' ON "{trigger.table}"' if vendor == "postgresql" else ""
    cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}{on}")


def _name(table: str, suffix: str) -> str:
    name = f"{PREFIX}_{table}_{suffix}"
    if len(name) <= NAME_LIMIT:
        return name
    return f"{PREFIX}_{hashlib.sha256(table.encode()).hexdigest()[:16]}_{suffix}"


def _sqlite(model: type[models.Model], rule: AppendOnly) -> list[Trigger]:
    """SQLite: no update, no delete, and no REPLACE, whose implicit delete fires no delete trigger.

    REPLACE is met twice: the insert trigger refuses a row whose key is taken, and our own connections
    set `recursive_triggers`, under which the implicit delete does fire.
    """
    table = model._meta.db_table
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    when = {
        "insert": " OR ".join([*_taken(model), *(f'NEW."{c}" IS NOT NULL' for c in rule.born_null)]),
        "update": " OR ".join(_forbidden_changes(model, rule)),
        "delete": _kept(table, rule.aged_by),
    }
    triggers = []
    for suffix, condition in when.items():
        name = _name(table, suffix)
        guard = f"WHEN {condition} " if condition else ""
        create = f'CREATE TRIGGER {name} BEFORE {suffix.upper()} ON "{table}" {guard}{refuse}'
        triggers.append(Trigger(name, table, (create,)))
    return triggers


def _kept(table: str, aged_by: str) -> str:
    """Condition under which a row may not be deleted; "" for a table that is never purged."""
    if not aged_by:
        return ""
    older = "CAST(strftime('%s', p.\"bound_at\") AS INTEGER) / 3600" if aged_by == "hour" else 'p."bound_at"'
    return (
        f'NOT EXISTS (SELECT 1 FROM "ledger_purgerecord" p WHERE p."table_name" = \'{table}\' AND p."done_at" IS NULL '  # noqa: S608
        f"AND p.\"bound_at\" <= datetime('now', '-{PURGE_FLOOR_DAYS} days') AND OLD.\"{aged_by}\" < {older})"
    )


def _taken(model: type[models.Model]) -> list[str]:
    """Conditions under which the row to be inserted would replace one: a key or the rowid is in use."""
    table = model._meta.db_table
    keys = [" AND ".join(f'"{c}" = NEW."{c}"' for c in columns) for columns in _unique_columns(model)]
    return [f'EXISTS (SELECT 1 FROM "{table}" WHERE {where})' for where in [*keys, "rowid = NEW.rowid"]]  # noqa: S608 - our own names


def _forbidden_changes(model: type[models.Model], rule: AppendOnly) -> list[str]:
    """Conditions under which an update is refused."""
    table = model._meta.db_table
    free = {*rule.set_once, *rule.blanked}
    frozen = [f.column for f in model._meta.concrete_fields if f.column not in free]
    found = ["OLD.rowid <> NEW.rowid", *(f'OLD."{c}" IS NOT NEW."{c}"' for c in frozen)]
    found += [f'(OLD."{c}" IS NOT NULL AND OLD."{c}" IS NOT NEW."{c}")' for c in rule.set_once]
    found += [f'(OLD."{c}" IS NOT NEW."{c}" AND NEW."{c}" IS NOT \'\')' for c in rule.blanked]
    for columns in _unique_columns(model):
        if set(columns) & set(rule.set_once):
            same = " AND ".join(f'"{c}" = NEW."{c}"' for c in columns)
            found.append(f'EXISTS (SELECT 1 FROM "{table}" WHERE {same} AND "{table}".rowid <> OLD.rowid)')  # noqa: S608
    return found


def _unique_columns(model: type[models.Model]) -> list[list[str]]:
    """Columns of the primary key and of each unconditional unique constraint."""
    meta = model._meta
    pk_fields = getattr(meta, "pk_fields", [meta.pk])
    found = [[f.column for f in pk_fields]]
    found += [[f.column] for f in meta.concrete_fields if f.unique and not f.primary_key]
    for constraint in meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.condition is None and constraint.fields:
            columns = {f.name: f.column for f in meta.concrete_fields}
            found.append([columns[name] for name in constraint.fields])
    return found


def _postgresql(model: type[models.Model], rule: AppendOnly) -> list[Trigger]:
    """PostgreSQL: one function for all tables; triggers fire ALWAYS, also in a replica session."""
    table = model._meta.db_table
    arguments: tuple[str, ...] = (",".join(rule.set_once), ",".join(rule.born_null), ",".join(rule.blanked))
    if rule.aged_by:  # the others keep the three they were made with, so that no release makes every trigger anew
        arguments = (*arguments, rule.aged_by)
    call = "EXECUTE FUNCTION watchbook_append_only({})".format(", ".join(f"'{a}'" for a in arguments))
    # a table without born_null pays nothing on insert
    row_events = "INSERT OR UPDATE OR DELETE" if rule.born_null else "UPDATE OR DELETE"
    found = []
    for suffix, events, each in (("row", row_events, "ROW"), ("truncate", "TRUNCATE", "STATEMENT")):
        name = _name(table, suffix)
        create = f'CREATE TRIGGER {name} BEFORE {events} ON "{table}" FOR EACH {each} {call}'
        always = f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {name}'
        found.append(Trigger(name, table, (create, always), arguments))
    return found


_POSTGRESQL_BODY = """
DECLARE
    set_once text[] := string_to_array(TG_ARGV[0], ',');
    born_null text[] := string_to_array(TG_ARGV[1], ',');
    blanked text[] := string_to_array(TG_ARGV[2], ',');
    was jsonb;
    becomes jsonb;
    name text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        becomes := to_jsonb(NEW);
        FOREACH name IN ARRAY born_null LOOP
            IF becomes ->> name IS NOT NULL THEN
                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
            END IF;
        END LOOP;
        RETURN NEW;
    ELSIF TG_OP = 'UPDATE' THEN
        was := to_jsonb(OLD);
        becomes := to_jsonb(NEW);
        IF (was - set_once - blanked) IS DISTINCT FROM (becomes - set_once - blanked) THEN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
        END IF;
        FOREACH name IN ARRAY set_once LOOP
            IF was ->> name IS NOT NULL AND was -> name IS DISTINCT FROM becomes -> name THEN
                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
            END IF;
        END LOOP;
        FOREACH name IN ARRAY blanked LOOP
            IF was -> name IS DISTINCT FROM becomes -> name AND becomes ->> name <> '' THEN
                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
            END IF;
        END LOOP;
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' AND TG_NARGS > 3 THEN
        was := to_jsonb(OLD);
        PERFORM 1 FROM ledger_purgerecord p
            WHERE p.table_name = TG_TABLE_NAME AND p.done_at IS NULL
            AND p.bound_at <= now() - interval '%%FLOOR%% days'
            AND CASE WHEN TG_ARGV[3] = 'hour'
                THEN (was ->> 'hour')::bigint < floor(extract(epoch FROM p.bound_at) / 3600)
                ELSE (was ->> TG_ARGV[3])::timestamptz < p.bound_at END;
        IF FOUND THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END """.replace("%%FLOOR%%", str(PURGE_FLOOR_DAYS))

_POSTGRESQL_FUNCTION = (
    f"CREATE OR REPLACE FUNCTION watchbook_append_only() RETURNS trigger LANGUAGE plpgsql AS $${_POSTGRESQL_BODY}$$"
)
