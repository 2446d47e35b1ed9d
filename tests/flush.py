"""The one sanctioned way around the append-only triggers: Django's flush between transactional tests.

Django empties every table after a transactional test; the triggers would refuse. They are lifted for
the flush alone and put back before the next test starts, which tests/ledger/test_append_only.py proves.
"""

from contextlib import ExitStack

import pytest
from django.db.backends.postgresql.base import DatabaseOperations as PostgreSQL
from django.db.backends.sqlite3.base import DatabaseOperations as SQLite

from ledger.append_only import lifted


def _flush_with_triggers_lifted(operations):
    flush = operations.execute_sql_flush

    def execute_sql_flush(self, sql_list):
        with lifted(self.connection):
            return flush(self, sql_list)

    return execute_sql_flush


@pytest.fixture(autouse=True, scope="session")
def triggers_lifted_for_flush():
    with ExitStack() as stack:
        for operations in (SQLite, PostgreSQL):
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr(operations, "execute_sql_flush", _flush_with_triggers_lifted(operations))
        yield
