"""Canaries and drills go the whole way although nothing is wrong: to a phone, over an answer, into the record."""

from datetime import UTC, datetime, timedelta

import pytest

from config.promises import PROMISES
from evidence.models import SelfCheckFinding
from evidence.services.audit import audit
from incidents.models import Incident
from ledger.evidence import threads
from ledger.models import Entry
from ledger.tables import Scope
from oncall.exercise_evidence import exercises_table
from oncall.exercises import figures, with_pages
from oncall.models import Exercise, Page, Run, StepExecution
from oncall.services.exercises import (
    ExerciseRefused,
    call_off,
    change_canary,
    send_canary,
    start_drill,
)
from tests import builders
from tests.builders import REASON

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 3, 17, 10, 0, tzinfo=UTC)


@pytest.fixture
def canary(world):
    """A canary to Alice at ten each day, to be confirmed within a quarter of an hour; it is a minute before ten."""
    world.now = TEN - timedelta(minutes=1)
    return change_canary(target=world.people["Alice"].public_id, now=world.now, reason=REASON)


def newest():
    return Exercise.objects.order_by("-pk").first()


def table(world):
    made = exercises_table(Scope("period", "x", world.now, TEN - timedelta(days=1), world.now + timedelta(seconds=1)))
    return [dict(zip(made.header, row, strict=True)) for row in made.rows()]


def test_nothing_is_sent_until_somebody_is_named(world):
    world.now = TEN - timedelta(minutes=1)
    world.advance(minutes=5)
    assert not Exercise.objects.exists()


def test_a_canary_goes_to_the_phone_at_its_time_and_a_reply_confirms_it(world, canary):
    world.advance(minutes=1, seconds=30)
    text = world.phone("Alice").expect_sms("CANARY: nothing is wrong")
    world.advance(seconds=30)
    assert "confirmed" in world.phone("Alice").reply("4")
    made = newest()
    assert (made.kind, made.outcome, made.answered_how, made.slot_at) == ("canary", "confirmed", "sms", TEN)
    assert made.took_s == int((world.now - made.started_at).total_seconds()) > 0
    assert not Incident.objects.exists()
    assert "SEV3" in text.body
    world.advance(minutes=30)
    world.phone("Ada").stays_silent()
    assert Exercise.objects.count() == 1, "the next one is tomorrow's"


def test_a_missed_canary_ends_in_a_finding_and_an_incident_of_its_own_until_it_is_answered(world, canary):
    world.advance(minutes=1, seconds=30)
    text = world.phone("Alice").expect_sms("CANARY")
    world.advance(minutes=16)
    made = newest()
    assert made.outcome == "missed"
    assert Run.objects.get(subject_id=made.public_id).state == "stopped"
    world.phone("Ada").stays_silent()
    mine = [promise for promise in PROMISES if promise.name == "oncall.canary_confirmed"]
    for _ in range(2):
        world.now += timedelta(minutes=1)
        audit(mine, now=world.now)
    finding = SelfCheckFinding.objects.get()
    assert (finding.name, finding.closed_at) == ("oncall.canary_confirmed", None)
    assert finding.about == [made.public_id]
    assert "was not confirmed in 15 min" in finding.sentence
    assert "a canary page was not confirmed" in world.incident.title
    world.browser().post(world.phone("Alice").link_in(text), {"do": "confirm"})
    made.refresh_from_db()
    assert (made.outcome, made.answered_how) == ("missed", "link"), "a late answer changes no outcome"
    world.now += timedelta(minutes=1)
    audit(mine, now=world.now)
    finding.refresh_from_db()
    assert finding.closed_at == world.now


def test_a_canary_is_in_no_figure_of_real_pages(world, canary):
    world.advance(minutes=1, seconds=30)
    world.phone("Alice").expect_sms("CANARY")
    world.phone("Alice").reply("4")
    (row,) = table(world)
    made = newest()
    assert (row["drill_id"], row["kind"], row["result"], row["took_s"]) == (
        made.public_id, "canary", "confirmed", made.took_s,
    )  # fmt: skip
    page = Page.objects.get()
    assert (row["accepted_at"], row["pages"], row["people_paged"]) == (page.accepted_at, 1, 1)
    assert (row["late_s"], row["slot_at"]) == (int((made.started_at - TEN).total_seconds()), TEN)
    first, last = threads("exercise", [made.public_id])[made.public_id]
    assert (row["ledger_seq_first"], row["ledger_seq_last"]) == (first, last)
    kinds = set(Entry.objects.values_list("kind", flat=True))
    assert {"exercise.canary_begun", "exercise.answered", "exercise.ended"} <= kinds
    assert not {kind for kind in kinds if kind.startswith("incident.")}


def test_now_says_whether_the_newest_canary_was_confirmed(world, canary):
    assert "none was sent yet" in now_page(world)
    world.advance(minutes=1, seconds=30)
    world.phone("Alice").expect_sms("CANARY")
    world.phone("Alice").reply("4")
    assert "Confirmed" in now_page(world)
    change_canary(target="", now=world.now, reason=REASON)
    assert "Canary" not in now_page(world)


