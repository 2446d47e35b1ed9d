"""PostgreSQL stands still while a monitor is watched: senders hear 503 in time, and what nobody saw is unknown."""

import os
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
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


def ping(house, key):
    """The status of a ping, and how long it took."""
    began = time.monotonic()
    try:
        with urllib.request.urlopen(f"{house.product.url}/ping/{key}", timeout=20) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    return status, time.monotonic() - began


def test_senders_hear_503_in_time_and_the_time_that_nobody_saw_is_unknown(watched_house, target, valve):
    house = watched_house
    key, answered = house.heartbeat(), []

    def taken():
        answered.append(ping(house, key)[0])
        return answered[-1] == 200

    monitor = house.watch("Still water", target.url)
    assert taken()
    target.kill()
    wait_for("it is down", lambda: house.state(monitor) == "down", within=15)
    dark_from = datetime.now(UTC)
    valve.shut()
    target.start()
    until = time.monotonic() + STANDS_STILL_S
    while time.monotonic() < until:
        status, took = ping(house, key)
        assert (status, took < 2 * BOUND_S + 2) == (503, True), took
        began = time.monotonic()
        assert house.twilio.send_sms(f"{house.product.url}/in/twilio/sms", BEN, "4", sid="")[0] == 503
        assert time.monotonic() - began < 2 * BOUND_S + 2
    valve.open()
    wait_for("pings are taken again", taken, within=15)
    wait_for("it is up", lambda: house.state(monitor) == "up", within=30)
    assert len(house.api.rows("pings/", limit=200)) >= answered.count(200)
    told = sorted(house.intervals(monitor), key=lambda one: one[1])
    assert all(one[2] == following[1] for one, following in pairwise(told)), told
    assert [state for state, _, _ in told] == ["unknown", "up", "down", "unknown", "up"]
    the_dark_is_unknown(house, monitor, dark_from)
    figures = house.api.get(f"services/{house.service}/availability/")["items"][0]["figures"]
    down = told[2][2] - told[2][1]
    assert abs(figures["down_ms"] - down / timedelta(milliseconds=1)) <= 2
    house.ledger_holds()
