"""Grown: two workers and two beats on PostgreSQL and Redis. Beats die, the broker goes away; the ticks go on."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from config.keys import ensure_keys
from tests.config.test_hints import wait_for

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.processes,
    pytest.mark.postgres,
    pytest.mark.skipif(not shutil.which("redis-server"), reason="needs redis-server"),
    pytest.mark.timeout(300),
]
NAME = f"watchbook_grown_{os.getpid()}"


def server(database):
    """A connection to a database on the PostgreSQL server of this run."""
    one = settings.DATABASES["default"]
    known = {"host": one["HOST"], "port": one["PORT"] or 5432, "user": one["USER"], "password": one["PASSWORD"]}
    return psycopg.connect(dbname=database, autocommit=True, **known)


class Grown:
    """Processes by name, one Redis and one database of their own."""

    def __init__(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.redis_port = free.getsockname()[1]
        ensure_keys(folder / "data")
        one = settings.DATABASES["default"]
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        self.environ = {
            **kept,
            "WATCHBOOK_ENV_FILE": "",
            "DATA_DIR": str(folder / "data"),
            "DATABASE_URL": f"postgres://{one['USER']}:{one['PASSWORD']}@{one['HOST']}:{one['PORT'] or 5432}/{NAME}",
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "TICK_S": "0.5",
            "WATCHDOG_AFTER_S": "1.5",
            "LOG_LEVEL": "warning",
        }
        self.folder, self.running = folder, {}

    def start(self, name, *command):
        log = (self.folder / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(command, env=self.environ, cwd=ROOT, stdout=log, stderr=log)
        log.close()

    def redis(self):
        self.start("redis", "redis-server", "--port", str(self.redis_port), "--save", "", "--dir", str(self.folder))

    def celery(self, name, *arguments):
        self.start(name, sys.executable, "-m", "celery", "-A", "config", *arguments)

    def kill(self, *names):
        for name in names:
            process = self.running.pop(name)
            process.send_signal(signal.SIGKILL)
            process.wait()

    def ask(self, sql):
        with server(NAME) as connection:
            return connection.execute(sql).fetchall()

    def alive(self, component):
        """How many processes showed this sign of life within the last second."""
        sql = "SELECT count(*) FROM ledger_liveness WHERE component = '{}' AND seen_at > now() - interval '1 second'"
        return self.ask(sql.format(component))[0][0]

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    with server("postgres") as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    one = Grown(tmp_path_factory.mktemp("grown"))
    one.redis()
    subprocess.run([sys.executable, "manage.py", "prepare"], env=one.environ, cwd=ROOT, check=True, capture_output=True)
    for number in "12":
        queues = "engine,deliver,slow,probe.local"
        one.celery(f"worker{number}", "worker", "-P", "threads", "-c", "4", "-n", f"w{number}@x", "-Q", queues)
        one.celery(f"beat{number}", "beat")
    yield one
    one.kill(*list(one.running))
    with server("postgres") as connection:
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def test_both_workers_tick_and_no_watchdog_does(grown):
    wait_for(lambda: grown.alive("engine") == 2, 60)
    wait_for(lambda: grown.alive("watchdog") == 0, 20)


def test_with_both_beats_dead_the_watchdogs_tick(grown):
    grown.kill("beat1", "beat2")
    wait_for(lambda: grown.alive("watchdog") == 2, 20)


def test_with_a_beat_back_they_stand_down(grown):
    grown.celery("beat1", "beat")
    wait_for(lambda: grown.alive("engine") == 2 and grown.alive("watchdog") == 0, 30)


def test_with_the_broker_away_the_watchdogs_tick(grown):
    grown.kill("redis")
    wait_for(lambda: grown.alive("watchdog") == 2, 30)


def test_a_worker_that_starts_without_a_broker_ticks_too(grown):
    grown.celery("worker3", "worker", "-P", "threads", "-c", "4", "-n", "w3@x", "-Q", "engine")
    wait_for(lambda: grown.alive("watchdog") == 3, 30)
    grown.kill("worker3")


def test_with_the_broker_back_celery_takes_over_again(grown):
    grown.redis()
    wait_for(lambda: grown.alive("engine") == 2, 60)
    wait_for(lambda: grown.alive("watchdog") == 0, 30)


def test_nothing_broke_on_the_way(grown):
    for name in ("worker1", "worker2"):
        assert "step_failed" not in grown.log(name)
        assert "watchdog_failed" not in grown.log(name)
