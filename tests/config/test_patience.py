"""A PostgreSQL that stands still: whoever asks hears that within a bound, and is served again when it goes on."""

import time

import psycopg
import pytest
from django.db import connection
from psycopg_pool import ConnectionPool

from config.patience import Patient
from tests.processes.peers import Valve

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
BOUND_S = 0.6


@pytest.fixture
def valve():
    known = connection.settings_dict
    valve = Valve((known["HOST"] or "127.0.0.1", int(known["PORT"] or 5432)))
    yield valve
    valve.close()


@pytest.fixture
def pool(valve, monkeypatch):
    monkeypatch.setattr(Patient, "answer_within_s", BOUND_S)
    known = connection.settings_dict
    where = {"host": "127.0.0.1", "port": valve.port, "dbname": known["NAME"], "user": known["USER"]}
    pool = ConnectionPool(
        kwargs={**where, "password": known["PASSWORD"], "autocommit": True, "connect_timeout": 2},
        connection_class=Patient, min_size=0, max_size=2, timeout=BOUND_S, reconnect_timeout=BOUND_S,
        check=ConnectionPool.check_connection, open=True,
    )  # fmt: skip
    yield pool
    valve.open()
    pool.close()


def test_a_question_that_is_under_way_ends_within_the_bound_and_its_line_is_cut(pool, valve):
    line = pool.getconn()
    assert line.execute("SELECT 1").fetchone() == (1,)
    valve.shut()
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError, match="did not answer in time"):
        line.execute("SELECT 2")
    assert BOUND_S <= time.monotonic() - began < BOUND_S + 1
    assert line.closed, "its late answer must not be taken for that to another question"
    pool.putconn(line)


def test_whoever_wants_a_connection_meanwhile_hears_no_within_the_bound_and_afterwards_yes(pool, valve):
    with pool.connection() as line:
        line.execute("SELECT 1")
    valve.shut()
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError), pool.connection():
        pass
    assert time.monotonic() - began < 2 * BOUND_S + 1
    valve.open()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            with pool.connection() as line:
                assert line.execute("SELECT 3").fetchone() == (3,)
            return
        except psycopg.OperationalError:
            continue
    raise AssertionError("the database answers again, and nobody is served")
