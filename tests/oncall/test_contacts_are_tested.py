"""Tests of contacts: asked for, sent as any page, answered, and missed when they are overdue."""

from datetime import timedelta

import pytest

from accounts.services.contacts import CodeRefused
from ledger.models import Entry
from ledger.tables import Scope
from oncall.models import ContactTest, Page
from oncall.notify.links import token_for
from oncall.notify.services import NothingToTest, ask_for_test, confirmed, send_test, send_verification
from oncall.proof_evidence import contact_test_tables
from oncall.proofs import newest_tests, overdue_contacts, proofs_of
from oncall.reached import reached
from oncall.selfcheck import contacts_tested
from tests import builders
from tests.builders import NIGHT

ANA = "+447700900001"


@pytest.fixture
def ana(world):
    return world.person("Ana Duarte", phone=ANA)


def ask(world, person, **more):
    """Ask for a test and let it go out."""
    test, pages = ask_for_test(person, by=more.pop("by", person), now=world.now, **more)
    world.settle()
    return test, pages


def answer(page, how, *, now):
    page.refresh_from_db()
    confirmed(page, how, now=now)


def test_a_test_goes_over_each_verified_contact_and_each_text_can_be_answered(world, ana):
    builders.contact(ana, "phone", "+447700900099", verified=False, now=world.now)
    test, pages = ask(world, ana)
    text = world.twilio.expect(ANA, "Watchbook test.", "Nothing is wrong.", "Reply 4 to confirm.", "/a/")
    letter = world.smtp.expect("ana@larkspur.example", "Watchbook test page", "Confirm that it reached you")
    assert "asked for it" not in text.body + letter.body
    assert [(page.origin, page.reference, page.run) for page in pages] == [("test", test.public_id, None)] * 2
    assert token_for(pages[0]) in letter.body and token_for(pages[1]) in text.body


def test_a_test_that_somebody_else_asked_for_says_so(world, ana):
    ada = world.person("Ada Admin", "admin", mail=False)
    ask(world, ana, by=ada)
    world.twilio.expect(ANA, "Watchbook test.", "Ada Admin asked for it.")
    world.smtp.expect("ana@larkspur.example", "Ada Admin asked for it.")
    [asked] = newest_tests(ana)
    assert (asked.test.asked_by, len(asked.pages), asked.waits) == (ada, 2, True)


def test_the_answer_is_the_proof_and_how_long_it_took_is_kept(world, ana):
    _, pages = ask(world, ana)
    world.twilio.expect(ANA), world.smtp.expect("ana@larkspur.example")
    pages[1].refresh_from_db()
    answer(pages[1], "link", now=pages[1].accepted_at + timedelta(seconds=4))
    mail, phone = proofs_of(ana.contact_methods.order_by("kind"))
    assert (mail.how, mail.took_s, mail.at) == ("code", None, NIGHT)
    assert (phone.how, phone.took_s, phone.contact.kind) == ("link", 4, "phone")
    assert phone.due_at == phone.at + timedelta(days=35)


def test_what_was_confirmed_signed_in_is_no_proof_and_a_real_page_answered_there_is(world, ana):
    world.start(world.policy(ana))
    world.twilio.expect(ANA), world.smtp.expect("ana@larkspur.example")
    mail, text = (Page.objects.get(kind=kind) for kind in ("email", "sms"))
    answer(mail, "acted", now=world.now)
    answer(text, "sms", now=world.now)
    assert [proof.how for proof in proofs_of(ana.contact_methods.order_by("kind"))] == ["code", "sms"]
    world.stop("acknowledged", by=ana)


def test_a_test_of_a_broken_contact_fails_aloud_and_an_answer_heals_it(world, ana):
    world.twilio.fail_next(http=400, code=21211)
    _, pages = ask(world, ana)
    world.smtp.expect("ana@larkspur.example")
    pages[1].refresh_from_db()
    assert (pages[1].state, pages[1].reason) == ("failed_permanent", "contact")
    [asked] = newest_tests(ana)
    assert [page.state for page in asked.pages] == ["accepted", "failed_permanent"]


def test_nobody_is_flooded(world, ana):
    for _ in range(6):
        ask(world, ana)
        world.twilio.expect(ANA), world.smtp.expect("ana@larkspur.example")
    with pytest.raises(CodeRefused, match="6 tests were sent to .* in the last hour"):
        ask_for_test(ana, by=ana, now=world.now)
    assert ContactTest.objects.count() == 6, "a refused test leaves nothing"
    world.sleep(hours=1, minutes=1)
    ask(world, ana)
    world.twilio.expect(ANA), world.smtp.expect("ana@larkspur.example")


