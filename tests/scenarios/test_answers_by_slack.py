"""A page in Slack: what it shows, what its buttons do, and what becomes of the message."""

from datetime import timedelta

import pytest

from incidents.models import TimelineEntry
from incidents.services import taps
from ledger.models import Entry
from oncall.models import InboundTap, Page
from oncall.notify.services import send_test
from tests.scenarios.slack import MEMBERS, ROOM, member, press, the_page, workspace


@pytest.fixture
def paged(world, settings):
    """Alice has Slack beside her phone; both were paged for INC-2026-0001. `paged.said` is the message."""
    with workspace(settings) as world.slack:
        member(world, "Alice")
        world.breaks("Checkout API")
        world.advance(minutes=2)
        world.phone("Alice").expect_sms("SEV2")
        world.said = world.slack.expect("SEV2 Checkout API is down.", to=MEMBERS["Alice"])
        yield world


def whispers(world):
    return [(user, text) for _, user, text in world.slack.whispers]


def test_the_message_says_how_bad_what_where_and_what_to_press(paged):
    assert "*SEV2 Checkout API is down*" in paged.said.shown
    assert (
        "Checkout · <https://watchbook.example/incidents/INC-2026-0001/|INC-2026-0001> · high urgency"
        in paged.said.shown
    )
    assert paged.said.buttons == ["ack", "resolve", "escalate"]
    assert (the_page().state, the_page().confirmed_at) == ("accepted", None)


def test_acknowledge_stops_the_calls_and_changes_the_message_afterwards(paged):
    asked = len(paged.slack.requests)
    response = press(paged, paged.said, "ack", "Alice")
    assert (response.status_code, response.content) == (200, b"")
    assert (paged.incident.state, paged.incident.acknowledged_by) == ("acknowledged", paged.people["Alice"])
    assert len(paged.slack.requests) == asked, "Slack is not called while Slack waits"
    paged.tick()
    assert "Acknowledged by Alice Adeyemi." in paged.said.shown
    assert paged.said.buttons == ["resolve", "escalate"]
    assert whispers(paged) == [
        (
            MEMBERS["Alice"],
            "Acknowledged INC-2026-0001 at 03:02. Nobody else will be called. Bob Brandt was not called.",
        )
    ]
    paged.advance(minutes=10)
    paged.phone("Bob").stays_silent()
    page = the_page()
    assert (page.state, page.confirmed_how) == ("confirmed", "slack")


def test_the_timeline_says_who_when_and_how(paged):
    press(paged, paged.said, "ack", "Alice")
    told = TimelineEntry.objects.get(kind="acknowledged")
    assert (told.person, told.actor_kind, told.how) == (
        paged.people["Alice"], "slack", "button in Slack message to U … LC7",
    )  # fmt: skip
    assert "Alice Adeyemi acknowledged by button in Slack message to U … LC7." in " ".join(paged.story())


def test_resolve_ends_it_takes_the_buttons_away_and_tells_who_was_paged(paged):
    press(paged, paged.said, "ack", "Alice"), paged.tick()
    press(paged, paged.said, "resolve", "Alice"), paged.tick()
    assert (paged.incident.state, paged.incident.resolved_by) == ("resolved", paged.people["Alice"])
    assert "Resolved by Alice Adeyemi." in paged.said.shown and paged.said.buttons == []
    assert whispers(paged)[-1][1].startswith("Resolved INC-2026-0001 at 03:02.")


def test_escalate_calls_the_next_person_now(paged):
    press(paged, paged.said, "escalate", "Alice")
    paged.tick()
    paged.phone("Bob").expect_sms("SEV2"), paged.mailbox("Bob").expect("SEV2")
    assert whispers(paged) == [(MEMBERS["Alice"], "Escalated INC-2026-0001. The next people are called now.")]


def test_an_answer_by_another_way_changes_the_message_too(paged):
    paged.phone("Alice").reply("4")
    paged.tick()
    assert "Acknowledged by Alice Adeyemi." in paged.said.shown
    assert whispers(paged) == []


