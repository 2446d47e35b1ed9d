"""What the sender does when a provider refuses, hangs, forgets, or our own process dies."""

from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import ContactMethod
from ledger.models import Entry
from oncall.escalation import services as escalation
from oncall.models import Attempt, Page, Run
from oncall.notify import sender
from oncall.notify.channels import channel
from oncall.ticks import plan, reconcile

ANA, BEN, MARA = "+447700900001", "+447700900002", "+447700900003"


@pytest.fixture
def two(world):
    """Ana by phone, then Ben by phone after five minutes."""
    world.ana = world.person("Ana Duarte", phone=ANA, mail=False)
    world.ben = world.person("Ben Okafor", phone=BEN, mail=False)
    world.chain = world.policy(world.ana, world.ben, delay_s=300)
    return world


def test_a_temporary_refusal_is_tried_again_after_15_seconds(two):
    two.twilio.fail_next(http=503, code=20503)
    two.start(two.chain)
    page = Page.objects.get()
    assert (page.state, page.reason, page.error_code, page.attempts_made) == ("planned", "retry", "20503", 1)
    two.twilio.verify_nothing_else()
    two.advance(seconds=16)
    two.twilio.expect(ANA, "SEV1")
    page.refresh_from_db()
    assert (page.state, page.attempts_made) == ("accepted", 2)
    first, second = page.attempts.order_by("n")
    assert (first.outcome, first.http_status, first.error_code) == ("failed_temporary", 503, "20503")
    assert (second.outcome, second.provider, bool(second.provider_sid)) == ("accepted", "twilio", True)


def test_after_three_retries_it_gives_up_and_the_next_person_is_called_now(two):
    two.twilio.fail_next(http=503, code=20503, times=4)
    two.start(two.chain)
    began = two.now
    two.advance(seconds=200)
    two.twilio.expect(BEN, "SEV1")
    page = Page.objects.get(person=two.ana)
    assert (page.state, page.reason, page.attempts_made) == ("failed_permanent", "retries_exhausted", 4)
    assert Page.objects.get(person=two.ben).planned_at - began < timedelta(seconds=200)


@pytest.mark.parametrize("code, unhealthy", [(21211, True), (21610, True), (21606, False)])
def test_a_permanent_refusal_calls_the_next_person_now(two, code, unhealthy):
    two.twilio.fail_next(http=400, code=code, message=f"The 'To' number {ANA} is not valid")
    two.start(two.chain)
    two.twilio.expect(BEN, "SEV1")
    page = Page.objects.get(person=two.ana)
    assert (page.state, page.error_code) == ("failed_permanent", str(code))
    assert bool(ContactMethod.objects.get(user=two.ana).unhealthy_since) == unhealthy
    assert ANA not in page.attempts.get().error and ANA[1:] not in page.attempts.get().error
    assert Entry.objects.filter(kind="contact.unhealthy").exists() == unhealthy


def test_while_another_contact_of_the_step_may_work_the_chain_waits(world):
    ana, ben = world.person("Ana Duarte", phone=ANA), world.person("Ben Okafor", phone=BEN, mail=False)
    world.twilio.fail_next(http=400, code=21211)
    world.start(world.policy(ana, ben, delay_s=300))
    world.smtp.expect("ana@larkspur.example")
    world.advance(minutes=4)
    world.twilio.verify_nothing_else()
    world.advance(minutes=2)
    world.twilio.expect(BEN)
    assert Page.objects.filter(person=ana, state="failed_permanent").exists()


@pytest.mark.usefixtures("no_limits")
def test_a_broken_contact_is_left_out_next_time_and_healed_by_a_receipt(two):
    two.twilio.fail_next(http=400, code=21610)
    two.start(two.chain)
    two.twilio.expect(BEN)
    two.stop("resolved")
    # the only contact she has is broken: it is tried all the same, and the chain does not wait for it
    two.start(two.chain)
    text = two.twilio.expect(ANA)
    two.twilio.expect(BEN)
    assert Page.objects.filter(person=two.ana).last().rule == "last_resort"
    two.report(text, "delivered")
    two.settle()
    assert ContactMethod.objects.get(user=two.ana).unhealthy_since is None
    assert Entry.objects.filter(kind="contact.healthy").exists()


def test_twilio_not_configured_is_said_and_the_chain_goes_on(two, settings):
    settings.TWILIO_FROM = ""
    run = two.start(two.chain)
    page = Page.objects.filter(person=two.ana).first()
    assert (page.state, page.error_code) == ("failed_permanent", "unconfigured")
    assert "TWILIO_FROM" in page.attempts.get().error
    run.refresh_from_db()
    assert run.state == "nobody_notified"


def test_a_lost_answer_is_found_at_the_provider_and_not_sent_again(two, monkeypatch):
    monkeypatch.setattr("oncall.notify.channels.twilio_client.TOTAL_S", 0.3)
    two.twilio.fail_next(hang_s=0.6, accept=True)
    two.start(two.chain)
    text = two.twilio.expect(ANA, "SEV1")
    page = Page.objects.get()
    attempt = page.attempts.get()
    assert (page.state, attempt.outcome, attempt.provider_sid) == ("accepted", "unknown", text.sid)
    two.advance(seconds=30)
    two.twilio.verify_nothing_else()


