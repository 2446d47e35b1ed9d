"""Somebody acknowledged and fell asleep again: they are asked once more, and after them the chain."""

import pytest
from django.test import Client

from incidents.models import Incident
from incidents.services.asking import ask_again_due
from oncall.escalation.policy import ASK_FIRST_S
from oncall.models import Run
from oncall.services import change_policy


def asks_after(world, seconds):
    policy = world.policy
    change_policy(
        policy, name=policy.name, team=policy.team, repeat=policy.repeat, steps=policy.steps, ask_again_s=seconds,
        now=world.now, reason="Nobody shall forget",
    )  # fmt: skip


@pytest.fixture
def had(world):
    """Alice acknowledged by SMS at 03:02; her policy asks again after half an hour."""
    asks_after(world, 1800)
    world.breaks("Checkout API")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("[1]")
    world.said = world.phone("Alice").reply("4")
    return world


def test_the_answer_says_when_and_then_she_is_called_alone_and_after_her_the_chain(had):
    assert had.said.endswith("You are asked again at 03:32 if it goes on.")
    had.advance(minutes=29)
    assert had.incident.acknowledged_by == had.people["Alice"]
    had.advance(minutes=2)
    assert (had.incident.state, had.incident.acknowledged_by) == ("triggered", None)
    had.phone("Alice").expect_sms("Checkout API")
    had.phone("Bob").stays_silent()
    had.advance(seconds=ASK_FIRST_S)
    had.phone("Alice").expect_sms("Checkout API")  # the first step of the chain is hers too
    assert had.incident.first_acknowledged_at is not None
    assert any("Alice Adeyemi had it for 30 min and it goes on" in line for line in had.story()), had.story()
    had.phone("Alice").reply("4")


def test_an_answer_sets_the_time_anew_and_the_chain_is_not_lengthened_each_time(had):
    had.advance(minutes=31)
    had.phone("Alice").expect_sms("Checkout API")
    said = had.phone("Alice").reply("4")
    assert "You are asked again at 04:0" in said
    had.advance(minutes=31)
    had.phone("Alice").expect_sms("Checkout API")
    frozen = [run.frozen for run in Run.objects.order_by("pk")]
    assert [len(one.steps) - len(frozen[0].steps) for one in frozen] == [0, 1, 1]
    assert [one.asked for one in frozen] == ["", had.people["Alice"].public_id, had.people["Alice"].public_id]
    had.phone("Alice").reply("6")


def test_what_is_over_asks_nobody(had):
    had.phone("Alice").reply("6")
    had.advance(hours=2)
    assert (had.incident.state, had.incident.ask_again_at) == ("resolved", None)


def test_what_recovered_asks_nobody(had):
    had.mends("Checkout API")
    had.advance(hours=1)
    had.phone("Alice").expect_sms("recovered by itself")
    assert had.incident.ask_again_at is None


def test_a_policy_without_it_never_asks(world):
    world.breaks("Checkout API")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("[1]")
    assert "asked again" not in world.phone("Alice").reply("4")
    world.advance(hours=5)
    assert world.incident.acknowledged_by == world.people["Alice"]
    world.phone("Alice").reply("6")


def test_it_can_be_put_off_by_whoever_answers_and_only_while_somebody_has_it(had):
    browser = Client()
    browser.force_login(had.people["Alice"])
    page = f"/incidents/{had.incident.number}/"
    assert "asked again" in browser.get(page).content.decode()
    browser.post(f"{page}snooze/", {"for_s": "14400"})
    had.advance(hours=3)
    assert had.incident.acknowledged_by == had.people["Alice"]
    assert any("put it off" in line and "4 h" in line for line in had.story()), had.story()
    for garbage in ("", "0", "-1", "soon", "²", "9" * 40, "299", "86401"):
        before = had.incident.ask_again_at
        answer = browser.post(f"{page}snooze/", {"for_s": garbage}, follow=True)
        assert "5 minutes to 24 hours" in answer.content.decode(), garbage
        assert had.incident.ask_again_at == before
    had.phone("Alice").reply("6")
    answer = browser.post(f"{page}snooze/", {"for_s": "900"}, follow=True)
    assert "cannot take the event" in answer.content.decode()


def test_two_workers_ask_once(had):
    had.skip(minutes=31)
    assert ask_again_due(had.now) == 0, "the tick was there first"
    assert Run.objects.count() == 2
    assert Incident.objects.get().state == "triggered"
    had.phone("Alice").expect_sms("Checkout API")
    had.phone("Alice").reply("6")
