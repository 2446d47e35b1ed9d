"""A phone that rings: what is said, what a key does, and why a call that nobody answers is nobody."""

from datetime import timedelta

import pytest

from accounts.models import ContactMethod
from incidents.models import TimelineEntry
from incidents.services import keys
from incidents.services.sms import LEFT_BEHIND
from oncall.models import Attempt, Callback, InboundKey, Page, Run
from tests.builders import contact
from tests.world import NUMBERS


@pytest.fixture
def called(world):
    """Alice is reached by call alone; her phone is called for INC-2026-0001."""
    by_call_alone(world, "Alice")
    world.breaks("Checkout API")
    world.advance(minutes=2)
    return world


def by_call_alone(world, name):
    for held in ContactMethod.objects.in_force().filter(user=world.people[name]):
        held.retire(now=world.now, reason="Test")
    contact(world.people[name], "voice", NUMBERS[name], now=world.now)


def the_call(name="Alice"):
    return Page.objects.filter(kind="voice", person__name__startswith=name, origin="step").latest("pk")


def bob_is_called(world):
    """The next person of the policy hears of it, by SMS and mail."""
    world.phone("Bob").expect_sms("Checkout API is down")
    world.mailbox("Bob").expect("Checkout API is down")


# what is said, and the keys


def test_the_call_says_how_bad_what_where_since_when_and_what_to_press(called):
    call = called.phone("Alice").expect_call()
    assert call.pick_up() == (
        "This is Watchbook. Severity 2. Checkout API is down. It concerns Checkout, since 03:01. "
        "Press 4 to acknowledge, 6 to resolve, 0 for help, or star to hear it again."
    )
    assert called.incident.state == "triggered", "to pick up is not to acknowledge"


def test_4_acknowledges_and_the_voice_says_so(called):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    assert call.press("4") == "You have it. Nobody else will be called. Bob Brandt was not called. Goodbye."
    assert (called.incident.state, called.incident.acknowledged_by) == ("acknowledged", called.people["Alice"])
    called.advance(minutes=10)
    page = the_call()
    assert (page.state, page.confirmed_how, page.reason) == ("confirmed", "voice", "")
    assert all((page.accepted_at, page.sent_at, page.delivered_at, page.answered_at, page.confirmed_at))


def test_the_timeline_says_who_when_and_how(called):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    call.press("4")
    told = TimelineEntry.objects.get(kind="acknowledged")
    assert (told.person, told.actor_kind, told.how) == (
        called.people["Alice"], "voice", "key press in call to +44 … 01",
    )  # fmt: skip
    assert "Alice Adeyemi acknowledged by key press in call to +44 … 01." in " ".join(called.story())


def test_6_resolves_by_the_same_rule_as_a_text(called):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    assert call.press("6") == "It is resolved. Nobody else will be called. Goodbye."
    assert (called.incident.state, called.incident.resolved_by) == ("resolved", called.people["Alice"])


def test_a_wrong_key_is_named_and_asked_again_and_then_4_counts(called):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    assert call.press("7").startswith("7 is not a choice. Press 4 to acknowledge")
    assert call.press("#").startswith("This key is not a choice. Press 4")
    assert called.incident.state == "triggered"
    assert call.press("4").startswith("You have it.")


def test_0_explains_and_star_says_it_again(called):
    call = called.phone("Alice").expect_call()
    first = call.pick_up()
    assert call.press("0").startswith("4 acknowledges: you have it, and nobody else is called.")
    assert call.press("*") == first
    assert called.incident.state == "triggered"
    assert call.press("4").startswith("You have it.")


def test_without_a_key_it_is_said_once_more_and_then_the_next_person_is_called(called):
    call = called.phone("Alice").expect_call()
    first = call.pick_up()
    assert call.say_nothing() == f"No key was heard. {first}"
    assert call.say_nothing() == "No key was pressed, so the next person is called. Goodbye."
    assert call.status == "completed"
    called.advance(seconds=1)
    bob_is_called(called)


def test_whoever_plays_with_the_keys_is_not_listened_to_for_ever(called):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    presses = 0
    while call.status == "in-progress":
        call.press("9")
        presses += 1
    assert presses == 6
    assert call.said[-1].endswith("No key was pressed, so the next person is called. Goodbye.")
    called.advance(seconds=1)
    bob_is_called(called)


def test_times_are_in_the_zone_of_the_person(called):
    alice = called.people["Alice"]
    alice.timezone = "Asia/Kolkata"
    alice.save(now=called.now, reason="Test")
    assert "since 08:31." in called.phone("Alice").expect_call().pick_up()


