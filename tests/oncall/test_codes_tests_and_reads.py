"""Pages without an escalation, and what screens are told about pages and runs."""

import pytest

from accounts.services.contacts import CodeRefused, confirm_contact, start_verification
from oncall.escalation import services as escalation
from oncall.escalation.apply import plan_batch
from oncall.models import Page
from oncall.notify.services import TESTS_PER_HOUR, send_test, send_verification
from oncall.queries import current_run, delivery_due, lag_s, next_step, pages_for_subject, people_paged
from tests import builders

ANA, BEN = "+447700900001", "+447700900002"


def test_a_code_goes_to_the_phone_and_proves_it(world):
    ana = world.person("Ana Duarte", mail=False)
    phone = builders.contact(ana, "phone", ANA, verified=False, now=world.now)
    page = send_verification(phone, now=world.now)
    world.settle()
    digits = world.twilio.expect(ANA, "Watchbook code").body.split()[2].rstrip(".")
    confirm_contact(phone, digits, now=world.now)
    page.refresh_from_db()
    assert (page.origin, page.run, page.state, phone.verified_at) == ("verification", None, "accepted", world.now)
    assert digits not in str(Page.objects.values())


def test_a_code_replaced_meanwhile_is_not_sent(world):
    ana = world.person("Ana Duarte", mail=False)
    mail = builders.contact(ana, "email", "ana@larkspur.example", verified=False, now=world.now)
    send_verification(mail, now=world.now)
    start_verification(mail, now=world.now)
    world.sleep(seconds=1)
    world.settle()
    assert (Page.objects.get().state, Page.objects.get().reason) == ("cancelled", "outdated")


def test_codes_and_tests_cannot_be_used_to_flood_a_phone(world):
    ana = world.person("Ana Duarte", phone=ANA, mail=False)
    phone = ana.contact_methods.get()
    for _ in range(TESTS_PER_HOUR):
        send_test(phone, now=world.now)
        world.settle()
        world.twilio.expect(ANA, "Watchbook test")
    with pytest.raises(CodeRefused):
        send_test(phone, now=world.now)
    for _ in range(4):
        send_verification(phone, now=world.now)
    with pytest.raises(CodeRefused):
        send_verification(phone, now=world.now)
    world.settle()
    world.twilio.expect(ANA, "Watchbook code")


def test_a_test_page_that_fails_hurries_nobody_and_blames_only_itself(world):
    ana = world.person("Ana Duarte", phone=ANA, mail=False)
    world.twilio.fail_next(http=400, code=21606)
    send_test(ana.contact_methods.get(), now=world.now)
    world.settle()
    assert Page.objects.get().state == "failed_permanent"


def test_reads_tell_what_is_due_next_and_who_was_paged(world, django_assert_max_num_queries):
    ana, ben = world.person("Ana Duarte", phone=ANA), world.person("Ben Okafor", phone=BEN)
    run = world.start(world.policy(ana, ben, delay_s=300))
    world.twilio.expect(ANA), world.smtp.expect("ana@larkspur.example")
    with django_assert_max_num_queries(5):
        coming = next_step("incident", "INC-2026-0001")
    assert (coming.run, coming.step, coming.people, coming.due_at) == (run, 2, (ben,), run.due_at)
    with django_assert_max_num_queries(1):
        shown = [
            (p.person, p.kind, p.state, p.run.pk, p.contact.public_id)
            for p in pages_for_subject("incident", "INC-2026-0001")
        ]
    assert [(person, kind) for person, kind, *_ in shown] == [(ana, "email"), (ana, "sms")]
    assert people_paged("incident", "INC-2026-0001") == [ana]
    world.stop("acknowledged", by=ana)
    assert next_step("incident", "INC-2026-0001") is None
    assert current_run("incident", "INC-2026-0001").state == "stopped"
    assert current_run("incident", "INC-2026-9999") is None


def test_lateness_and_waiting_work_can_be_asked(world):
    ana = world.person("Ana Duarte", phone=ANA, mail=False)
    assert (lag_s(now=world.now), delivery_due(now=world.now)) == (0.0, False)
    run = world.start(world.policy(ana, delay_s=60))
    world.twilio.expect(ANA)
    world.sleep(seconds=90)
    assert 25 < lag_s(now=world.now) < 35
    assert run.due_at < world.now


def test_planning_one_more_run_costs_no_more_reads(world, django_assert_max_num_queries):
    ana = world.person("Ana Duarte", phone=ANA, mail=False)
    policy = world.policy(ana)
    for number in range(8):
        escalation.start(world.subject(f"INC-{number}"), policy, now=world.now)
    # beside the reads: an entry and its subject for each step taken
    with django_assert_max_num_queries(12 + 2 * 8):
        assert plan_batch(now=world.now) == 8
    for number in range(8):
        escalation.stop("incident", f"INC-{number}", "resolved", now=world.now)
