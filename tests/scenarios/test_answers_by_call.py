"""A phone that rings: what is said, and what a key does."""

from incidents.models import TimelineEntry
from oncall.models import Run
from tests.scenarios.calls import bob_is_called, the_call


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
