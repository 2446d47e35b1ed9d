"""PostgreSQL stands still while a monitor is watched: senders hear 503 in time, and what nobody saw is unknown."""

import os
import time
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.processes.conftest import GROWN, grown
from tests.processes.house import BEN
from tests.processes.peers import Valve, wait_for
from tests.processes.test_crash_matrix import the_dark_is_unknown

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.timeout(180),
]
BOUND_S = 1.0
STANDS_STILL_S = 8.0


@pytest.fixture
def valve():
    if not GROWN:
        pytest.skip("needs PostgreSQL: set DATABASE_URL")
    where = urlsplit(os.environ["DATABASE_URL"])
    valve = Valve((where.hostname, where.port or 5432))
    yield valve
    valve.close()


@pytest.fixture
def watched_house(tmp_path, outside, valve, monkeypatch):
    """The product, grown, with the valve between it and its database."""
    where = urlsplit(os.environ["DATABASE_URL"])
    netloc = f"{where.netloc.rpartition('@')[0]}@127.0.0.1:{valve.port}"
    monkeypatch.setenv("DATABASE_URL", urlunsplit(where._replace(netloc=netloc)))
    with grown(tmp_path, outside, DATABASE_ANSWER_S=str(BOUND_S)) as house:
        try:
            yield house
        finally:
            valve.open()


def ping(house):
    """The status of a ping, and how long it took. Nobody has this key, which only the database can tell."""
    began = time.monotonic()
    try:
        with urllib.request.urlopen(f"{house.product.url}/ping/{uuid.uuid4()}", timeout=20) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    return status, time.monotonic() - began


def test_senders_hear_503_in_time_and_the_time_that_nobody_saw_is_unknown(watched_house, target, valve):
    house = watched_house
    monitor = house.watch("Still water", target.url)
    assert ping(house)[0] == 404
    dark_from = datetime.now(UTC)
    valve.shut()
    until = time.monotonic() + STANDS_STILL_S
    while time.monotonic() < until:
        status, took = ping(house)
        assert (status, took < 2 * BOUND_S + 2) == (503, True), took
        began = time.monotonic()
        assert house.twilio.send_sms(f"{house.product.url}/in/twilio/sms", BEN, "4", sid="")[0] == 503
        assert time.monotonic() - began < 2 * BOUND_S + 2
    valve.open()
    wait_for("pings are answered again", lambda: ping(house)[0] == 404, within=15)
    back = datetime.now(UTC)
    wait_for("checks run again", lambda: any(at > back for at in house.results(monitor)), within=20)
    told = sorted(house.intervals(monitor), key=lambda one: one[1])
    assert all(one[2] == following[1] for one, following in pairwise(told)), told
    assert "unknown" in [state for state, start, end in told if end > dark_from]
    the_dark_is_unknown(house, monitor, dark_from)
    house.ledger_holds()
