"""The outside dead-man hears from us only after an audit that found paging sound, and says nothing of its address."""

import json
from datetime import timedelta

import pytest
from django.db import connection

from accounts.services.organisation import allow_network
from config.env import Env, SettingError
from evidence.addresses import AddressRefused, mask_url, read_url
from evidence.models import DeadMan, DeadManState
from evidence.queries.watch import dead_man_standing
from evidence.selfcheck import PROMISES
from evidence.services.audit import audit
from evidence.services.deadman import SetInEnvironment, change_dead_man, ping, ping_waits
from ledger.hints import set_publisher
from ledger.models import Entry
from ledger.promises import Breach, Promise
from ledger.tracked import StaleVersion
from tests.builders import NIGHT

MINUTE = timedelta(minutes=1)
SOUND = Promise("test.holds", "It holds.", "it does not", lambda now: None, "Mend it.")
NOTE = Promise("test.note", "It holds.", "it does not", lambda now: Breach("It is broken."), "Mend it.")
DANGER = Promise(
    "test.danger", "It holds.", "it does not", lambda now: Breach("It is broken."), "Mend it.", endangers=True, quiet=True
)  # fmt: skip


@pytest.fixture
def named(house, sink):
    """The sink is the dead-man, and this machine may be called."""
    allow_network(cidr="127.0.0.1/32", now=house.now, reason="Test")
    change_dead_man(url=sink.url, now=house.now, reason="Test")
    return sink


def minute(house, number, *promises):
    now = house.now + number * MINUTE
    audit(promises, now=now)
    return ping(now)


# --- when it is pinged ---------------------------------------------------------------------------------


def test_a_sound_audit_is_one_ping(house, named):
    assert minute(house, 0, SOUND) == 1
    assert ping(house.now) == 0
    assert minute(house, 1, SOUND) == 1
    assert named.paths == ["/ping/0f3c-a-secret"] * 2
    standing = dead_man_standing()
    assert (standing.host, standing.ok_at, standing.failed) == (named.host, house.now + MINUTE, 0)


def test_without_an_audit_nothing_leaves(house, named):
    assert ping(house.now) == 0
    assert named.paths == []


def test_a_finding_that_endangers_nothing_does_not_stop_it(house, named):
    assert minute(house, 0, NOTE) == 1


def test_danger_withholds_it_at_once_and_soundness_brings_it_back(house, named):
    minute(house, 0, SOUND)
    assert minute(house, 1, DANGER) == minute(house, 2, DANGER) == 0
    assert dead_man_standing().withheld_at == house.now + MINUTE
    assert minute(house, 3, SOUND) == 1
    assert dead_man_standing().withheld_at is None
    assert len(named.paths) == 2


def test_danger_takes_back_a_ping_that_has_not_left(house, named):
    audit([SOUND], now=house.now)
    audit([DANGER], now=house.now + MINUTE)
    assert ping(house.now + MINUTE) == 0
    assert named.paths == []


def test_a_ping_that_leaves_too_late_would_lie(house, named):
    audit([SOUND], now=house.now)
    assert ping(house.now + timedelta(seconds=121)) == 0
    assert named.paths == []


def test_with_nobody_named_nothing_is_asked_for(house):
    audit([SOUND], now=house.now)
    assert DeadManState.objects.get().due_at is None
    assert ping(house.now) == 0


def test_the_tick_finds_what_a_lost_hint_missed(house, named, django_capture_on_commit_callbacks):
    audit([SOUND], now=house.now)
    published = []
    set_publisher(published.append)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert ping_waits(house.now)
    finally:
        set_publisher(None)
    assert published == ["ping"]


@pytest.mark.django_db(transaction=True)
def test_the_call_is_made_outside_any_transaction(settings, monkeypatch):
    settings.DEADMAN_URL = "https://hc.example.com/ping/x"
    inside = []
    monkeypatch.setattr(
        "evidence.services.deadman._call", lambda url, fixed: inside.append(connection.in_atomic_block) or ""
    )
    audit([SOUND], now=NIGHT)
    assert ping(NIGHT) == 1
    assert inside == [False]