def test_markup_in_a_title_is_spoken_not_obeyed(called):
    Run.objects.update(title="Fish & <Hangup/> chips is down")
    said = called.phone("Alice").expect_call().pick_up()
    assert "Severity 2. Fish & Hangup/ chips is down." in said
    assert "Press 4" in said


# calls that nobody answers


def test_an_unanswered_call_calls_the_next_person_at_once(called):
    called.phone("Alice").expect_call().no_answer()
    called.advance(seconds=1)
    bob_is_called(called)
    page = the_call()
    assert (page.state, page.reason, page.answered_at) == ("delivered", "no_answer", None)
    assert page.ended_at is not None


def test_an_unanswered_call_leaves_the_time_of_the_step_to_another_contact(world):
    contact(world.people["Alice"], "voice", NUMBERS["Alice"], now=world.now)
    world.breaks("Checkout API")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("is down")
    world.phone("Alice").expect_call().no_answer()
    world.advance(minutes=4)
    world.phone("Bob").stays_silent()
    world.advance(minutes=1)
    bob_is_called(world)


def test_a_voice_mail_is_never_somebody(called):
    call = called.phone("Alice").expect_call()
    call.machine()
    assert call.status == "completed"
    called.advance(seconds=1)
    bob_is_called(called)
    page = the_call()
    assert (page.state, page.reason, page.confirmed_at) == ("answered", "no_key", None)
    assert page.answered_at is not None
    assert called.incident.state == "triggered"


def test_somebody_who_hangs_up_without_a_key_has_not_answered(called):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    call.hang_up()
    called.advance(seconds=1)
    bob_is_called(called)
    assert the_call().reason == "no_key"


def test_a_busy_line_is_called_once_more_after_a_minute(called):
    called.phone("Alice").expect_call().busy()
    called.advance(seconds=59)
    called.phone("Alice").stays_silent()
    called.advance(seconds=2)
    again = called.phone("Alice").expect_call()
    again.pick_up()
    assert again.press("4").startswith("You have it.")
    assert the_call().attempts_made == 2


def test_a_line_that_is_busy_twice_gives_way_to_the_next_person(called):
    called.phone("Alice").expect_call().busy()
    called.advance(seconds=61)
    called.phone("Alice").expect_call().busy()
    called.advance(seconds=1)
    bob_is_called(called)
    assert (the_call().reason, the_call().attempts_made) == ("busy", 2)


@pytest.mark.parametrize(
    ("sip", "reason", "healthy"), [("404", "contact", False), ("603", "permanent", True)]
)  # fmt: skip
def test_a_call_that_failed_for_good_calls_the_next_person_now(called, sip, reason, healthy):
    called.phone("Alice").expect_call().fail(sip)
    called.advance(seconds=1)
    bob_is_called(called)
    page = the_call()
    assert (page.state, page.reason, page.error_code) == ("failed_permanent", reason, f"sip{sip}")
    assert (page.contact.unhealthy_since is None) == healthy


def test_a_call_that_failed_for_now_is_made_again(called):
    called.phone("Alice").expect_call().fail("503")
    called.advance(seconds=16)
    called.phone("Alice").expect_call().pick_up()
    assert the_call().attempts_made == 2


def test_somebody_reached_by_machines_alone_was_not_reached(world):
    """Everybody has a voice mail: the run ends as nobody_notified, and the catch-all is called again."""
    for name in ("Alice", "Bob", "Ada"):
        by_call_alone(world, name)
    for name in ("Mona", "Audra", "Victor"):
        for held in ContactMethod.objects.in_force().filter(user=world.people[name]):
            held.retire(now=world.now, reason="Test")
    world.breaks("Checkout API")
    world.advance(minutes=2)
    for name in ("Alice", "Bob", "Ada", "Alice", "Bob"):
        world.phone(name).expect_call().machine()
        world.advance(seconds=1)
    assert Run.objects.get().state == "nobody_notified"
    world.advance(seconds=61)
    again = world.phone("Ada").expect_call()
    again.pick_up()
    assert again.press("4").startswith("You have it.")


# what has changed meanwhile


