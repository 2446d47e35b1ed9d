"""Hints leave a process without being in anybody's way, and never before the commit that asked for them."""

import threading
import time

from config.hints import Publisher


def wait_for(condition, seconds=3.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_a_hint_is_published():
    sent = []
    Publisher(sent.append)("plan")
    wait_for(lambda: sent == ["plan"])


def test_a_burst_falls_together():
    sent = []
    publisher = Publisher(sent.append, gap_s=0.05)
    for _ in range(1000):
        publisher("plan")
    wait_for(lambda: sent)
    time.sleep(0.2)
    assert 1 <= len(sent) <= 3


def test_a_hint_during_publishing_is_not_swallowed():
    sent, entered, leave = [], threading.Event(), threading.Event()

    def slow(name):
        sent.append(name)
        entered.set()
        leave.wait(3)

    publisher = Publisher(slow, gap_s=0)
    publisher("plan")
    entered.wait(3)
    publisher("plan")
    leave.set()
    wait_for(lambda: sent == ["plan", "plan"])


def test_the_caller_never_waits_for_the_broker():
    publisher = Publisher(lambda name: time.sleep(0.5))
    began = time.monotonic()
    publisher("plan")
    assert time.monotonic() - began < 0.2


def test_a_broker_that_is_away_costs_nothing_and_comes_back():
    sent = []
    away = [True]

    def send(name):
        if away[0]:
            raise ConnectionError
        sent.append(name)

    publisher = Publisher(send, rest_s=0.05)
    publisher("plan")
    time.sleep(0.1)
    away[0] = False
    publisher("send")
    wait_for(lambda: sent == ["send"])
