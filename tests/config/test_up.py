"""`python3 up.py`, whole: real processes, a data folder of its own, started, hurt, stopped and started again."""

import http.client
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from django.urls import reverse

from tests.config.test_hints import wait_for

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.processes, pytest.mark.embedded]


class Running:
    def __init__(self, data, port):
        self.data, self.port = data, port
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        environ = {**kept, "WATCHBOOK_ENV_FILE": "", "DATA_DIR": str(data), "PORT": str(port), "LOG_LEVEL": "warning"}
        self.log = data.parent / f"log-{time.monotonic_ns()}"
        with self.log.open("wb") as log:
            self.began = time.monotonic()
            self.process = subprocess.Popen([sys.executable, str(ROOT / "up.py")], env=environ, stdout=log, stderr=log)
        self.environ = environ

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def ready(self):
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            assert self.process.poll() is None, self.said()
            return False

    def said(self):
        return self.log.read_text()

    def children(self):
        """The living children by name."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error, IndexError):  # just died, or not yet begun
                found[child.cmdline()[-1]] = child
        return found

    def setup_link(self):
        return re.search(r"/setup/[A-Za-z0-9_-]{43}/", self.said()).group()

    def manage(self, *arguments):
        command = [str(ROOT / ".venv/bin/python"), str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=self.environ, capture_output=True, text=True, timeout=60)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def up(data, port):
    running = Running(data, port)
    try:
        wait_for(running.ready, 90)
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture(scope="module")
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("up") / "data"


@pytest.fixture(scope="module")
def first(data, port):
    """The first start, from an empty folder; what it said and showed, after it was stopped with Ctrl-C."""
    with up(data, port) as running:
        wait_for(lambda: "Ctrl-C stops it." in running.said(), 10)
        seen = {
            "children": sorted(running.children()),
            "link": running.setup_link(),
            "page": running.get(running.setup_link()),
            "wrong": running.get("/setup/" + "x" * 43 + "/"),
            "doctor": running.manage("doctor", "--offline"),
            "ready": json.loads(running.get("/readyz")[1]),
        }
        pids = [child.pid for child in running.children().values()]
        seen["code"] = running.stop(signal.SIGINT)
        seen["left"] = [pid for pid in pids if psutil.pid_exists(pid)]
        seen["said"] = running.said()
        return seen


def test_exactly_two_processes_run_under_the_supervisor(first):
    assert first["children"] == ["engine", "web"]


def test_it_says_where_it_is_and_how_to_set_it_up(first, port):
    assert f"Watchbook is at http://127.0.0.1:{port}/" in first["said"]
    assert first["page"][0] == 200
    assert first["wrong"][0] != 200


def test_the_doctor_is_content_with_a_fresh_installation(first):
    assert first["doctor"].returncode == 0, first["doctor"].stdout
    assert all(fact["ok"] for fact in first["ready"]["facts"].values())


def test_ctrl_c_stops_everything_with_code_0(first):
    assert first["code"] == 0
    assert first["left"] == []
    assert "Traceback" not in first["said"]


def test_the_link_leads_to_the_first_run_page(first):
    assert reverse("setup", args=["x"]) == "/setup/x/"
    assert first["link"].startswith("/setup/")


def test_keys_and_database_are_for_the_owner_only(first, data):
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (data / "secrets").iterdir()} == {0o600}


def test_the_second_start_takes_less_than_five_seconds_and_survives_deaths(first, data, port):
    with up(data, port) as running:
        # the bar is for quiet cores: `make bench NAME=start`. On busy ones it may take as much longer as they are busy.
        assert time.monotonic() - running.began < 5 * max(1.0, os.getloadavg()[0])
        wait_for(lambda: "Ctrl-C stops it." in running.said(), 10)
        assert running.setup_link() != first["link"]
        assert running.get(first["link"])[0] != 200
        for name in ("engine", "web"):
            killed = running.children()[name]
            killed.kill()
            wait_for(lambda name=name, killed=killed: running.children().get(name, killed) != killed, 20)
        wait_for(running.ready, 20)
        assert running.stop() == 0


def test_a_supervisor_killed_outright_leaves_the_port_and_the_folder_free(first, data, port):
    with up(data, port) as running:
        children = list(running.children().values())
        running.process.kill()
        running.process.wait()
        psutil.wait_procs(children, timeout=15)
        assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
    with up(data, port) as again:
        assert again.ready()