def test_who_picks_up_after_somebody_else_acknowledged_hears_who_has_it(world):
    by_call_alone(world, "Alice")
    world.breaks("Checkout API")
    world.advance(minutes=7)
    call = world.phone("Alice").expect_call()
    bob_is_called(world)
    world.phone("Bob").reply("4")
    assert "Bob Brandt has it since 03:07." in call.pick_up()
    assert call.press("4") == "Bob Brandt has it since 03:07. Your key is recorded too. Goodbye."
    assert called_too(world) == ["Alice Adeyemi"]


def called_too(world):
    return [str(entry.person) for entry in TimelineEntry.objects.filter(kind="acknowledged_too")]


def test_a_key_after_the_end_is_recorded_and_changes_nothing(called):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    called.mends("Checkout API")
    called.advance(minutes=2)
    assert called.incident.state == "resolved"
    assert call.press("4").startswith("It was resolved at 03:03, before your key. It is recorded; nothing changed.")
    assert TimelineEntry.objects.get(kind="acknowledged_late").person == called.people["Alice"]
    over = called.phone("Alice").expect_call()
    assert over.pick_up().startswith("This is Watchbook. Stand down. INC-2026-0001 Checkout API is down")


def test_who_picks_up_after_the_end_hears_that_it_is_over(called):
    call = called.phone("Alice").expect_call()
    call.quiet = True
    called.mends("Checkout API")
    called.advance(minutes=2)
    assert call.status == "canceled"
    assert call.pick_up().endswith("It was resolved at 03:03. There is nothing more to do. Goodbye.")


def test_who_may_no_longer_respond_is_told_so_and_the_chain_goes_on(called):
    alice = called.people["Alice"]
    alice.role = "viewer"
    alice.save(now=called.now, reason="Test")
    call = called.phone("Alice").expect_call()
    call.pick_up()
    assert call.press("4") == "Your role, viewer, may not answer this. The next person will be called. Goodbye."
    assert TimelineEntry.objects.get(kind="refused").person == alice
    called.advance(minutes=5)
    bob_is_called(called)


def test_an_acknowledge_stops_the_phones_that_still_ring(world):
    by_call_alone(world, "Bob")
    world.breaks("Checkout API")
    world.advance(minutes=7)
    world.phone("Alice").expect_sms("is down")
    call = world.phone("Bob").expect_call().ring()
    world.phone("Alice").reply("4")
    assert call.status == "ringing", "no provider is asked inside the request"
    world.advance(seconds=1)
    assert call.status == "canceled"
    page = the_call("Bob")
    assert (page.state, page.reason, page.in_flight_at_ack) == ("delivered", "acknowledged", True)
    assert page.ended_at == world.now - timedelta(seconds=1)
    assert not Attempt.objects.filter(hang_up_at__isnull=False).exists()


def test_a_call_that_was_just_picked_up_is_not_cut_off(world):
    by_call_alone(world, "Bob")
    world.breaks("Checkout API")
    world.advance(minutes=7)
    world.phone("Alice").expect_sms("is down")
    call = world.phone("Bob").expect_call()
    call.pick_up()
    world.phone("Alice").reply("4")
    world.advance(seconds=2)
    assert call.status == "in-progress"
    assert call.press("4").startswith("Alice Adeyemi has it since 03:07.")


def test_a_provider_that_will_not_take_a_call_back_is_asked_again(world):
    by_call_alone(world, "Bob")
    world.breaks("Checkout API")
    world.advance(minutes=7)
    world.phone("Alice").expect_sms("is down")
    call = world.phone("Bob").expect_call().ring()
    world.twilio.fail_next(http=503, path="hang up")
    world.phone("Alice").reply("4")
    world.advance(seconds=2)
    assert call.status == "canceled"


# the machinery


def test_the_same_key_brought_twice_acts_once_and_is_answered_alike(called):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    address, form = call._listening, {**call.form(), "Digits": "4"}
    first = called.twilio.poster(address, form, None)
    called.advance(minutes=1)
    assert called.twilio.poster(address, form, None) == first
    assert called.twilio.poster(address, {**form, "Digits": "6"}, None) == first, "a question is answered once"
    assert InboundKey.objects.count() == 1
    assert called.incident.state == "acknowledged"


def test_a_callback_before_our_own_call_returned_is_kept_and_counts(called):
    """Its address says which attempt it is about, so it need not wait for the provider's id."""
    page, call = the_call(), called.phone("Alice").expect_call()
    Attempt.objects.filter(page=page).update(provider_sid="", status="", completed_at=None, outcome="")
    Page.objects.filter(pk=page.pk).update(state="sending", accepted_at=None)
    call.ring()
    called.tick()
    page.refresh_from_db()
    assert (page.state, page.accepted_at is not None, page.attempts.get().provider_sid) == ("delivered", True, call.sid)
    call.pick_up()
    assert call.press("4").startswith("You have it.")