def test_a_text_the_provider_never_saw_is_sent_again_when_it_is_urgent(two, monkeypatch):
    monkeypatch.setattr("oncall.notify.channels.twilio_client.TOTAL_S", 0.3)
    two.twilio.fail_next(hang_s=0.6)
    two.start(two.chain)
    two.twilio.expect(ANA, "SEV1")
    page = Page.objects.get()
    assert (page.state, page.attempts_made) == ("accepted", 2)
    assert [a.outcome for a in page.attempts.order_by("n")] == ["unknown", "accepted"]


def test_a_text_the_provider_never_saw_is_left_to_the_next_step_when_it_is_not(two, monkeypatch):
    monkeypatch.setattr("oncall.notify.channels.twilio_client.TOTAL_S", 0.3)
    two.twilio.fail_next(hang_s=0.6)
    two.start(two.chain, urgency="low", severity=4)
    two.twilio.expect(BEN, "SEV4")
    page = Page.objects.get(person=two.ana)
    assert (page.state, page.reason, page.attempts_made) == ("unknown", "unresolved", 1)
    assert page.ended_at is not None


def test_a_provider_that_cannot_even_be_asked_is_asked_three_times_and_then_sent_to_again(two, monkeypatch):
    monkeypatch.setattr("oncall.notify.channels.twilio_client.TOTAL_S", 0.3)
    two.twilio.fail_next(hang_s=0.6)
    two.twilio.fail_next(path="ask", http=503, times=3)
    two.start(two.chain)
    two.twilio.verify_nothing_else()
    two.advance(seconds=30)
    two.twilio.expect(ANA, "SEV1")
    two.twilio.verify_nothing_else()


def test_an_unreadable_answer_counts_as_lost(two):
    two.twilio.fail_next(raw="<html>proxy</html>", http=200, accept=True)
    two.start(two.chain)
    text = two.twilio.expect(ANA, "SEV1")
    assert Page.objects.get().attempts.get().provider_sid == text.sid


def test_a_silent_provider_is_polled_and_in_the_end_believed(two):
    two.start(two.chain)
    two.twilio.expect(ANA)
    two.stop("acknowledged")
    two.advance(hours=2)
    page = Page.objects.get()
    assert (page.state, page.reason) == ("accepted", "no_receipt")
    assert page.ended_at is not None
    assert page.attempts.get().inquire_at is None
    asked = [path for method, path in two.twilio.requests if method == "GET"]
    assert 4 <= len(asked) <= 8


def test_a_poll_learns_what_no_callback_said(two):
    two.start(two.chain)
    text = two.twilio.expect(ANA)
    text.status = "delivered"
    two.advance(seconds=70)
    page = Page.objects.get()
    assert (page.state, page.attempts.get().inquire_at) == ("delivered", None)


def test_a_process_that_dies_after_claiming_loses_nothing(two):
    from_start(two)
    assert sender.claim(now=two.now, limit=5)
    two.sleep(seconds=31)
    two.settle()
    two.twilio.expect(ANA)


def test_a_process_that_dies_before_the_call_sends_after_the_deadline(two):
    from_start(two)
    (page_id,) = sender.claim(now=two.now, limit=5)
    assert sender.begin(page_id, now=two.now) is not None
    two.settle()
    two.twilio.verify_nothing_else()
    two.advance(seconds=12)
    two.twilio.expect(ANA)
    assert [a.outcome for a in Attempt.objects.order_by("n")] == ["unknown", "accepted"]


def test_a_process_that_dies_after_the_call_finds_the_text_and_sends_no_second_one(two):
    from_start(two)
    (page_id,) = sender.claim(now=two.now, limit=5)
    sender.call(sender.begin(page_id, now=two.now))
    text = two.twilio.expect(ANA)
    two.advance(seconds=60)
    two.twilio.verify_nothing_else()
    page = Page.objects.get()
    assert (page.state, page.attempts.get().provider_sid) == ("accepted", text.sid)


def test_a_mail_whose_answer_was_lost_is_sent_again(world):
    ana = world.person("Ana Duarte")
    from_start(world, world.policy(ana))
    (page_id,) = sender.claim(now=world.now, limit=5)
    sender.call(sender.begin(page_id, now=world.now))
    world.smtp.expect("ana@larkspur.example")
    world.advance(seconds=30)
    second = world.smtp.expect("ana@larkspur.example")
    assert ".2@" in second.message["Message-ID"]


def test_the_late_answer_of_an_attempt_given_up_still_counts(two):
    from_start(two)
    (page_id,) = sender.claim(now=two.now, limit=5)
    job = sender.begin(page_id, now=two.now)
    result = sender.call(job)
    two.twilio.expect(ANA)
    two.sleep(seconds=11)
    reconcile(two.now)
    assert Page.objects.get().state == "unknown"
    sender.finish(job, result, now=two.now)
    page = Page.objects.get()
    assert (page.state, page.attempts.get().outcome) == ("accepted", "accepted")


