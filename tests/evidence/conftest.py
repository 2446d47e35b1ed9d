"""A house in which every promise holds, a place on this machine that takes pings, and nights that can be sealed."""

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from config import selfcheck as config_selfcheck
from evidence.services.seals import seal_due_days
from ledger.link import link_entries
from tests import builders
from tests.builders import NIGHT
from tests.world import world  # noqa: F401


@pytest.fixture
def house(db, settings):
    """Alice and Bob can be paged by mail, Checkout is watched and leads to them; it is three at night."""
    settings.EMAIL_URL = "smtp://127.0.0.1:25"
    builders.organisation()
    team = builders.team()
    alice, bob = builders.person("Alice Adeyemi", team=team), builders.person("Bob Brandt", team=team)
    ada = builders.person("Ada Admin", "admin")
    service = builders.service(team=team)
    policy = builders.policy(alice, bob, team=team)
    made = SimpleNamespace(
        now=NIGHT, team=team, alice=alice, bob=bob, ada=ada, service=service, policy=policy,
        monitor=builders.monitor(service=service), route=builders.route(policy), catch_all=builders.catch_all(ada),
    )  # fmt: skip
    link_entries()
    return made


@pytest.fixture(autouse=True)
def no_earlier_look_at_the_clock(monkeypatch):
    """The clocks' promise remembers what this process saw last."""
    monkeypatch.setattr(config_selfcheck, "_last_look", None)


class Sink:
    """An outside dead-man: counts the pings and answers what a test says."""

    def __init__(self):
        self.paths, self.status, self.location = [], 200, ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}/ping/0f3c-a-secret"

    def _handler(self):
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                sink.paths.append(self.path)
                self.send_response(sink.status)
                if sink.location:
                    self.send_header("Location", sink.location)
                self.end_headers()

            def log_message(self, *args):
                """Say nothing."""

        return Handler

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def sink():
    made = Sink()
    yield made
    made.close()


@pytest.fixture
def sealed_at():
    """Run the daily work as of an instant; return the seals that were made."""

    def run(now):
        while link_entries():
            pass
        return seal_due_days(now)

    return run


@pytest.fixture
def night(world):  # noqa: F811
    """Checkout broke at 03:01, Alice was paged and has it, it recovered; four days later all of it is sealed."""
    world.breaks("Checkout API")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("is down")
    world.phone("Alice").reply("4")
    world.mends("Checkout API")
    world.advance(minutes=4)
    world.phone("Alice").expect_sms("Stand down")
    world.now += timedelta(days=4)
    while seal_due_days(world.now):
        pass
    return world
