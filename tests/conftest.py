"""What every test has: the flush that knows about append-only tables, Hypothesis' profiles, the marks that skip."""

import os
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.db import connection

from monitors.engine import witness
from tests import template
from tests.flush import triggers_lifted_for_flush  # noqa: F401

hypothesis.settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True)
hypothesis.settings.register_profile("soak", max_examples=2_000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday in winter
NEEDS_SERVERS = ("django_db", "postgres", "redis", "processes")


def pytest_addoption(parser):
    parser.addoption(
        "--servers", action="store_true", help="only tests that touch a database or a broker: the others ran already"
    )


def pytest_collection_modifyitems(config, items):
    """With --servers, leave out what would do the same on any database."""
    if not config.getoption("--servers"):
        return
    kept = [one for one in items if _touches_servers(one)]
    config.hook.pytest_deselected(items=[one for one in items if one not in set(kept)])
    items[:] = kept


def _touches_servers(item):
    if item.get_closest_marker("embedded"):
        return False
    used = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    return bool(used) or any(item.get_closest_marker(name) for name in NEEDS_SERVERS)


def pytest_runtest_setup(item):
    if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: set DATABASE_URL")
    if item.get_closest_marker("redis") and not settings.REDIS_URL:
        pytest.skip("needs Redis: set REDIS_URL")


@pytest.fixture(scope="session")
def django_db_keepdb():
    """Whether the database is there already, with its migrations done: on SQLite, as a copy."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """When the file has its name, put a migrated database there."""
    if connection.vendor == "sqlite":
        template.copy_to(Path(connection.settings_dict["TEST"]["NAME"]))


@pytest.fixture(autouse=True)
def no_memory_of_other_clocks(monkeypatch):
    """A process remembers the clocks it last saw; a test that begins at another time would be told that they were put."""
    monkeypatch.setattr(witness, "eyes", witness.Eyes())


@pytest.fixture
def now():
    """A fixed instant."""
    return NOON