def test_a_page_our_own_code_cannot_build_fails_aloud_and_the_chain_goes_on(two, monkeypatch):
    real = sender.letter_for

    def broken(page, **more):
        if page.person_id == two.ana.pk:
            raise RuntimeError("bug")
        return real(page, **more)

    monkeypatch.setattr(sender, "letter_for", broken)
    two.start(two.chain)
    two.twilio.expect(BEN)
    assert Page.objects.get(person=two.ana).reason == "internal_error"


@pytest.mark.parametrize("change", ["inactive", "contact_removed"])
def test_somebody_who_can_no_longer_be_paged_is_not(two, change):
    from_start(two)
    if change == "inactive":
        two.ana.is_active = False
        two.ana.save(now=two.now, reason="Left")
    else:
        two.ana.contact_methods.get().retire(now=two.now, reason="New number")
    two.settle()
    two.twilio.expect(BEN)
    page = Page.objects.get(person=two.ana)
    assert (page.state, page.reason) == ("cancelled", change)


# acknowledging while pages are under way


def test_no_attempt_begins_after_an_answer_committed(two):
    from_start(two)
    (page_id,) = sender.claim(now=two.now, limit=5)
    two.stop("acknowledged", by=two.ana)
    assert sender.begin(page_id, now=two.now) is None
    two.advance(hours=1)
    assert Attempt.objects.count() == 0
    page = Page.objects.get()
    assert (page.state, page.reason) == ("cancelled", "acknowledged")


def test_a_page_in_flight_at_the_answer_is_marked_and_its_truths_still_counted(two):
    from_start(two)
    (page_id,) = sender.claim(now=two.now, limit=5)
    job = sender.begin(page_id, now=two.now)
    two.stop("acknowledged", by=two.ana)
    sender.finish(job, sender.call(job), now=two.now)
    text = two.twilio.expect(ANA)
    two.report(text, "delivered")
    two.settle()
    page = Page.objects.get()
    assert (page.in_flight_at_ack, page.attempts.get().in_flight_at_ack, page.state) == (True, True, "delivered")


def test_a_page_waiting_for_its_retry_is_cancelled_by_an_answer(two):
    two.twilio.fail_next(http=503)
    two.start(two.chain)
    two.stop("acknowledged", by=two.ana)
    two.advance(hours=1)
    page = Page.objects.get()
    assert (page.state, page.reason, page.attempts_made) == ("cancelled", "acknowledged", 1)


def test_a_lost_page_is_not_sent_again_after_an_answer(two):
    from_start(two)
    (page_id,) = sender.claim(now=two.now, limit=5)
    sender.begin(page_id, now=two.now)
    two.stop("acknowledged", by=two.ana)
    two.advance(hours=1)
    page = Page.objects.get()
    assert (page.state, page.reason, page.attempts_made) == ("unknown", "unresolved", 1)


def test_somebody_asked_to_join_is_called_although_it_was_acknowledged_but_not_when_it_is_over(two):

    two.start(two.chain)
    two.twilio.expect(ANA)
    two.stop("acknowledged", by=two.ana)
    assert len(escalation.add_person(two.subject(), two.ben, now=two.now)) == 1
    two.settle()
    two.twilio.expect(BEN, "Please join SEV1")
    escalation.add_person(two.subject(), two.ben, now=two.now)
    two.stop("resolved")
    two.settle()
    assert Page.objects.filter(person=two.ben).last().state == "cancelled"
    assert Run.objects.get().over_at is not None


def test_escalating_by_hand_goes_on_where_an_acknowledge_stopped(two):

    two.start(two.chain)
    two.twilio.expect(ANA)
    two.stop("acknowledged", by=two.ana)
    run = escalation.escalate_now(two.subject(), now=two.now, by=two.ana)
    two.settle()
    two.twilio.expect(BEN)
    assert (run.step, Run.objects.count()) == (2, 2)


def test_escalating_by_hand_takes_the_next_step_at_once(two):

    two.start(two.chain)
    two.twilio.expect(ANA)
    escalation.escalate_now(two.subject(), now=two.now, by=two.ana)
    two.settle()
    two.twilio.expect(BEN)


def from_start(world, chain=None):
    """Begin a run and plan it, but send nothing yet."""

    escalation.start(world.subject(), chain or world.chain, now=world.now)
    plan(world.now)
    world.now += timedelta(milliseconds=200)


def test_the_provider_is_never_called_inside_a_transaction(two, monkeypatch):
    seen = []
    real = channel("sms").send

    def watching(message, address):
        seen.append(transaction.get_connection().savepoint_ids)
        return real(message, address)

    monkeypatch.setattr(channel("sms"), "send", watching)
    two.start(two.chain)
    two.twilio.expect(ANA)
    assert seen == [[]]