def test_what_recovers_by_itself_takes_the_buttons_away_and_is_told_below_the_message(paged):
    paged.mends("Checkout API")
    paged.advance(minutes=3)
    paged.phone("Alice").expect_sms("Stand down")
    assert "Resolved." in paged.said.shown and paged.said.buttons == []
    over = paged.slack.expect("Stand down:")
    assert over.request["thread_ts"] == paged.said.ts


def test_the_same_press_brought_three_times_counts_once(paged):
    payload = paged.slack.payload(paged.said, "ack", MEMBERS["Alice"])
    for _ in range(3):
        assert press(paged, paged.said, "ack", "Alice", payload=payload).status_code == 200
    assert InboundTap.objects.count() == 1
    assert TimelineEntry.objects.filter(kind__startswith="acknowledged").count() == 1
    paged.tick(), paged.tick()
    assert len(whispers(paged)) == 1


def test_pressed_twice_by_hand_the_second_says_that_it_is_hers(paged):
    press(paged, paged.said, "ack", "Alice"), press(paged, paged.said, "ack", "Alice")
    paged.tick()
    assert whispers(paged)[1][1] == "INC-2026-0001 is yours since 03:02. Nobody else will be called."


def test_somebody_else_is_refused_in_a_sentence_and_on_record(paged):
    member(paged, "Bob")
    press(paged, paged.said, "ack", "Bob"), press(paged, paged.said, "resolve", "Stranger")
    assert paged.incident.state == "triggered"
    paged.tick()
    assert [user for user, _ in whispers(paged)] == [MEMBERS["Bob"], MEMBERS["Stranger"]]
    assert "your answer does not count" in whispers(paged)[0][1]
    assert list(InboundTap.objects.order_by("pk").values_list("outcome", flat=True)) == ["stranger", "stranger"]
    told = list(TimelineEntry.objects.filter(kind="refused_stranger").order_by("pk").values_list("person", "how"))
    assert told == [
        (paged.people["Bob"].pk, "button in Slack message to U … LC7, pressed by U … OB7"),
        (None, "button in Slack message to U … LC7, pressed by U … XX7"),
    ]
    assert Entry.objects.filter(kind="incident.refused_stranger").count() == 2
    assert the_page().confirmed_at is None and paged.said.buttons == ["ack", "resolve", "escalate"]


def test_in_a_room_only_who_was_paged_may_press(world, settings):
    with workspace(settings) as world.slack:
        member(world, "Alice", ROOM), member(world, "Bob")
        world.breaks("Checkout API")
        world.advance(minutes=2)
        world.phone("Alice").expect_sms("SEV2")
        said = world.slack.expect("SEV2", to=ROOM)
        press(world, said, "ack", "Bob"), press(world, said, "ack", "Alice")
        assert world.incident.state == "triggered", "Alice has not proved which member she is"
        member(world, "Alice")
        press(world, said, "ack", "Alice")
        assert world.incident.acknowledged_by == world.people["Alice"]
        world.tick()
        assert "Acknowledged by Alice Adeyemi." in said.shown
        world.slack.messages.clear()


def test_a_member_who_was_removed_or_has_left_is_nobody(paged):
    held = paged.people["Alice"].contact_methods.get(kind="slack")
    held.retire(now=paged.now, reason="Test")
    press(paged, paged.said, "ack", "Alice")
    assert (paged.incident.state, InboundTap.objects.get().outcome) == ("triggered", "stranger")


def test_a_role_that_may_no_longer_answer_is_refused_and_the_next_person_is_called(paged):
    alice = paged.people["Alice"]
    alice.role = "viewer"
    alice.save(now=paged.now, reason="Test")
    press(paged, paged.said, "ack", "Alice")
    assert paged.incident.state == "triggered"
    paged.advance(minutes=5)
    paged.phone("Bob").expect_sms("SEV2"), paged.mailbox("Bob").expect("SEV2")
    assert whispers(paged) == [
        (MEMBERS["Alice"], "Your role, viewer, may not answer INC-2026-0001. The next person will be called.")
    ]