# --- when it does not answer ----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [302, 404, 500])
def test_another_answer_is_no_ping_and_is_said(house, named, status):
    named.status = status
    if status == 302:
        named.location = "https://elsewhere.example.com/"
    assert minute(house, 0, SOUND) == 0
    standing = dead_man_standing()
    assert (standing.ok_at, standing.failed) == (None, 1)
    assert f"answered {status}" in standing.error
    assert "a-secret" not in standing.error


def test_three_lost_pings_are_a_finding_which_does_not_stop_the_pinging(house, named):
    named.status = 500
    for number in range(4):
        minute(house, number, *PROMISES)
    assert len(named.paths) == 4
    (reached,) = [promise for promise in PROMISES if promise.name == "evidence.dead_man_reached"]
    assert "did not take the last 4 pings" in reached.check(house.now).sentence
    named.status = 204
    assert minute(house, 4, SOUND) == 1
    assert reached.check(house.now) is None


def test_nobody_there_is_a_failure_in_words(house, named):
    named.close()
    assert minute(house, 0, SOUND) == 0
    assert dead_man_standing().error
    assert "a-secret" not in dead_man_standing().error


def test_a_private_address_named_on_the_screen_needs_an_allowed_network(house, sink):
    change_dead_man(url=sink.url, now=house.now, reason="Test")
    assert minute(house, 0, SOUND) == 0
    assert "not on the public internet" in dead_man_standing().error
    assert sink.paths == []


def test_one_named_by_the_operator_does_not(house, sink, settings):
    settings.DEADMAN_URL = sink.url
    assert minute(house, 0, SOUND) == 1
    assert dead_man_standing().fixed


# --- naming it --------------------------------------------------------------------------------------------


def test_the_address_is_in_no_history_and_no_ledger(house, named):
    dead_man = DeadMan.objects.get()
    assert dead_man.url == named.url
    record = json.dumps([entry.line for entry in Entry.objects.all()])
    history = json.dumps([row.state for row in DeadMan.history.all()])
    for kept in (record, history, str(dead_man)):
        assert "a-secret" not in kept
    assert named.host in history


def test_another_address_forgets_what_the_old_one_said(house, named):
    named.status = 500
    minute(house, 0, SOUND)
    change_dead_man(url="https://hc.example.com/ping/2", now=house.now, reason="Moved")
    standing = dead_man_standing()
    assert (standing.host, standing.failed, standing.error) == ("hc.example.com", 0, "")


def test_an_empty_address_tells_nobody(house, named):
    change_dead_man(url="", now=house.now, reason="Test")
    assert not dead_man_standing().named
    assert minute(house, 0, SOUND) == 0


def test_the_environment_wins_and_is_changed_there(house, named, settings):
    settings.DEADMAN_URL = "https://hc.example.com/ping/env"
    assert dead_man_standing().host == "hc.example.com"
    with pytest.raises(SetInEnvironment):
        change_dead_man(url="", now=house.now, reason="Test")


def test_two_admins_at_once_do_not_overwrite_each_other(house, named):
    with pytest.raises(StaleVersion):
        change_dead_man(url="https://a.example.com/", now=house.now, reason="Test", expected_version=7)


@pytest.mark.parametrize(
    "text", ["ftp://x.example.com/", "https://", "https://me:pw@x.example.com/", "x.example.com/ping", "https://x:0/",
             "https://x.example.com/a b", "https://[::1", "https://x.example.com/" + "a" * 500, "https://x.example.com/ü"],
)  # fmt: skip
def test_what_cannot_be_pinged_is_refused_in_a_sentence(text):
    with pytest.raises(AddressRefused) as refused:
        read_url(text)
    assert str(refused.value).endswith((".", "xx."))


def test_only_the_host_is_shown():
    assert mask_url("https://hc.example.com:8443/ping/0f3?x=1") == "hc.example.com:8443"
    assert mask_url("") == ""
    assert read_url("  https://hc.example.com/ping?rid=1 ") == "https://hc.example.com/ping?rid=1"


def test_an_environment_that_cannot_be_used_stops_the_start_without_saying_the_secret():
    assert Env({"DEADMAN_URL": "https://hc.example.com/ping/x"}).secret_address("DEADMAN_URL")
    for value in ("hc.example.com/ping/s3cret", "https://me:s3cret@x.example.com/", "https://[s3cret"):
        with pytest.raises(SettingError) as refused:
            Env({"DEADMAN_URL": value}).secret_address("DEADMAN_URL")
        assert "s3cret" not in str(refused.value)
