"""What a reply does, from whom it is taken, and what the phone reads back."""

from datetime import timedelta

import pytest

from accounts.models import ContactMethod
from incidents.models import Incident, TimelineEntry
from incidents.selfcheck import codes_fit
from incidents.services import sms
from incidents.services.sms import EXPLANATIONS_PER_HOUR
from ledger.models import Entry
from oncall.models import InboundSms, Page
from tests.builders import contact


@pytest.fixture
def paged(world):
    """Alice's phone has the page for INC-2026-0001, code 1."""
    world.breaks("Checkout API")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("[1]")
    return world


def two_faults(world):
    """Alice's phone has two pages: Checkout API, code 1, and Basket, code 2."""
    world.watch("Basket")
    world.advance(minutes=1)
    world.breaks("Checkout API")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("Checkout API", "[1]")
    world.breaks("Basket")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("Basket", "[2]")


# every other way to write it stands in the table of the parser
@pytest.mark.parametrize("words", [" 4 ", "Ack ", "1A", "4 1"])
def test_it_acknowledges(paged, words):
    assert (
        paged.phone("Alice").reply(words).startswith("Acknowledged INC-2026-0001 at 03:02. Nobody else will be called.")
    )
    assert paged.incident.acknowledged_by == paged.people["Alice"]


@pytest.mark.parametrize("words", ["6", "1 Resolve "])
def test_it_resolves(paged, words):
    assert paged.phone("Alice").reply(words) == "Resolved INC-2026-0001 at 03:02. Nobody else will be called."
    assert (paged.incident.state, paged.incident.resolved_by) == ("resolved", paged.people["Alice"])
    paged.advance(minutes=1)  # she ended it herself: nobody stands her down


def test_what_is_not_clear_does_nothing_and_is_explained(paged):
    for words in ("", "yes please", "4 6", "🙈 call Bob"):
        assert paged.phone("Alice").reply(words) == "Reply 4 to acknowledge or 6 to resolve. Open: INC-2026-0001 [1]."
    assert paged.incident.state == "triggered"


def test_the_timeline_says_who_when_and_how(paged):
    paged.phone("Alice").reply("4")
    told = TimelineEntry.objects.get(kind="acknowledged")
    assert (told.person, told.recorded_at, told.actor_kind, told.how) == (
        paged.people["Alice"], paged.now, "sms", "SMS reply from +44 … 01",
    )  # fmt: skip
    assert told.entry.kind == "incident.acknowledged"
    assert '"kind":"sms"' in told.entry.line


def test_a_second_person_is_told_who_has_it(paged):
    paged.advance(minutes=5)
    paged.phone("Bob").expect_sms()
    paged.mailbox("Bob").expect()
    paged.phone("Alice").reply("4")
    assert (
        paged.phone("Bob").reply("4")
        == "INC-2026-0001 was acknowledged by Alice Adeyemi at 03:07. Yours is recorded too."
    )
    assert TimelineEntry.objects.get(kind="acknowledged_too").person == paged.people["Bob"]


def test_saying_it_twice_is_answered_twice_and_told_once(paged):
    paged.phone("Alice").reply("4")
    assert paged.phone("Alice").reply("4") == "INC-2026-0001 is yours since 03:02. Nobody else will be called."
    assert TimelineEntry.objects.filter(kind="acknowledged").count() == 1


def test_the_same_message_delivered_twice_acts_once_and_reads_the_same(paged):
    first = paged.phone("Alice").reply("4", sid="SM1")
    paged.advance(minutes=1)
    assert paged.phone("Alice").reply("4", sid="SM1") == first
    assert InboundSms.objects.count() == 1


def test_an_answer_after_the_end_is_recorded_and_changes_nothing(paged):
    paged.mends("Checkout API")
    paged.advance(minutes=2)
    paged.phone("Alice").expect_sms("Stand down")
    assert paged.phone("Alice").reply("4").startswith("INC-2026-0001 was resolved at 03:03, before your answer.")
    assert paged.incident.state == "resolved"
    assert TimelineEntry.objects.get(kind="acknowledged_late").person == paged.people["Alice"]


def test_a_code_says_which_of_two_is_meant(world):
    two_faults(world)
    answer = world.phone("Alice").reply("1 4")
    assert answer.startswith("Acknowledged INC-2026-0001")
    assert answer.endswith("Still open: INC-2026-0002 [2].")
    assert list(Incident.objects.order_by("pk").values_list("state", flat=True)) == ["acknowledged", "triggered"]
    world.phone("Alice").reply("2a")


def test_without_a_code_the_newest_page_is_meant_and_the_other_one_is_named(world):
    two_faults(world)
    answer = world.phone("Alice").reply("4")
    assert answer.startswith("Acknowledged INC-2026-0002")
    assert answer.endswith("Still open: INC-2026-0001 [1].")
    world.phone("Alice").reply("1 ack")
    assert set(Incident.objects.values_list("state", flat=True)) == {"acknowledged"}


def test_a_code_that_is_nobodys_does_nothing_and_lists_the_right_ones(paged):
    assert paged.phone("Alice").reply("7 4") == "No page has the code 7. Open: INC-2026-0001 [1]."
    assert paged.incident.state == "triggered"