def test_others_may_have_somebody_tested_twice_an_hour_whoever_they_are(world, ana):
    ada, mona = world.person("Ada Admin", "admin", mail=False), world.person("Mona Meyer", "manager", mail=False)
    for by in (ada, mona):
        ask(world, ana, by=by)
        world.twilio.expect(ANA), world.smtp.expect("ana@larkspur.example")
    with pytest.raises(CodeRefused, match="Others had Ana Duarte tested 2 times"):
        ask_for_test(ana, by=ada, now=world.now)
    ask(world, ana)
    world.twilio.expect(ANA), world.smtp.expect("ana@larkspur.example")


def test_there_is_nothing_to_test_before_something_is_confirmed(world):
    new = world.person("New Hire", mail=False)
    phone = builders.contact(new, "phone", ANA, verified=False, now=world.now)
    with pytest.raises(NothingToTest):
        ask_for_test(new, by=new, now=world.now)
    send_test(phone, now=world.now)
    world.settle()
    world.twilio.expect(ANA, "Watchbook test")


def test_an_overdue_contact_of_somebody_who_is_paged_is_a_finding_until_it_is_confirmed(world, ana):
    builders.catch_all(ana, now=world.now)
    assert contacts_tested(world.now) is None
    world.sleep(hours=24 * 36)
    breach = contacts_tested(world.now)
    assert breach.sentence == "2 contacts of people who would be paged were not confirmed for 35 d."
    assert len(breach.about) == 2
    _, pages = ask(world, ana)
    world.twilio.expect(ANA), world.smtp.expect("ana@larkspur.example")
    for page in pages:
        answer(page, "link", now=world.now)
    assert contacts_tested(world.now) is None


def test_what_cannot_be_confirmed_or_does_not_work_is_not_overdue(world, ana, django_assert_max_num_queries):
    builders.contact(ana, "pagerduty", "R0UT1NGKEY" + "0" * 22, now=world.now)
    phone = ana.contact_methods.get(kind="phone")
    phone.unhealthy_since = world.now
    phone.save(now=world.now)
    with django_assert_max_num_queries(2):
        old = overdue_contacts([ana.public_id], now=world.now + timedelta(days=40))
    assert [contact.kind for contact in old] == ["email"]


def test_an_overdue_test_makes_a_channel_partly_ready(world, ana, settings):
    later = world.now + timedelta(days=36)
    cells = {cell.channel: cell for cell in reached(ana, now=later).rows[0].cells}
    assert (cells["sms"].state, [fault.reason for fault in cells["sms"].why]) == ("partly", ["not_tested"])


def test_the_ledger_says_who_asked_and_nothing_of_the_address(world, ana):
    test, _ = ask(world, ana)
    world.twilio.expect(ANA), world.smtp.expect("ana@larkspur.example")
    line = Entry.objects.get(kind="contact.test_asked").line
    assert test.public_id in line and ana.public_id in line
    assert ANA[1:] not in line and "larkspur" not in line


def test_the_evidence_has_codes_tests_and_answered_pages_with_what_confirmed_them(world, ana):
    phone = ana.contact_methods.get(kind="phone")
    send_verification(phone, now=world.now)
    test, pages = ask(world, ana, by=world.person("Ada Admin", "admin", mail=False))
    world.twilio.expect(ANA, "code"), world.twilio.expect(ANA, "test"), world.smtp.expect("ana@larkspur.example")
    answer(pages[0], "link", now=world.now)
    end = world.now + timedelta(hours=1)
    [table] = contact_test_tables(Scope("incident", "INC-2026-0001", end, NIGHT, end), [ana.public_id])
    told = [dict(zip(table.columns, row, strict=False)) for row in table.rows()]
    assert [(row["kind"], row["channel_kind"], row["result"]) for row in told] == [
        ("verification", "sms", "accepted"),
        ("test", "email", "confirmed"),
        ("test", "sms", "accepted"),
    ]
    mail = told[1]
    assert (mail["test_id"], mail["confirm_method"]) == (test.public_id, "link")
    assert mail["next_due_at"] == mail["confirmed_by_human_at"] + timedelta(days=35)
    assert mail["asked_by"] != ana.public_id and told[2]["provider_message_id"].startswith("SM")
    assert ANA[1:] not in str(told) and "ana@" not in str(told)
