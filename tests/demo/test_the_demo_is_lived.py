"""The demo is a database like any other: its ledger holds, its intervals tile, and every page says that it is a demo."""

import json
from pathlib import Path

import pytest

from config.demo.fill import NotEmpty, refuse_unless_empty
from ledger import demo as mark
from tests import builders
from tests.demo.conftest import manage

pytestmark = pytest.mark.timeout(600)  # the demo is filled inside the first test
ASK = (Path(__file__).parent / "ask.py").read_text()


@pytest.fixture(scope="session")
def told(demo):
    """What `ask.py` found out in it."""
    done = demo.manage("shell", "-v0", "-c", ASK)
    return json.loads(done.stdout.splitlines()[-1])


def test_it_says_how_to_sign_in(demo):
    assert "Sign in to the demo as mara@larkspur.example" in demo.said


def test_its_ledger_holds_and_begins_with_the_mark(demo, told):
    assert "The ledger holds" in demo.manage("verify_ledger").stdout
    assert told["demo"] == [True, True]
    assert told["first_lines"][0] == "demo.begun"


def test_every_page_says_that_it_is_a_demo(told):
    assert [path for path, marked in told["mark"].items() if not marked] == []


def test_intervals_tile_the_life_of_every_monitor(told):
    assert told["holes"] == []


def test_samples_say_what_the_intervals_say(told):
    assert told["disagreements"] == []
    assert told["samples"] > 1_000
    assert told["packed_until"] >= 40  # hours of the last two days that the engine's own step packed


def test_every_hour_in_which_a_monitor_was_up_has_its_samples(told):
    assert told["hours_without_samples"] == {}


def test_seals_count_the_checks_of_their_day(told):
    assert told["unsealed_checks"] == []


def test_other_systems_are_told_phones_ring_and_the_watcher_is_watched(told):
    assert told["webhooks"]["Team chat/delivered"] >= 2, "at least what goes on now"
    assert told["calls"]
    assert told["calls_to_take_back"] == 0
    assert told["audited"][0] > 400
    assert told["audited"][1] == 0, "every finished hour is a line of the ledger"


def test_windows_end_in_every_way_wake_nobody_inside_and_let_go_of_what_still_fails(told):
    ended, woken, asked_alone = told["maintenance"]
    assert {"ended", "ended_early", "lapsed", "cancelled", "open"} <= set(ended)
    assert (woken, asked_alone) == ([], 0)
    assert told["released"] >= 1


def test_services_are_promised_by_one_and_approved_by_another_and_one_promise_waits(told):
    held = told["agreements"]
    assert {name for name, (_version, approved, _two) in held.items() if not approved} == {"Customer portal"}
    assert all(two for _version, _approved, two in held.values())
    assert held["Tracking API"][0] == 4, "written, approved, made stricter, approved again"


def test_teams_take_weeks_in_turn_and_who_was_on_call_is_on_record_without_a_hole(told):
    assert set(told["rotations"]) == {"Carriers", "Platform", "Shop"}
    assert all(tiles for _people, tiles in told["rotations"].values())
    assert told["rotations"]["Platform"][0] == ["Jonas Weber", "Kofi Mensah", "Noor Haddad"]


def test_the_mistakes_are_in_it(told):
    assert {"unknown/engine_stopped", "unknown/resumed", "paused/"} <= set(told["states"])
    assert told["reopened"] >= 2  # a night of flapping is one incident
    assert told["catch_all"] >= 1  # an outage nobody acknowledged
    assert 2 in told["steps"]  # pages that went on to the second person
    assert len(told["confirmed_how"]) >= 2  # answered in more than one way
    assert (told["incidents"] >= 8, told["open"]) == (True, 1)


def test_nobody_can_be_reached_by_mistake(told):
    assert told["addresses"] == []
    assert set(told["providers"]) <= {"", "watchbook@larkspur.example", "+447700900000"}


def test_a_second_start_fills_nothing(demo):
    again = demo.manage("demo", "--size", "tiny")
    assert "Filling" not in again.stdout
    assert "Sign in" in again.stdout


def test_a_database_with_people_is_refused_in_one_sentence(tmp_path):
    manage(tmp_path, "prepare")
    make = "from accounts.models import User; User.objects.create_user('eve@example.com', name='Eve')"
    manage(tmp_path, "shell", "-v0", "-c", make)
    refused = manage(tmp_path, "demo", check=False)
    assert refused.returncode == 1
    assert "1 people in it" in refused.stderr.splitlines()[-1]


@pytest.mark.django_db
def test_only_an_empty_database_will_do(now):
    refuse_unless_empty()
    builders.person("Alice Adeyemi", now=now)
    with pytest.raises(NotEmpty, match="1 people in it"):
        refuse_unless_empty()


@pytest.mark.django_db
def test_a_demo_that_was_cut_short_is_not_filled(now):
    assert not mark.is_demo()
    mark.begin(size="tiny", seed=1, now=now)
    assert (mark.is_demo(), mark.is_filled()) == (True, False)
    mark.finish(now=now)
    assert mark.is_filled()