def test_another_persons_code_is_not_taken(paged):
    """Bob was not paged: the code on Alice's phone means nothing on his."""
    assert paged.phone("Bob").reply("1 4") == "No page has the code 1. No page of yours is open."
    assert paged.phone("Bob").reply("4").startswith("No page went to this number")
    assert paged.incident.state == "triggered"


def test_a_strangers_text_is_kept_and_answered_with_nothing(paged):
    assert paged.phone("Charlie").reply("4") == ""
    assert paged.phone("Charlie").reply("1 6") == ""
    assert paged.incident.state == "triggered"
    assert list(InboundSms.objects.values_list("from_mask", flat=True)) == ["+44 … 99"] * 2
    written = "".join(Entry.objects.values_list("line", flat=True))
    assert "+447700900199" not in written


def test_a_page_older_than_a_day_is_not_answered(paged):
    paged.skip(hours=25)
    paged.phone("Bob").expect_sms()
    paged.mailbox("Bob").expect()
    assert paged.phone("Alice").reply("4").startswith("No page went to this number in the last 24 hours")


def test_who_may_no_longer_respond_is_told_so_and_the_chain_goes_on(paged):
    alice = paged.people["Alice"]
    alice.role = "viewer"
    alice.save(now=paged.now, reason="Test")
    assert paged.phone("Alice").reply("4") == (
        "Your role, viewer, may not answer INC-2026-0001. The next person will be called."
    )
    assert TimelineEntry.objects.get(kind="refused").person == alice
    paged.advance(minutes=5)
    paged.phone("Bob").expect_sms("is down")
    paged.mailbox("Bob").expect("is down")


def test_stop_takes_the_phone_out_of_service_and_start_brings_it_back(paged):
    assert paged.phone("Alice").reply("STOP") == ""
    phone = ContactMethod.objects.get(user=paged.people["Alice"])
    assert phone.unhealthy_since == paged.now
    assert phone.unhealthy_reason == "opted out by SMS (STOP)"
    assert paged.incident.state == "triggered", "a carrier's word is never a command of ours"
    assert paged.phone("Alice").reply("start") == ""
    phone.refresh_from_db()
    assert phone.unhealthy_since is None


def test_yes_and_end_are_no_commands(paged):
    for words in ("yes", "END", "cancel", "Quit"):
        assert paged.phone("Alice").reply(words) == ""
    assert paged.incident.state == "triggered"


def test_two_machines_stop_explaining_to_each_other(paged):
    answers = [paged.phone("Alice").reply("out of office") for _ in range(EXPLANATIONS_PER_HOUR + 3)]
    assert [bool(answer) for answer in answers] == [True] * EXPLANATIONS_PER_HOUR + [False] * 3
    assert paged.phone("Alice").reply("4").startswith("Acknowledged"), "a real answer is always answered"


def test_wrong_codes_hear_nothing_after_the_third_and_become_a_finding(paged):
    answers = [paged.phone("Alice").reply(f"{code} 4") for code in (7, 8, 9, 10, 11)]
    assert [bool(answer) for answer in answers] == [True] * 3 + [False] * 2
    assert paged.phone("Alice").reply("1 4").startswith("Acknowledged"), "the right code is always answered"
    breach = codes_fit(paged.now)
    assert breach is not None
    assert breach.sentence == "1 phone sent more than 3 wrong codes within 1 h."
    assert codes_fit(paged.now + timedelta(hours=1, seconds=1)) is None


def test_times_are_in_the_zone_of_the_person(paged):
    alice = paged.people["Alice"]
    alice.timezone = "Asia/Kolkata"
    alice.save(now=paged.now, reason="Test")
    assert paged.phone("Alice").reply("4").startswith("Acknowledged INC-2026-0001 at 08:32.")


def test_a_name_that_gsm_has_not_is_spelt_so_that_one_text_stays_one_text(paged):
    bob = paged.people["Bob"]
    bob.name = "Břetislav „Bob“ Ъ"
    bob.save(now=paged.now, reason="Test")
    answer = paged.phone("Alice").reply("4")
    assert 'Bretislav "Bob" ? was not called.' in answer


def test_an_unverified_number_answers_nothing(paged):
    contact(paged.people["Victor"], "phone", "+447700900177", verified=False)
    response = paged.inbound_sms("+447700900177", "4")
    assert b"No page went to this number" in response.content
    assert paged.incident.state == "triggered"


def test_a_text_that_a_dead_process_left_behind_is_acted_on_by_the_tick(paged, monkeypatch):
    give = sms.give
    monkeypatch.setattr(sms, "give", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        paged.phone("Alice").reply("4")
    assert InboundSms.objects.get().handled_at is None
    monkeypatch.setattr(sms, "give", give)
    paged.advance(seconds=6)
    assert paged.incident.acknowledged_by == paged.people["Alice"]
    assert InboundSms.objects.get().answer.startswith("Acknowledged INC-2026-0001")


def test_an_answer_confirms_the_very_page_it_answers(paged):
    paged.phone("Alice").reply("4")
    page = Page.objects.get(person=paged.people["Alice"])
    assert (page.state, page.confirmed_how, page.confirmed_at) == ("confirmed", "sms", paged.now)