def test_after_a_day_the_buttons_are_dead(paged):
    paged.now = the_page().planned_at + timedelta(hours=24)
    press(paged, paged.said, "ack", "Alice")
    assert (paged.incident.state, InboundTap.objects.get().outcome) == ("triggered", "expired")
    assert "older than 24 hours" in InboundTap.objects.get().answer


def test_escalate_after_the_end_says_so(paged):
    press(paged, paged.said, "resolve", "Alice"), press(paged, paged.said, "escalate", "Alice")
    paged.tick()
    assert whispers(paged)[1][1] == "INC-2026-0001 is over, so nobody else is called."


@pytest.mark.parametrize("token", ["", "x", "-", "0123456789abcdef-AAAAAAAAAAAAAAAAAAAAAA", "é-é"])
def test_a_button_of_nobody_does_nothing_and_is_kept(paged, token):
    payload = paged.slack.payload(paged.said, "ack", MEMBERS["Alice"])
    payload["actions"][0]["value"] = token
    assert press(paged, paged.said, "ack", "Alice", payload=payload).status_code == 200
    tap = InboundTap.objects.get()
    assert (tap.page, tap.outcome, paged.incident.state) == (None, "unknown_button", "triggered")


def test_a_press_left_behind_by_a_dead_process_is_acted_on_within_seconds(paged, monkeypatch):
    with monkeypatch.context() as dying:
        dying.setattr(taps, "act_on", lambda tap, now: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            press(paged, paged.said, "ack", "Alice")
    assert (InboundTap.objects.get().handled_at, paged.incident.state) == (None, "triggered")
    paged.advance(seconds=6)
    assert paged.incident.acknowledged_by == paged.people["Alice"]


def test_words_that_slack_does_not_take_are_tried_twice_more_and_then_forgotten(paged):
    press(paged, paged.said, "ack", "Alice")
    paged.slack.away.add("chat.postEphemeral")
    paged.advance(minutes=1)
    tap = InboundTap.objects.get()
    assert (tap.reply_tries, tap.reply_due_at, tap.reply_to, tap.replied_at) == (3, None, "", None)
    assert "Acknowledged by Alice Adeyemi." in paged.said.shown, "the message itself was changed"


def test_a_test_page_shows_the_whole_way(world, settings):
    with workspace(settings) as world.slack:
        send_test(member(world, "Alice"), now=world.now)
        world.tick()
        said = world.slack.expect("Watchbook test")
        press(world, said, "ack", "Alice")
        world.tick()
        page = Page.objects.get(origin="test")
        assert (page.state, page.confirmed_how) == ("confirmed", "slack")
        assert whispers(world) == [(MEMBERS["Alice"], "Your answer arrived. This was a test; there is nothing to do.")]


def test_a_code_comes_as_a_message_and_proves_the_member(world, settings):
    with workspace(settings) as world.slack:
        browser = world.browser("Victor")
        form = browser.get("/me/contacts/add/")
        assert 'value="slack"' in form.content.decode()
        data = {"kind": "slack", "address": MEMBERS["Bob"].lower(), "csrfmiddlewaretoken": form.context["csrf_token"]}
        page = browser.post("/me/contacts/add/", data).headers["Location"]
        world.tick()
        code = world.slack.expect("Watchbook code", to=MEMBERS["Bob"]).text.split()[2].rstrip(".")
        browser.post(page, {"code": code, "csrfmiddlewaretoken": form.context["csrf_token"]})
        assert world.people["Victor"].contact_methods.get(kind="slack").verified_at == world.now


def test_without_slack_nobody_is_offered_it(world):
    assert 'value="slack"' not in world.browser("Victor").get("/me/contacts/add/").content.decode()
