"""Die once at every named point between two durable steps, start again, and look: paged at least once, at most once too often.

The process is not really killed here (tests/crash does that); an exception nothing catches ends the tick, and what was not
committed is gone, which is what a kill leaves behind.
"""

import pytest

from ledger import hints
from ledger.failpoints import NAMES
from oncall import ticks
from oncall.escalation import apply
from oncall.models import Attempt, Callback, Page, Run, StepExecution
from oncall.notify import callbacks, sender
from tests.oncall.world import World

ANA, BEN = "+447700900001", "+447700900002"
OURS = [name for name in NAMES if name.partition(".")[0] in ("plan", "send", "callback")]


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def dying(monkeypatch):
    """Say where to die; it happens once."""
    chosen = []

    def fail_point(name):
        assert name in NAMES
        if chosen and chosen[0] == name:
            chosen.clear()
            raise Killed(name)

    for module in (apply, sender, callbacks):
        monkeypatch.setattr(module, "fail_point", fail_point)
    return chosen


@pytest.mark.parametrize("where", OURS)
def test_a_page_goes_out_whatever_dies(world, dying, where):
    ana, ben = world.person("Ana Duarte", phone=ANA, mail=False), world.person("Ben Okafor", phone=BEN, mail=False)
    policy = world.policy(ana, ben, delay_s=600)
    dying.append(where)
    deaths = 0
    world.begin(policy)
    for _ in range(4):
        try:
            world.settle(2)
            if where.startswith("callback") and world.twilio.texts and not Callback.objects.exists():
                world.report(world.twilio.texts[0], "delivered")
        except Killed:
            deaths += 1
        world.sleep(seconds=1)
    for _ in range(3):
        world.advance(seconds=40)
    assert deaths == 1 and not dying
    texts = [text for text in world.twilio.texts if text.to == ANA]
    assert 1 <= len(texts) <= 2
    page = Page.objects.get()
    assert page.state in ("accepted", "delivered")
    assert (page.state == "delivered") == where.startswith("callback")
    assert StepExecution.objects.count() == 1 and Run.objects.get().step == 2
    assert len(texts) <= Attempt.objects.count() + 1
    for _ in texts:
        world.twilio.expect(ANA)
    world.stop("acknowledged", by=ana)
    world.advance(hours=1)


def test_after_a_death_at_the_provider_the_text_is_found_and_not_sent_again(world, dying):
    ana = world.person("Ana Duarte", phone=ANA, mail=False)
    dying.append("send.after_provider_call")
    world.begin(world.policy(ana, delay_s=600))
    with pytest.raises(Killed):
        world.settle()
    world.advance(seconds=60)
    world.twilio.expect(ANA)
    assert Attempt.objects.get().outcome == "unknown"


@pytest.mark.django_db(transaction=True)
def test_a_lost_knock_is_knocked_again_by_the_next_tick(phones, mail, settings, monkeypatch):
    world = World(twilio=phones, smtp=mail, settings=settings)
    ana = world.person("Ana Duarte", phone=ANA, mail=False)
    knocks = []
    monkeypatch.setattr(hints, "_publish", knocks.append)
    world.begin(world.policy(ana))
    assert "plan" in knocks
    knocks.clear()
    ticks.plan(world.now)
    assert "send" in knocks
    knocks.clear()
    world.sleep(seconds=1)
    ticks.plan(world.now)
    assert knocks == ["send"], "the page still waits, so the sender is knocked on again"
    world.settle()
    world.twilio.expect(ANA)
    knocks.clear()
    ticks.plan(world.now)
    assert knocks == []
