from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from ledger import append_only
from tests.world import world  # noqa: F401 - the fixture


class Moment:
    """Instants of one day, so that tests read as a story: at(9, 30)."""

    day = datetime(2026, 11, 22, tzinfo=UTC)

    def __call__(self, hour, minute=0, second=0):
        return self.day + timedelta(hours=hour, minutes=minute, seconds=second)


@pytest.fixture
def at():
    return Moment()


@pytest.fixture
def tamper(db):
    """Run SQL as somebody who may drop triggers, and leave no trigger dropped."""

    def run(sql, parameters=(), *, table="ledger_entry"):
        own = append_only._triggers(connection.vendor, {table})
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # triggers for foreign keys wait until the end, and DDL does not
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for trigger in own:
                append_only._drop(cursor, connection.vendor, trigger)
            cursor.execute(sql, parameters)
            changed = cursor.rowcount
            if connection.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for trigger in own:
                for statement in trigger.create:
                    cursor.execute(statement)
        return changed

    return run
