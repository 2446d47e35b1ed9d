"""Stories from the first page to the last, on a clock of their own."""

from datetime import timedelta

import pytest

from ledger.models import Entry
from oncall.escalation import apply
from oncall.escalation import services as escalation
from oncall.models import Page, Run, StepExecution
from oncall.notify import sender
from oncall.ticks import plan
from tests import builders

ANA, BEN, MARA = "+447700900001", "+447700900002", "+447700900003"


def test_it_pages_mail_and_phone_at_once_and_the_second_person_after_the_delay(world):
    ana = world.person("Ana Duarte", phone=ANA)
    ben = world.person("Ben Okafor", phone=BEN)
    run = world.start(world.policy(ana, ben, delay_s=300))

    world.twilio.expect(
        ANA, "SEV1 Checkout API is down", "Reply 4=ack 6=resolve [1]", "https://watchbook.example.com/a/"
    )
    letter = world.smtp.expect(
        "ana@larkspur.example", "SEV1 Checkout API is down [INC-2026-0001]", "step 1 of Checkout critical"
    )
    assert letter.message["Auto-Submitted"] == "auto-generated"

    world.advance(minutes=4)
    world.twilio.verify_nothing_else()
    world.advance(minutes=2)
    world.twilio.expect(BEN, "SEV1 Checkout API is down", "[1]")
    world.smtp.expect("ben@larkspur.example", "Checkout API is down", "step 2")
    run.refresh_from_db()
    assert (run.state, run.step) == ("running", 3)


def test_an_answer_stops_the_chain_and_the_next_person_sleeps(world):
    ana, ben = world.person("Ana Duarte", phone=ANA), world.person("Ben Okafor", phone=BEN)
    world.start(world.policy(ana, ben))
    text = world.twilio.expect(ANA, "SEV1")
    world.smtp.expect("ana@larkspur.example")
    world.report(text, "delivered")
    world.settle()

    stopped = world.stop("acknowledged", by=ana)
    assert (stopped.state, stopped.stop_reason, stopped.stopped_by) == ("stopped", "acknowledged", ana.public_id)
    world.advance(hours=3)
    page = Page.objects.get(person=ana, kind="sms")
    assert (page.state, page.confirmed_how) == ("confirmed", "acted")
    assert page.accepted_at < page.delivered_at < page.confirmed_at
    assert page.answered_at is None, "nobody said that it was opened: the four facts are never derived from each other"


def test_an_unanswered_chain_repeats_and_ends_with_the_catch_all(world):
    ana, mara = (
        world.person("Ana Duarte", phone=ANA, mail=False),
        world.person("Mara Lindqvist", "admin", phone=MARA, mail=False),
    )
    run = world.start(world.policy(ana, repeat=2, delay_s=60))
    world.twilio.expect(ANA, "SEV1")
    world.advance(seconds=61)
    world.twilio.expect(ANA, "SEV1")
    world.advance(seconds=61)
    world.twilio.expect(ANA, "SEV1")
    world.advance(seconds=61)
    world.twilio.expect(MARA, "SEV1")
    world.advance(hours=5)
    run.refresh_from_db()
    assert (run.state, run.due_at) == ("exhausted", None)
    assert run.exhausted_at is not None
    outcomes = StepExecution.objects.filter(run=run).order_by("pk").values_list("loop", "step", "reason")
    assert list(outcomes) == [(1, 1, "step"), (2, 1, "step"), (3, 1, "step"), (3, 2, "catch_all")]
    assert mara.pages.get().rule == "catch_all"


def test_after_an_outage_the_steps_do_not_fire_together_and_lateness_is_kept(world):
    people = [
        world.person(name, phone=number, mail=False)
        for name, number in (("Ana D", ANA), ("Ben O", BEN), ("Mara L", MARA))
    ]
    world.start(world.policy(*people, delay_s=300))
    world.twilio.expect(ANA)
    world.sleep(minutes=20)
    world.settle()
    world.twilio.expect(BEN)
    world.twilio.verify_nothing_else()
    late = StepExecution.objects.get(step=2)
    assert 14 * 60_000 < late.lateness_ms < 16 * 60_000
    world.advance(seconds=310)
    world.twilio.expect(MARA)


def test_after_an_outage_over_two_rules_one_phone_rings(world):
    """Both steps were due while nothing ran: the first person is called once, the second after the step's own delay."""
    ana, ben = world.person("Ana Duarte", mail=False), world.person("Ben Okafor", mail=False)
    for person, number in ((ana, ANA), (ben, BEN)):
        builders.contact(person, "voice", number, now=world.now)
    world.begin(world.policy(ana, ben, delay_s=300))
    world.sleep(minutes=11)
    world.settle()
    world.twilio.expect_call(ANA)
    world.twilio.verify_nothing_else()
    world.advance(seconds=290)
    world.twilio.verify_nothing_else()
    world.advance(seconds=15)
    world.twilio.expect_call(BEN)


def test_nobody_to_page_goes_to_the_catch_all_at_once(world):
    mara = world.person("Mara Lindqvist", "admin", phone=MARA, mail=False)
    run = world.start(None)
    world.twilio.expect(MARA, "SEV1 Checkout API is down")
    assert (run.state, run.policy_version, run.policy_frozen["policy"]) == ("nobody_notified", 0, "")
    assert Entry.objects.filter(kind="run.nobody_notified").exists()
    assert mara.pages.count() == 1


