"""A person's rules while a run goes on: each page at its time, the next one sooner when one fails, none after an answer."""

from datetime import timedelta

import pytest

from ledger.models import Entry
from oncall.escalation import services as escalation
from oncall.models import Page, Run, StepExecution
from oncall.notify.messages import letter_for
from oncall.notify.retry import judge_bounce
from oncall.notify.sender import claim
from oncall.notify.transitions import bounced
from tests import builders

ANA, BEN = "+447700900001", "+447700900002"


@pytest.fixture
def ana(world):
    """Mail at once, a text after a minute, a call after three."""
    person = world.person("Ana Duarte", phone=ANA)
    call = builders.contact(person, "voice", ANA, now=world.now)
    mail, phone = person.contact_methods.get(kind="email"), person.contact_methods.get(kind="phone")
    builders.contact_rules(person, (mail, 0), (phone, 60), (call, 180), now=world.now)
    return person


def held(person, kind):
    return person.contact_methods.get(kind=kind)


def test_each_rule_pages_at_its_time(world, ana):
    world.start(world.policy(ana, delay_s=900))
    world.smtp.expect("ana@larkspur.example", "SEV1")
    world.advance(seconds=55)
    world.twilio.verify_nothing_else()
    world.advance(seconds=6)
    world.twilio.expect(ANA, "SEV1")
    world.advance(seconds=110)
    world.twilio.verify_nothing_else()
    world.advance(seconds=15)
    world.twilio.expect_call(ANA)


def test_all_pages_stand_there_at_once_with_their_times_and_their_rules(world, ana):
    run = world.start(world.policy(ana, delay_s=900))
    world.smtp.expect("ana@larkspur.example")
    waits = [(page.kind, page.rule, (page.due_at - page.planned_at).total_seconds()) for page in world.pages(run=run)]
    assert waits == [("email", "rule_1", 0), ("sms", "rule_2", 60), ("voice", "rule_3", 180)]
    assert claim(now=world.now, limit=9) == [], "what is not due is not claimed"


def test_the_step_keeps_what_was_used(world, ana):
    world.start(world.policy(ana, delay_s=900))
    world.smtp.expect("ana@larkspur.example")
    kept = StepExecution.objects.get().recipients[0]
    rules = ana.contact_rules.get()
    assert (kept["how"], kept["rules"], kept["absent"]) == ("rules", f"{rules.public_id}@v1", "")
    assert kept["lines"][1] == {
        "contact": held(ana, "phone").public_id, "kind": "sms", "rule": "rule_2", "delay_s": 60,
    }  # fmt: skip


def test_an_answer_in_between_cancels_the_rest_and_says_why(world, ana):
    world.start(world.policy(ana, delay_s=900))
    world.smtp.expect("ana@larkspur.example")
    world.advance(seconds=65)
    world.twilio.expect(ANA)
    world.stop("acknowledged", by=ana)
    call = Page.objects.get(kind="voice")
    assert (call.state, call.reason, call.attempts_made) == ("cancelled", "acknowledged", 0)
    world.advance(hours=1)


def test_rules_changed_meanwhile_change_nothing_of_a_step_that_was_taken(world, ana):
    world.start(world.policy(ana, delay_s=900))
    world.smtp.expect("ana@larkspur.example")
    ana.contact_rules.get().retire(now=world.now, reason="Everything at once")
    world.advance(seconds=61)
    world.twilio.expect(ANA)
    world.advance(seconds=120)
    world.twilio.expect_call(ANA)


@pytest.mark.usefixtures("no_limits")
def test_the_next_step_reads_the_rules_anew(world, ana):
    world.start(world.policy(ana, repeat=1, delay_s=90))
    world.smtp.expect("ana@larkspur.example")
    ana.contact_rules.get().retire(now=world.now, reason="Everything at once")
    world.advance(seconds=61)
    world.twilio.expect(ANA)
    world.advance(seconds=31)
    world.smtp.expect("ana@larkspur.example"), world.twilio.expect(ANA), world.twilio.expect_call(ANA)
    assert [step.recipients[0]["how"] for step in StepExecution.objects.order_by("pk")] == ["rules", "no_rules"]
    world.stop("acknowledged", by=ana)


def test_a_contact_that_fails_for_good_runs_the_next_rule_now_and_the_others_keep_their_time(world, ana):
    world.smtp.rcpt_replies.append("550 5.1.1 no such mailbox")
    world.start(world.policy(ana, delay_s=900))
    world.twilio.expect(ANA, "SEV1")
    mail = Page.objects.get(kind="email")
    assert (mail.state, mail.reason) == ("failed_permanent", "contact")
    world.advance(seconds=150)
    world.twilio.verify_nothing_else()
    world.advance(seconds=40)
    world.twilio.expect_call(ANA)


def test_a_contact_known_to_be_broken_is_skipped_and_the_step_says_so(world, ana):
    mail = held(ana, "email")
    mail.unhealthy_since = world.now
    mail.save(now=world.now)
    world.start(world.policy(ana, delay_s=900))
    world.twilio.expect(ANA, "SEV1")
    kept = StepExecution.objects.get().recipients[0]
    assert (kept["skipped"], kept["lines"][0]["delay_s"]) == ([mail.public_id], 0)
    world.stop("acknowledged", by=ana)


