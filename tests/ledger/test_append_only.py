"""What only grows: the database itself refuses to change it, whoever asks and however."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import TransactionTestCase

from accounts.models import Team
from ledger import append_only
from ledger.link import link_entries
from ledger.models import Entry, LedgerSubject, Text
from ledger.record import record
from ledger.texts import keep

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ON_SQLITE = pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
ON_POSTGRESQL = pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has it")


@pytest.fixture
def rows(at):
    """One chained entry with a subject, one waiting, one history row, one text."""
    record("test.counted", [("test", "tst_1")], {}, now=at(1))
    link_entries()
    record("test.counted", [], {}, now=at(2))
    team = Team(name="Payments")
    team.save(now=at(3), reason="They take the money")
    return team


@contextmanager
def refused():
    with pytest.raises(DatabaseError, match="is append-only"), transaction.atomic():
        yield


def run(sql, parameters=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.rowcount


TABLES = ["ledger_entry", "ledger_ledgersubject", "accounts_historicalteam", "ledger_text"]


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_deleted(rows, table):
    with refused():
        run(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("ledger_entry", "line", "{}"),
        ("ledger_entry", "kind", "forged"),
        ("ledger_entry", "id", 99),
        ("ledger_ledgersubject", "object_id", "forged"),
        ("accounts_historicalteam", "name", "forged"),
        ("accounts_historicalteam", "history_type", "-"),
        ("ledger_text", "body", "other words"),
        ("ledger_text", "sha256", "0" * 64),
    ],
)
def test_no_row_is_changed(rows, table, column, value):
    with refused():
        run(f"UPDATE {table} SET {column} = %s", [value])


def test_the_orm_is_refused_too(rows):
    with refused():
        Entry.objects.update(kind="forged")
    with refused():
        LedgerSubject.objects.all()._raw_delete("default")
    with refused():
        rows.history.first().delete()


def test_number_and_hash_are_given_once(rows):
    run("UPDATE ledger_entry SET seq = 2, hash = 'b' WHERE seq IS NULL AND kind = 'test.counted'")
    with refused():
        run("UPDATE ledger_entry SET hash = 'c' WHERE seq = 2")
    with refused():
        run("UPDATE ledger_entry SET seq = NULL WHERE seq = 2")


def test_an_entry_is_born_without_a_number(rows, at):
    with refused():
        Entry.objects.create(recorded_at=at(4), kind="forged", line="{}", seq=7, hash="b")


def test_a_text_may_be_blanked_and_marked_once(rows, at):
    assert Text.objects.update(body="", redacted_at=at(4)) == 1
    with refused():
        Text.objects.update(redacted_at=at(5))
    with refused():
        Text.objects.update(body="They are back")


@ON_SQLITE
@pytest.mark.parametrize(
    "sql",
    [
        "INSERT OR REPLACE INTO ledger_entry (id, recorded_at, kind, line) SELECT id, recorded_at, 'forged', line FROM ledger_entry WHERE seq = 1",
        "REPLACE INTO ledger_entry (id, recorded_at, kind, line) SELECT id, recorded_at, 'forged', line FROM ledger_entry WHERE seq = 1",
        "REPLACE INTO ledger_text (rowid, sha256, body, recorded_at) SELECT rowid, 'x', 'forged', recorded_at FROM ledger_text",
        "REPLACE INTO ledger_text (sha256, body, recorded_at) SELECT sha256, 'forged', recorded_at FROM ledger_text",
        "UPDATE OR REPLACE ledger_entry SET seq = 1, hash = 'forged' WHERE kind = 'test.counted' AND seq IS NULL",
        "UPDATE OR REPLACE ledger_text SET rowid = rowid + 1",
        "INSERT INTO ledger_text (sha256, body, recorded_at) SELECT sha256, 'forged', recorded_at FROM ledger_text "
        "WHERE true ON CONFLICT (sha256) DO UPDATE SET body = 'forged'",
    ],
)
def test_replacing_a_row_is_refused_in_every_spelling(rows, sql):
    before = list(Entry.objects.values_list())
    with refused():
        run(sql)
    assert list(Entry.objects.values_list()) == before


@ON_SQLITE
def test_a_row_that_any_unique_index_would_replace_is_refused_because_delete_triggers_fire(rows):
    run("CREATE UNIQUE INDEX only_here ON ledger_text (recorded_at) WHERE redacted_at IS NULL")
    with refused():
        run("REPLACE INTO ledger_text (sha256, body, recorded_at) SELECT 'x', 'forged', recorded_at FROM ledger_text")


@ON_POSTGRESQL
@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_not_truncated(rows, table):
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with refused():
        run(f"TRUNCATE {table} CASCADE")


@ON_POSTGRESQL
def test_a_session_that_calls_itself_a_replica_is_refused_too(rows):
    run("SET LOCAL session_replication_role = replica")
    with refused():
        run("UPDATE ledger_entry SET kind = 'forged'")
    with refused():
        run("DELETE FROM ledger_entry")


@ON_POSTGRESQL
def test_an_upsert_is_refused(rows):
    with refused():
        run(
            "INSERT INTO ledger_text (sha256, body, recorded_at) SELECT sha256, 'forged', recorded_at FROM ledger_text "
            "ON CONFLICT (sha256) DO UPDATE SET body = 'forged'"
        )


def test_a_missing_guard_is_noticed_and_mended(rows):
    (trigger, *_) = append_only._triggers(connection.vendor, {"ledger_entry"})
    with connection.cursor() as cursor:
        append_only._drop(cursor, connection.vendor, trigger)
    assert append_only.missing(connection) == ["ledger_entry"]
    append_only.install(connection)
    assert append_only.missing(connection) == []


@ON_POSTGRESQL
def test_a_guard_that_was_switched_off_is_noticed_and_mended(rows):
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE ledger_entry DISABLE TRIGGER append_only_ledger_entry_row")
    assert append_only.missing(connection) == ["ledger_entry"]
    append_only.install(connection)
    assert append_only.missing(connection) == []


def test_installing_again_changes_nothing(django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        append_only.install(connection)


def test_the_check_names_the_table_that_nothing_guards(capsys):
    with connection.cursor() as cursor:
        for trigger in append_only._triggers(connection.vendor, {"ledger_text"}):
            append_only._drop(cursor, connection.vendor, trigger)
    call_command("check", "--database", "default", "--tag", "database")
    said = capsys.readouterr().err
    assert "ledger.W001" in said
    assert "ledger_text" in said


def test_names_too_long_for_postgresql_are_told_apart():
    table = "a" * 60
    assert len({append_only._name(table, suffix)[:63] for suffix in ("insert", "update", "delete")}) == 3


class TestBetweenTransactionalTests(TransactionTestCase):
    """Each of these leaves rows that must not be deleted; the other finds none, and its triggers in place."""

    def _leave_something(self):
        assert not Entry.objects.exists(), "the flush emptied what the other test left"
        assert append_only.missing(connection) == [], "and the triggers are back"
        with transaction.atomic():
            keep("Words", now=record("test.left", [("test", "tst_1")], {}, now=NOON).recorded_at)
        with refused():
            Entry.objects.all()._raw_delete("default")
        with refused():
            Text.objects.all()._raw_delete("default")

    def test_one(self):
        self._leave_something()

    def test_another(self):
        self._leave_something()
