"""The disk is full or the database gone: what promises to remember answers 503, and no ping leaves."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection

from config import ticks
from config.steps import STEPS
from config.ticks import Tick
from evidence.models import DeadManState
from evidence.services.audit import audit
from evidence.services.deadman import change_dead_man, ping
from ledger.promises import Promise
from tests.api import cast

pytestmark = pytest.mark.django_db(transaction=True)
SOUND = Promise("test.holds", "It holds.", "it does not", lambda now: None, "Mend it.")


@pytest.fixture
def read_only():
    """A function that takes away the permission to write, as a full disk does; it is given back at the end."""
    if connection.vendor != "sqlite":
        pytest.skip("one PRAGMA makes SQLite read-only; PostgreSQL would need a server of its own")

    def take_away(*, yes=True):
        connection.ensure_connection()
        connection.connection.execute(f"PRAGMA query_only={int(yes)}")

    yield take_away
    take_away(yes=False)


def test_an_audit_that_cannot_be_written_asks_for_no_ping(house, sink, settings, read_only):
    settings.DEADMAN_URL = sink.url
    audit([SOUND], now=house.now)
    assert ping(house.now) == 1
    read_only()
    later = house.now + timedelta(minutes=1)
    with pytest.raises(DatabaseError):
        audit([SOUND], now=later)
    assert ping(later) == 0
    read_only(yes=False)
    audit([SOUND], now=later)
    assert ping(later) == 1
    assert len(sink.paths) == 2


def test_a_ping_that_is_due_does_not_leave_either(house, sink, settings, read_only):
    settings.DEADMAN_URL = sink.url
    audit([SOUND], now=house.now)
    assert DeadManState.objects.get().due_at == house.now
    read_only()
    with pytest.raises(DatabaseError):
        ping(house.now)
    assert sink.paths == []


def test_the_other_steps_of_the_tick_go_on(house, read_only):
    read_only()
    audit_only = tuple(step for step in STEPS if step.name == "audit")
    assert Tick(ticks.ENGINE, audit_only).run(house.now) == {"audit": False}


def test_senders_are_told_to_try_again(world, read_only):
    # world: a Twilio whose signatures are right, so that only the store is at fault
    read_only()
    try:
        for path, params in (
            ("/in/twilio/sms", world.twilio.sms_params("+447700900101", "4")),
            ("/in/twilio/status", {"AccountSid": world.twilio.account, "MessageSid": "SM1", "MessageStatus": "sent"}),
        ):
            assert world.post(path, params).status_code == 503
    finally:
        read_only(yes=False)


def test_naming_a_dead_man_is_refused_by_the_api_with_503(house, read_only, settings):
    caller = cast.client(house.ada)
    caller.get("/api/v1/me/")
    read_only()
    sent = caller.put("/api/v1/dead-man/", {"url": "https://hc.example.com/x", "reason": "Test"}, format="json")
    read_only(yes=False)
    assert (sent.status_code, sent.json()["error"]["code"]) == (503, "unavailable")
    change_dead_man(url="https://hc.example.com/x", now=house.now, reason="Test")