def test_while_a_later_rule_waits_the_next_person_is_not_hurried(world, ana):
    ben = world.person("Ben Okafor", phone=BEN, mail=False)
    world.smtp.rcpt_replies.append("550 5.1.1 no such mailbox")
    world.twilio.fail_next(http=400, code=21211)
    world.start(world.policy(ana, ben, delay_s=900))
    world.twilio.expect_call(ANA)
    assert not Page.objects.filter(person=ben).exists()
    assert [page.state for page in world.pages(person=ana)][:2] == ["failed_permanent", "failed_permanent"]
    world.stop("acknowledged", by=ana)


def test_when_every_rule_has_failed_the_next_person_is_called_now(world):
    person, ben = world.person("Ana Duarte", phone=ANA), world.person("Ben Okafor", phone=BEN, mail=False)
    builders.contact_rules(person, (held(person, "email"), 0), (held(person, "phone"), 300), now=world.now)
    world.smtp.rcpt_replies.append("550 5.1.1 no such mailbox")
    world.twilio.fail_next(http=400, code=21211)
    world.start(world.policy(person, ben, delay_s=900))
    world.twilio.expect(BEN, "SEV1")


def test_a_retry_is_not_tried_past_the_next_rule_which_comes_now_instead(world, ana):
    builders.contact(ana, "voice", BEN, now=world.now)
    world.start(world.policy(ana, delay_s=900))
    world.smtp.expect("ana@larkspur.example")
    world.twilio.fail_next(http=503, code=20503, times=3)
    world.advance(seconds=125)
    text = Page.objects.get(kind="sms")
    assert (text.state, text.reason, text.attempts_made) == ("failed_permanent", "next_rule_due", 3)
    world.twilio.expect_call(ANA), "at once, a minute before its time"
    world.advance(seconds=61)


def test_a_letter_that_comes_back_late_moves_no_rule_but_its_own_next_one(world, ana):
    run = world.start(world.policy(ana, delay_s=900))
    world.smtp.expect("ana@larkspur.example")
    world.advance(seconds=65)
    world.twilio.expect(ANA)
    mail = Page.objects.get(kind="email")
    bounced(mail, Run.objects.get(pk=run.pk), judge_bounce("5.1.1"), now=world.now)
    call = Page.objects.get(kind="voice")
    assert call.due_at - call.planned_at == timedelta(seconds=180)
    world.stop("acknowledged", by=ana)


def test_a_text_does_not_live_past_the_next_rule(world, ana):
    world.start(world.policy(ana, delay_s=900))
    world.smtp.expect("ana@larkspur.example")
    text = Page.objects.select_related("run", "contact", "person").get(kind="sms")
    letter = letter_for(text, attempt=1, now=text.due_at)
    assert letter.message.ttl_s == 120
    world.stop("acknowledged", by=ana)


def test_rules_go_on_beside_the_next_step_since_the_person_is_still_wanted(world, ana):
    ben = world.person("Ben Okafor", phone=BEN, mail=False)
    world.start(world.policy(ana, ben, delay_s=120))
    world.smtp.expect("ana@larkspur.example")
    world.advance(seconds=130)
    world.twilio.expect(ANA), world.twilio.expect(BEN)
    world.advance(seconds=60)
    world.twilio.expect_call(ANA)
    world.stop("acknowledged", by=ben)


def test_low_urgency_pages_nobody_who_opted_out_of_it_and_the_next_person_at_once(world, ana):
    ben = world.person("Ben Okafor", phone=BEN, mail=False)
    mara = world.person("Mara Lindqvist", "admin")
    builders.contact_rules(ana, urgency="low", leave_out=[""], now=world.now)
    world.start(world.policy(ana, ben), urgency="low", severity=4)
    world.twilio.expect(BEN, "SEV4")
    first = StepExecution.objects.order_by("pk").first()
    assert (first.outcome, first.reason, first.recipients[0]["absent"]) == ("nobody", "all_opted_out", "opted_out")
    assert not Page.objects.filter(person=mara).exists(), "the catch-all is for what is amiss"
    world.stop("acknowledged", by=ben)


def test_the_ledger_knows_by_which_rules_each_person_was_paged(world, ana):
    world.start(world.policy(ana, delay_s=900))
    world.smtp.expect("ana@larkspur.example")
    line = Entry.objects.get(kind="run.step_executed").line
    assert ana.contact_rules.get().public_id in line and "rule_3" in line
    world.stop("acknowledged", by=ana)


def test_escalating_by_hand_pages_the_next_person_and_leaves_the_first_ones_rules_alone(world, ana):
    ben = world.person("Ben Okafor", phone=BEN, mail=False)
    world.start(world.policy(ana, ben, delay_s=900))
    world.smtp.expect("ana@larkspur.example")
    escalation.escalate_now(world.subject(), now=world.now)
    world.settle()
    world.twilio.expect(BEN)
    world.advance(seconds=61)
    world.twilio.expect(ANA)
    world.stop("acknowledged", by=ben)
