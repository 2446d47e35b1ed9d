"""No receiver, dead, slow or many, delays a page; and the sender runs when Celery does not."""

import threading
import time
from datetime import timedelta

import pytest

from accounts.services.organisation import allow_network
from config.hints import QUEUES
from config.metrics import text
from config.steps import HINTS, STEPS
from config.ticks import Tick
from config.watchdog import Watchdog
from incidents.models import WebhookDelivery
from incidents.webhooks import sender
from incidents.webhooks.services import create_endpoint
from incidents.webhooks.ticks import webhooks
from ledger import clock, liveness
from ledger.hints import set_publisher
from oncall.models import Page


def test_the_sender_has_a_queue_apart_from_pages_and_runs_after_everything_that_pages():
    assert QUEUES["webhook"] != QUEUES["send"] and set(QUEUES) == set(HINTS)
    names = [step.name for step in STEPS]
    assert names.index("webhooks") > max(names.index(name) for name in ("intake", "plan", "reconcile", "link"))


@pytest.mark.django_db
def test_a_page_goes_out_while_every_receiver_hangs(world, sink, settings):
    """The tick plans webhooks and calls nobody, so a page is as quick as without them."""
    settings.WEBHOOK_TIMEOUT_S = 30
    allow_network(cidr="127.0.0.1", now=world.now, reason="Ours")
    for n in range(6):
        create_endpoint(
            name=f"Hangs {n}", team=world.team, url=sink.url, events=["incident.*", "page.*"], now=world.now
        )
    sink.answers.extend([lambda handler: time.sleep(30)] * 100)
    world.breaks("Checkout API")
    world.advance(minutes=1)
    for _ in range(20):
        webhooks(world.now)
        world.advance(seconds=3)
    world.phone("Alice").expect_sms("Checkout API is down")
    assert sink.hooks == [], "no tick calls a receiver"
    assert WebhookDelivery.objects.filter(state="planned").count() >= 12
    sms = Page.objects.get(kind="sms")
    assert sms.accepted_at - sms.planned_at < timedelta(seconds=2)


@pytest.mark.django_db(transaction=True)
def test_the_tick_knocks_only_while_something_is_due(house):
    knocks = []
    house.endpoint()
    house.declares()
    set_publisher(knocks.append)
    try:
        house.plans()
        assert "webhook" in knocks
        house.sends()
        knocks.clear()
        house.plans()
    finally:
        set_publisher(None)
    assert "webhook" not in knocks


@pytest.mark.django_db(transaction=True)
def test_the_watchdog_sends_when_celery_is_away(house):
    house.now = clock.now()
    house.endpoint(events=["incident.declared"])
    house.declares()
    watchdog = Watchdog()
    watchdog._tick = Tick("watchdog", steps=tuple(step for step in STEPS if step.name in ("link", "webhooks")))
    assert liveness.age("engine", now=house.now) is None
    until = time.monotonic() + 8
    while not house.sink.hooks and time.monotonic() < until:
        watchdog.look()
        time.sleep(0.1)
    assert house.sink.kinds == ["incident.declared"]
    for thread in threading.enumerate():
        if thread.name.startswith("watchdog-"):
            thread.join(10)


@pytest.mark.django_db
def test_a_second_sender_of_one_process_leaves_at_once(house):
    house.endpoint()
    house.declares()
    house.plans()
    assert sender._turn.acquire(blocking=False)
    try:
        assert sender.send_due(now=house.now, slots=1) == 0
    finally:
        sender._turn.release()
    assert sender.send_due(now=house.now, slots=1) == 2


@pytest.mark.django_db
def test_the_lag_is_among_the_figures(house):
    house.endpoint(events=["incident.declared"])
    house.declares()
    house.plans()
    assert b"watchbook_webhook_lag_seconds 90.0" in text(now=house.now + timedelta(seconds=90))
    house.sends()
    assert b"watchbook_webhook_lag_seconds 0.0" in text(now=house.now + timedelta(seconds=90))
