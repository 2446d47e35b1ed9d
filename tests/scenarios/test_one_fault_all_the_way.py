"""A site breaks: who is called, when, by whom it is stopped, and what the timeline says afterwards."""

from datetime import timedelta

from ledger.verify import verify
from monitors.services.monitors import retire_monitor
from oncall.models import Page, Run


def break_and_page_alice(world):
    """Checkout breaks and Alice's phone has the page; return it."""
    world.breaks("Checkout API")
    world.advance(minutes=2)
    return world.phone("Alice").expect_sms("SEV2", "Checkout API is down", "Reply 4=ack 6=resolve [1]")


def test_nobody_is_paged_while_all_is_well(world):
    world.advance(minutes=10)
    assert world.incident is None


def test_one_bad_answer_wakes_nobody(world):
    world.breaks("Checkout API")
    world.advance(seconds=70)
    world.mends("Checkout API")
    world.advance(minutes=5)
    assert world.incident is None


def test_it_pages_the_second_person_after_the_delay_of_the_step(world):
    break_and_page_alice(world)
    world.advance(minutes=2)
    world.phone("Bob").stays_silent()
    world.advance(minutes=3)
    world.phone("Bob").expect_sms("Checkout API is down")
    world.mailbox("Bob").expect("SEV2 Checkout API is down", "INC-2026-0001")


def test_an_answer_stops_the_chain(world):
    break_and_page_alice(world)
    assert world.phone("Alice").reply("4") == (
        "Acknowledged INC-2026-0001 at 03:02. Nobody else will be called. Bob Brandt was not called."
    )
    world.advance(minutes=30)
    assert (world.incident.state, world.incident.acknowledged_by) == ("acknowledged", world.people["Alice"])


def test_when_nobody_answers_the_catch_all_is_called_and_then_it_is_quiet(world):
    break_and_page_alice(world)
    world.advance(minutes=11)
    world.phone("Bob").expect_sms("Checkout API is down")
    world.mailbox("Bob").expect("Checkout API is down")
    world.phone("Ada").expect_sms("Checkout API is down")
    world.advance(minutes=15)
    assert Run.objects.get().state == "exhausted"
    assert world.incident.state == "triggered"


def test_the_catch_alls_answer_counts_like_any_other(world):
    break_and_page_alice(world)
    world.advance(minutes=11)
    world.phone("Bob").expect_sms()
    world.mailbox("Bob").expect()
    world.phone("Ada").expect_sms()
    assert world.phone("Ada").reply("4").startswith("Acknowledged INC-2026-0001")
    assert world.incident.acknowledged_by == world.people["Ada"]


def test_recovery_resolves_by_itself_and_tells_everybody_who_was_paged(world):
    break_and_page_alice(world)
    world.advance(minutes=5)
    world.phone("Bob").expect_sms("is down")
    world.mailbox("Bob").expect("is down")
    world.phone("Bob").reply("4")
    world.mends("Checkout API")
    world.advance(minutes=3)
    assert world.incident.state == "resolved"
    for name in ("Alice", "Bob"):
        world.phone(name).expect_sms("Stand down: INC-2026-0001 Checkout API is down: recovered by itself after")
    world.mailbox("Bob").expect("stand down", "Nothing more to do.")
    world.advance(minutes=15)


def test_the_story_is_told_in_sentences(world):
    break_and_page_alice(world)
    world.advance(minutes=5)
    world.phone("Bob").expect_sms()
    world.mailbox("Bob").expect()
    world.phone("Bob").reply(" ACK ")
    world.mends("Checkout API")
    world.advance(minutes=3)
    for name in ("Alice", "Bob"):
        world.phone(name).expect_sms("Stand down")
    world.mailbox("Bob").expect("stand down")
    assert world.story() == [
        "Opened, SEV2.",
        "Paging began, policy Checkout critical.",
        "Bob Brandt acknowledged by SMS reply from +44 … 02. Nobody else will be called.",
        "The alert (down) ended.",
        "Resolved by itself: every alert has ended.",
        "Told to stand down: Alice Adeyemi and Bob Brandt.",
    ]


def test_the_fault_is_dated_to_the_first_bad_answer_not_to_the_page(world):
    first_bad_check = world.now + timedelta(minutes=1)
    break_and_page_alice(world)
    assert world.incident.opened_at == first_bad_check
    assert timedelta(seconds=40) <= world.incident.recorded_at - first_bad_check <= timedelta(seconds=55)


def test_what_breaks_again_within_a_day_is_the_same_incident_and_pages_anew(world):
    break_and_page_alice(world)
    world.mends("Checkout API")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("Stand down")
    world.breaks("Checkout API")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("SEV2 Checkout API is down")
    assert (world.incident.number, world.incident.reopened_count) == ("INC-2026-0001", 1)


def test_a_retired_monitor_ends_its_incident_without_claiming_a_recovery(world):
    break_and_page_alice(world)
    retire_monitor(world.monitors["Checkout API"], now=world.now, reason="Replaced.")
    world.advance(minutes=1)
    world.phone("Alice").expect_sms("Stand down", "closed, because its monitor was retired")
    assert "Closed: its monitor was retired, so nobody will see it recover." in world.story()


def test_an_outage_of_ours_over_both_steps_sends_each_page_once(world):
    break_and_page_alice(world)
    world.skip(minutes=30)
    world.phone("Bob").expect_sms("is down")
    world.mailbox("Bob").expect("is down")
    world.phone("Ada").stays_silent()
    world.advance(minutes=5, seconds=1)
    world.phone("Ada").expect_sms("is down")


def test_what_a_provider_says_later_is_told_on_the_page(world):
    text = break_and_page_alice(world)
    assert world.reports(text, "delivered").status_code == 204
    world.tick()
    page = Page.objects.get(person=world.people["Alice"])
    assert page.delivered_at == world.now
    assert page.confirmed_at is None, "delivered is not confirmed"
    world.advance(minutes=1)
    world.phone("Alice").reply("4")
    page.refresh_from_db()
    assert (page.confirmed_at, page.confirmed_how) == (world.now, "sms")


def test_the_ledger_of_the_night_verifies(world):
    break_and_page_alice(world)
    world.phone("Alice").reply("6")
    world.advance(minutes=1)
    assert verify().faults == ()