def test_with_no_contact_anywhere_the_run_says_so_and_pages_the_first_one_that_is_proven(world):
    run = world.start(None)
    assert run.state == "nobody_notified"
    world.advance(minutes=5)
    assert Page.objects.count() == 0
    assert StepExecution.objects.get().outcome == "nobody"
    world.person("Ana Duarte", phone=ANA, mail=False)
    world.advance(seconds=61)
    world.twilio.expect(ANA, "SEV1")
    run.refresh_from_db()
    assert (run.state, run.due_at) == ("nobody_notified", None)


def test_a_policy_edited_meanwhile_changes_nobody_who_is_paged(world):
    ana, ben, mara = (
        world.person(n, phone=p, mail=False) for n, p in (("Ana D", ANA), ("Ben O", BEN), ("Mara L", MARA))
    )
    policy = world.policy(ana, ben, delay_s=60)
    run = world.start(policy)
    world.twilio.expect(ANA)
    policy.steps = [{"delay_s": 60, "people": [mara.public_id]}] * 2
    policy.save(now=world.now, reason="Mara takes over")
    world.advance(seconds=61)
    world.twilio.expect(BEN)
    run.refresh_from_db()
    assert (run.policy_version, policy.version) == (1, 2)


def test_resolving_stands_down_whoever_was_paged_and_nobody_else(world):
    ana, ben = world.person("Ana Duarte", phone=ANA), world.person("Ben Okafor", phone=BEN)
    world.start(world.policy(ana, ben))
    world.twilio.expect(ANA, "SEV1")
    alarm = world.smtp.expect("ana@larkspur.example")
    world.stop("resolved")
    for _ in range(2):
        escalation.stand_down(
            world.subject(), None, "INC-2026-0001 Checkout API is down: recovered by itself after 2 min.", now=world.now
        )
    world.settle()
    world.twilio.expect(ANA, "Stand down: INC-2026-0001", "recovered by itself")
    letter = world.smtp.expect("ana@larkspur.example", "stand down", "recovered by itself")
    assert letter.message["In-Reply-To"] == alarm.message["In-Reply-To"]
    assert letter.message["Message-ID"] != alarm.message["Message-ID"]
    world.advance(hours=1)


def test_the_run_is_proved_in_the_ledger_without_names_numbers_or_titles(world):
    ana = world.person("Ana Duarte", phone=ANA)
    run = world.start(world.policy(ana))
    world.twilio.expect(ANA)
    world.smtp.expect("ana@larkspur.example")
    world.stop("acknowledged", by=ana)
    kinds = list(Entry.objects.filter(line__contains=run.public_id).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["run.started", "run.step_executed", "page.ended", "page.ended", "run.stopped"]
    for line in Entry.objects.values_list("line", flat=True):
        assert ANA[1:] not in line and "ana@" not in line and "Duarte" not in line and "Checkout API" not in line
    assert world.link() > 0


def test_a_run_that_cannot_be_planned_calls_the_catch_all_and_holds_up_nobody_else(world, monkeypatch):
    ana, mara = (
        world.person("Ana Duarte", phone=ANA, mail=False),
        world.person("Mara L", "admin", phone=MARA, mail=False),
    )
    real = apply.plan

    def broken(policy, run, who, now):
        if policy.name == "Cursed":
            raise ZeroDivisionError
        return real(policy, run, who, now)

    monkeypatch.setattr(apply, "plan", broken)
    cursed = escalation.start(world.subject("INC-1"), world.policy(ana, name="Cursed"), now=world.now)
    escalation.start(world.subject("INC-2"), world.policy(ana), now=world.now)
    world.settle()
    world.twilio.expect(ANA, "SEV1")
    world.twilio.expect(MARA, "SEV1")
    cursed.refresh_from_db()
    assert (cursed.state, cursed.due_at) == ("failed", None)
    assert Entry.objects.filter(kind="run.failed").count() == 1
    assert world.stop("acknowledged", by=mara, number="INC-1").state == "stopped"


@pytest.mark.usefixtures("no_limits")
def test_starting_twice_starts_once_and_a_new_run_may_follow_a_stopped_one(world):
    ana = world.person("Ana Duarte", phone=ANA, mail=False)
    policy = world.policy(ana)
    first = world.start(policy)
    assert world.start(policy).pk == first.pk
    world.twilio.expect(ANA)
    world.stop("resolved")
    second = world.start(policy)
    assert second.pk != first.pk
    world.twilio.expect(ANA)
    assert Run.objects.count() == 2


def test_low_urgency_waits_behind_high_urgency(world):
    ana = world.person("Ana Duarte", phone=ANA, mail=False)
    policy = world.policy(ana)
    escalation.start(world.subject("INC-1", urgency="low", severity=4), policy, now=world.now)
    escalation.start(world.subject("INC-2"), policy, now=world.now + timedelta(milliseconds=1))
    plan(world.now + timedelta(seconds=1))
    assert len(sender.claim(now=world.now + timedelta(seconds=2), limit=1)) == 1
    assert Page.objects.get(state="claimed").run.subject_id == "INC-2"