def now_page(world):
    return world.browser("Ada").get("/").content.decode()


def test_with_nobody_to_page_it_says_so_at_once_and_wakes_nobody_else(world):
    world.now = TEN
    victor = world.people["Victor"]
    send_canary(change_canary(target=victor.public_id, now=world.now, reason=REASON), now=world.now)
    world.advance(minutes=2)
    assert newest().outcome == "nobody"
    world.phone("Ada").stays_silent()


def test_two_engines_send_one_canary(world, canary):
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("CANARY")
    world.advance(minutes=2)
    assert Exercise.objects.count() == Run.objects.count() == 1


def test_a_drill_walks_the_policy_until_somebody_answers_and_says_drill_in_every_message(world):
    mona = world.people["Mona"]
    made = start_drill(world.policy, by=mona, now=world.now, reason="Game day")
    world.advance(seconds=10)
    world.phone("Alice").expect_sms("DRILL: nothing is wrong")
    world.advance(minutes=5)
    world.phone("Bob").expect_sms("DRILL: nothing is wrong")
    letter = world.mailbox("Bob").expect("DRILL: nothing is wrong")
    assert "DRILL" in letter.subject
    world.phone("Bob").reply("4")
    world.advance(minutes=30)
    made.refresh_from_db()
    assert (made.outcome, made.answered_by.name) == ("confirmed", "Bob Brandt")
    assert StepExecution.objects.count() == 2, "the first person was really waited for"
    world.phone("Ada").stays_silent()
    assert not Incident.objects.exists()
    world.now += timedelta(days=1)
    (row,) = table(world)
    assert (row["policy_id"], row["steps_taken"], row["people_paged"], row["result"]) == (
        world.policy.public_id, 2, 2, "confirmed",
    )  # fmt: skip
    assert "Game day" not in str(row)


def test_a_drill_that_nobody_answers_ends_by_itself_and_calls_no_catch_all(world):
    made = start_drill(world.policy, by=world.people["Mona"], now=world.now)
    world.advance(minutes=12)
    made.refresh_from_db()
    assert made.outcome == "missed"
    world.phone("Alice").expect_sms("DRILL")
    world.phone("Bob").expect_sms("DRILL")
    world.mailbox("Bob").expect("DRILL")
    world.phone("Ada").stays_silent()


def test_a_reply_without_a_code_is_about_what_is_real(world):
    made = start_drill(world.policy, by=world.people["Mona"], now=world.now)
    world.breaks("Checkout API")
    world.advance(minutes=3)
    drill = world.phone("Alice").expect_sms("DRILL")
    world.phone("Alice").expect_sms("Checkout API is down")
    assert "INC-2026-0001" in world.phone("Alice").reply("4")
    made.refresh_from_db()
    assert made.answered_at is None
    code = drill.body.split("[")[1].split("]")[0]
    assert "confirmed" in world.phone("Alice").reply(f"4 {code}")
    made.refresh_from_db()
    assert made.outcome == "confirmed"


def test_a_drill_is_called_off_and_only_one_of_a_policy_is_held_at_a_time(world):
    mona = world.people["Mona"]
    made = start_drill(world.policy, by=mona, now=world.now)
    with pytest.raises(ExerciseRefused, match="under way"):
        start_drill(world.policy, by=mona, now=world.now)
    call_off(made, by=mona, now=world.now)
    world.advance(minutes=10)
    world.phone("Alice").stays_silent()
    with pytest.raises(ExerciseRefused, match="over"):
        call_off(made, by=mona, now=world.now)
    assert newest().outcome == "ended"


def test_a_person_is_reached_by_turns_of_real_nights_and_not_of_drills(world):
    shared = builders.policy(
        [world.people["Alice"], world.people["Bob"]], name="In turn", team=world.team, now=world.now
    )
    shared.steps[0]["round_robin"] = True
    shared.save(now=world.now, reason=REASON)
    for _ in range(2):
        made = start_drill(shared, by=world.people["Mona"], now=world.now)
        world.advance(seconds=5)
        world.phone("Alice").expect_sms("DRILL")
        call_off(made, by=world.people["Mona"], now=world.now)


def test_figures_leave_out_what_was_called_off(world, canary):
    world.advance(minutes=1, seconds=30)
    world.phone("Alice").expect_sms("CANARY")
    world.phone("Alice").reply("4")
    sent = send_canary(canary, now=world.now, by=world.people["Ada"])
    call_off(sent, by=world.people["Ada"], now=world.now)
    found = figures(Exercise.objects.all())
    first = Exercise.objects.order_by("pk").first()
    assert (found.held, found.confirmed, found.median_s) == (1, 1, first.took_s)
    assert [held.people for held in with_pages(Exercise.objects.order_by("pk"))] == [1, 0]
