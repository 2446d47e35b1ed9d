"""One line an hour stands for all checks and callbacks of it, and gives away whoever touches them."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from evidence.models import HourDigest
from evidence.services import digests
from ledger import append_only
from ledger.hours import HOUR, summed
from ledger.models import Entry
from monitors.engine.packing import pack
from monitors.models import ResultPack

pytestmark = pytest.mark.django_db


@pytest.fixture
def hours(world):
    """Two whole hours of a monitor, packed, with a failure in the second, and their lines."""
    world.advance(minutes=3)
    world.breaks("Checkout API")
    world.advance(minutes=1)
    world.mends("Checkout API")
    world.advance(minutes=2)
    world.skip(hours=2)
    for _ in range(4):
        pack(world.now)
        digests.digest_hours(world.now)
    return world


def lines():
    return [
        json.loads(line)["data"]
        for line in Entry.objects.filter(kind="digest.hour").order_by("pk").values_list("line", flat=True)
    ]


def test_an_hour_is_one_line_with_counts_and_hashes(hours):
    newest = lines()[-1]
    assert set(newest["facts"]) == {"packs", "failures", "pings", "callbacks", "texts", "keys", "taps"}
    assert all(len(one["sha256"]) == 64 for one in newest["facts"].values())
    assert HourDigest.objects.count() == len(lines())


def test_every_hour_has_its_line_once_also_after_a_stop(hours):
    hours.skip(hours=5)
    for _ in range(8):
        pack(hours.now)
        digests.digest_hours(hours.now)
    told = [line["hour"] for line in lines()]
    assert told == sorted(set(told)) and len(told) >= 6
    assert digests.digest_hours(hours.now) == 0


def test_the_command_finds_a_check_that_was_removed(hours, tamper_packs):
    hours.skip(hours=1)
    for _ in range(8):
        pack(hours.now)
        digests.digest_hours(hours.now)
    out = StringIO()
    call_command("verify_digests", stdout=out)
    assert "The digests hold" in out.getvalue()
    known = {row.hour for row in HourDigest.objects.all()}
    touched = ResultPack.objects.filter(hour__in=known).first()
    if touched is None:
        pytest.skip("no pack in a digested hour")
    tamper_packs(f"DELETE FROM monitors_resultpack WHERE hour = {touched.hour}")
    with pytest.raises(CommandError, match=r"packs of .*: 1 were recorded, 0 are there"):
        call_command("verify_digests")


@pytest.fixture
def tamper_packs():
    def run(sql):
        _settle()
        with append_only.lifted(connection), connection.cursor() as cursor:
            cursor.execute(sql)
            _settle()

    return run


def _settle():
    """PostgreSQL changes no triggers of a table while it still has a deferred check to make."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@given(st.lists(st.tuples(st.text(), st.integers(), st.binary(), st.none() | st.booleans()), max_size=5))
def test_the_hash_tells_every_other_list_apart(rows):
    told = summed(rows)
    assert told.count == len(rows)
    assert summed([*rows, ("more",)]).sha256 != told.sha256
    if rows:
        assert summed(rows[1:]).sha256 != told.sha256
        assert summed([(*rows[0], ""), *rows[1:]]).sha256 != told.sha256
    assert timedelta(hours=1) == HOUR
