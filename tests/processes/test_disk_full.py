"""The disk is full in the middle of an outage: nobody is told a lie, and what nobody could write down is unknown."""

import contextlib
import errno
import os
import shutil
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.processes.conftest import embedded
from tests.processes.house import BEN
from tests.processes.peers import wait_for
from tests.processes.test_crash_matrix import the_dark_is_unknown

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(180)]
FULL_FOR_S = 6.0


class SmallDisk:
    """A file system of a few megabytes at a folder, that can be filled to the last byte and freed again."""

    def __init__(self, folder, megabytes=48):
        self.folder, self._ballast = folder, folder / "ballast"
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("needs root, to mount a small disk")

    def fill(self, database):
        """Use up every byte. The log of the database first gives back the room it holds, or it would go on in it."""
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(database, timeout=2)) as open_one:
            open_one.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(self._ballast, "ab", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(b"\0" * 4096)

    def free(self):
        self._ballast.unlink()

    def close(self):
        subprocess.run(["umount", "-l", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path):
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("needs root, to mount a small disk")
    disk = SmallDisk(tmp_path / "data")
    yield disk
    disk.close()


@pytest.fixture
def watched_house(tmp_path, outside, disk):
    with embedded(tmp_path, outside) as house:
        yield house


def ping(house, key):
    """The status of a ping; 0 if nothing answered."""
    try:
        with urllib.request.urlopen(f"{house.product.url}/ping/{key}", timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        assert error.errno != errno.ETIMEDOUT, error
        return 0


def stored_pings(house):
    return len(house.api.rows("pings/", limit=200))


def test_senders_hear_503_and_the_time_that_could_not_be_written_is_unknown(watched_house, target, disk):
    house, database = watched_house, watched_house.product.database_file
    key = house.heartbeat()
    monitor = house.watch("Till", target.url)
    answered = [ping(house, key) for _ in range(3)]
    assert answered == [200, 200, 200]
    target.kill()
    wait_for("it is down", lambda: house.state(monitor) == "down", within=15)

    def nothing_can_be_stored():
        disk.fill(database)
        answered.append(ping(house, key))
        return answered[-1] == 503

    wait_for("a ping is refused", nothing_can_be_stored, within=20)
    dark_from = datetime.now(UTC)
    target.start()
    until = time.monotonic() + FULL_FOR_S
    while time.monotonic() < until:
        answered.append(ping(house, key))
        assert answered[-1] == 503
        assert house.twilio.send_sms(f"{house.product.url}/in/twilio/sms", BEN, "4", sid="")[0] == 503
        time.sleep(0.3)
    disk.free()
    back = datetime.now(UTC)
    wait_for("pings are taken again", lambda: answered.append(ping(house, key)) or answered[-1] == 200, within=20)
    wait_for("it is up", lambda: house.state(monitor) == "up", within=30)

    assert set(answered) == {200, 503}
    assert stored_pings(house) == answered.count(200), "each ping that was answered with 200, and no other"
    told = sorted(house.intervals(monitor), key=lambda one: one[1])
    assert all(one[2] == following[1] for one, following in pairwise(told)), told
    assert [state for state, _, _ in told] == ["unknown", "up", "down", "unknown", "up"]
    assert told[-1][1] > dark_from, "nothing that nobody could write down is up"
    the_dark_is_unknown(house, monitor, dark_from)
    unknown = told[3][2] - told[3][1]
    assert unknown >= timedelta(seconds=FULL_FOR_S - 3)
    assert told[3][2] <= back + timedelta(seconds=25)
    figures = house.api.get(f"services/{house.service}/availability/")["items"][0]["figures"]
    down = told[2][2] - told[2][1]
    assert abs(figures["down_ms"] - down / timedelta(milliseconds=1)) <= 2
    watched = sum(((end - start) for state, start, end in told if state == "up"), timedelta(seconds=2))
    assert figures["up_ms"] <= watched / timedelta(milliseconds=1)
    house.ledger_holds()