def test_callbacks_in_reverse_and_years_late_change_nothing(called):
    call = called.phone("Alice").expect_call()
    call.report("no-answer")
    call.report("ringing")
    call.report("initiated")
    called.advance(seconds=1)
    bob_is_called(called)
    assert (the_call().state, the_call().reason) == ("accepted", "no_answer")
    called.phone("Bob").reply("4")
    called.skip(hours=24 * 800)
    call.report("completed")
    called.tick()
    page = the_call()
    assert (page.state, page.reason, page.confirmed_at) == ("accepted", "no_answer", None)


def test_a_call_of_which_nothing_is_heard_is_asked_about(called):
    call = called.phone("Alice").expect_call()
    call.status = "no-answer"
    called.advance(seconds=61)
    bob_is_called(called)
    assert the_call().reason == "no_answer"
    assert Callback.objects.get(status="no-answer").source == "poll"


def test_a_lost_call_is_found_at_the_provider_and_not_made_twice(world):
    by_call_alone(world, "Alice")
    world.twilio.fail_next(hang_s=0.1, accept=True, path="call")
    world.breaks("Checkout API")
    world.advance(minutes=2)
    call = world.phone("Alice").expect_call()
    assert (the_call().attempts.get().provider_sid, the_call().state) == (call.sid, "accepted")
    call.pick_up()
    assert call.press("4").startswith("You have it.")


def test_a_key_that_a_dead_process_left_behind_is_acted_on_by_the_tick(called, monkeypatch):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    give = keys.give
    monkeypatch.setattr(keys, "give", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        call.press("4")
    assert InboundKey.objects.get().handled_at is None
    monkeypatch.setattr(keys, "give", give)
    called.advance(seconds=LEFT_BEHIND.total_seconds() + 1)
    assert called.incident.acknowledged_by == called.people["Alice"]
    assert InboundKey.objects.get().answer.startswith("You have it.")


# codes and tests


def test_a_code_is_read_out_digit_by_digit_twice_and_proves_the_number(world):
    browser = world.browser("Victor")
    browser.handler.enforce_csrf_checks = False
    made = browser.post("/me/contacts/add/", {"kind": "voice", "address": "+44 7700 900177", "label": "Desk"})
    world.advance(seconds=1)
    call = world.twilio.expect_call("+447700900177", within=0)
    said = call.pick_up()
    digits = said.split("Your code is: ")[1].split(". Once more")[0]
    assert said == (
        f"This is Watchbook. Your code is: {digits}. Once more: {digits}. Enter it to be called on this phone. Goodbye."
    )
    assert browser.post(made["Location"], {"code": digits.replace(". ", "")}).status_code == 302
    held = ContactMethod.objects.get(user=world.people["Victor"])
    assert (held.kind, held.verified_at) == ("voice", world.now)
    world.advance(seconds=1)
    page = Page.objects.get(origin="verification")
    assert (page.state, page.reason, page.ended_at is not None) == ("answered", "", True)
    assert InboundKey.objects.count() == 0


def test_a_code_that_was_replaced_is_not_read_out(world):
    browser = world.browser("Victor")
    browser.handler.enforce_csrf_checks = False
    made = browser.post("/me/contacts/add/", {"kind": "voice", "address": "+44 7700 900177", "label": ""})
    world.advance(seconds=1)
    first = world.twilio.expect_call("+447700900177", within=0)
    browser.post(f"{made['Location']}code/")
    world.advance(seconds=1)
    world.twilio.expect_call("+447700900177", within=0)
    assert first.pick_up() == "What this call was about no longer holds. Goodbye."


def test_a_test_call_shows_that_keys_arrive(world):
    held = contact(world.people["Victor"], "voice", "+447700900177", now=world.now)
    browser = world.browser("Victor")
    browser.handler.enforce_csrf_checks = False
    browser.post(f"/me/contacts/{held.public_id}/test/")
    world.advance(seconds=1)
    call = world.twilio.expect_call("+447700900177", within=0)
    assert call.pick_up().endswith("Nothing is wrong. Press 4 to show that your key arrives.")
    assert call.press("6").startswith("6 is not a choice. Press 4")
    assert call.press("4") == "Your key arrived. Goodbye."
    assert Page.objects.get(origin="test").confirmed_how == "voice"
