"""What stops a start, or asks for a look, before anything runs."""

import sqlite3

import pytest

from config import checks


@pytest.mark.parametrize(
    ("version", "embedded", "stops"),
    [((3, 32, 3), True, True), ((3, 33, 0), True, False), ((3, 40, 1), True, False), ((3, 8, 0), False, False)],
)
def test_a_sqlite_that_cannot_store_results_stops_the_start(settings, monkeypatch, version, embedded, stops):
    settings.EMBEDDED = embedded
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    found = checks.sqlite_is_new_enough(None)
    assert [one.id for one in found] == (["watchbook.E021"] if stops else [])


def test_the_message_says_what_would_be_right(settings, monkeypatch):
    settings.EMBEDDED = True
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 32, 3))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.32.3")
    (found,) = checks.sqlite_is_new_enough(None)
    assert "3.32.3" in found.msg and "3.33" in found.msg and "DATABASE_URL" in found.hint
