"""Each promise of the house: it holds in a sound house, is found broken when it is, and is mended where it can be."""

from datetime import timedelta

import pytest

from config import selfcheck as config_selfcheck
from config.promises import PROMISES
from evidence.models import SealLetter
from evidence.services.audit import examine
from incidents.models import Incident
from ledger import liveness
from ledger.actors import SYSTEM
from monitors.models import (
    MonitorState,
)
from oncall.models import Run
from statuspage.models import StatusPage
from statuspage.services import publish_update
from statuspage.services.updates import Said
from tests.evidence.breaks import BREAKS, ago, attempt, failing_step, refused, runless, stuck_seal, without_last_word

BY_NAME = {promise.name: promise for promise in PROMISES}


def test_the_table_breaks_every_promise():
    assert set(BREAKS) == set(BY_NAME)
    assert len(BY_NAME) == len(PROMISES)


def test_in_a_sound_house_every_promise_holds(house):
    broken = {promise.name: breach for promise in PROMISES if (breach := promise.check(house.now))}
    assert broken == {}


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_broken_is_found_and_mended_where_it_can_be(name, house, monkeypatch, settings):
    breaks, mends = BREAKS[name]
    breaks(house, monkeypatch=monkeypatch, settings=settings)
    promise = BY_NAME[name]
    verdict = examine(promise, house.now)
    assert verdict.breach is not None
    assert verdict.mended is mends
    assert (promise.check(house.now) is None) is mends
    assert verdict.breach.sentence.endswith(".")
    assert len(verdict.breach.sentence) < 200


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.name)
def test_a_promise_is_worded_for_people(promise):
    apps = ("config", "evidence", "statuspage", "incidents", "oncall", "monitors", "accounts", "ledger")
    assert promise.name.split(".")[0] in apps
    assert promise.says.endswith(".")
    assert promise.remedy.endswith((".", "?"))
    assert promise.trouble == promise.trouble.strip(".")
    assert bool(promise.repair) is bool(promise.mends)
    assert promise.endangers or not promise.quiet


@pytest.mark.parametrize("name", BREAKS)
def test_no_sentence_names_a_person_or_an_address(name, house, monkeypatch, settings):
    BREAKS[name][0](house, monkeypatch=monkeypatch, settings=settings)
    breach = BY_NAME[name].check(house.now)
    for telling in ("Alice", "Bob", "Ada", "Carla", "larkspur.example", "+44"):
        assert telling not in breach.sentence


def test_an_incident_that_lost_its_run_is_escalated_again(house):
    runless(house)
    BY_NAME["incidents.triggered_are_paged"].repair(house.now)
    assert Run.objects.get(state="running").subject_id == Incident.objects.get().number


def test_a_clock_that_was_set_by_a_jump_is_found_at_the_next_look(house, monkeypatch):
    check = BY_NAME["config.clocks_agree"].check
    assert check(house.now) is None
    counter = config_selfcheck.time.monotonic
    monkeypatch.setattr(config_selfcheck.time, "monotonic", lambda: counter() - 60)
    assert "set forward by" in check(house.now).sentence


def test_what_a_dead_engine_left_behind_is_not_held_against_the_new_one(house):
    MonitorState.objects.update(seen_at=ago(house, 30), seen_outcome="missed", seen_code="lost")
    for begun in (None, 10):
        if begun:
            liveness.beat("engine", now=ago(house, begun))
        assert BY_NAME["monitors.not_blind"].check(house.now) is None


def test_a_step_that_failed_once_or_works_again_is_not_broken(house):
    check = BY_NAME["config.steps_succeed"].check
    liveness.beat("failed:sweep", now=ago(house, 5))
    assert check(house.now) is None
    failing_step(house)
    assert check(house.now) is not None
    liveness.beat("step:claim", now=house.now)
    assert check(house.now) is None


def test_a_refused_address_is_not_the_fault_of_its_provider(house):
    for _ in range(5):
        attempt(house, outcome="failed_permanent", error_code="21211")
    assert BY_NAME["oncall.providers_take_pages"].check(house.now) is None


def test_one_page_that_was_taken_clears_the_provider(house):
    refused(house)
    attempt(house)
    assert BY_NAME["oncall.providers_take_pages"].check(house.now) is None


def test_a_status_page_that_hears_the_end_and_a_seal_that_was_sent_are_well(house):
    without_last_word(house)
    last = Said("resolved", "It works again.")
    incident = Incident.objects.get()
    publish_update(
        StatusPage.objects.get(), incident, last, now=house.now, actor=SYSTEM, person=house.ada, how="screen"
    )
    assert BY_NAME["statuspage.last_word_is_said"].check(house.now) is None
    stuck_seal(house)
    SealLetter.objects.update(sent_at=house.now, ended_at=house.now)
    assert BY_NAME["evidence.seals_leave"].check(house.now) is None
    assert BY_NAME["evidence.anchor_is_named"].check(house.now) is None


def test_a_seal_that_was_given_up_is_told_of_for_a_week(house):
    stuck_seal(house)
    SealLetter.objects.update(ended_at=house.now, last_error="refused")
    assert "did not leave" in BY_NAME["evidence.seals_leave"].check(house.now).sentence
    assert BY_NAME["evidence.seals_leave"].check(house.now + timedelta(days=8)) is None


def test_a_check_costs_few_queries(house, django_assert_max_num_queries):
    with django_assert_max_num_queries(66):
        for promise in PROMISES:
            promise.check(house.now)
