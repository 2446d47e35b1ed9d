"""The in-memory transport wakes its consumer at once and never looks for nothing."""

import threading
import time

import pytest
from kombu import Connection, Consumer, Producer, Queue

from config import memory


@pytest.fixture
def line():
    memory.closing.clear()
    with Connection("memory://localhost/", transport="config.memory:Transport") as connection:
        yield connection
    memory.closing.clear()


def consume(connection, queue, got):
    return Consumer(connection.channel(), [queue], callbacks=[lambda body, message: (got.append(body), message.ack())])


def test_a_message_wakes_the_consumer_at_once(line):
    queue, got = Queue("wakes"), []
    with consume(line, queue, got):
        with pytest.raises(TimeoutError):
            line.drain_events(timeout=0.01)
        publish = threading.Timer(0.2, lambda: Producer(line.channel()).publish("x", routing_key="wakes"))
        publish.start()
        began = time.monotonic()
        line.drain_events(timeout=5)
    assert got == ["x"]
    assert time.monotonic() - began < 1


def test_a_burst_comes_in_order(line):
    queue, got = Queue("burst"), []
    with consume(line, queue, got):
        producer = Producer(line.channel())
        for number in range(200):
            producer.publish(number, routing_key="burst", declare=[queue])
        while len(got) < 200:
            line.drain_events(timeout=2)
    assert got == list(range(200))


def test_a_message_held_back_by_the_limit_comes_after_the_acknowledgement(line):
    queue, held = Queue("limit"), []
    consumer = Consumer(line.channel(), [queue], callbacks=[lambda body, message: held.append(message)])
    consumer.qos(prefetch_count=1)
    with consumer:
        producer = Producer(line.channel())
        producer.publish(1, routing_key="limit", declare=[queue])
        producer.publish(2, routing_key="limit", declare=[queue])
        line.drain_events(timeout=2)
        threading.Timer(0.2, held[0].ack).start()
        began = time.monotonic()
        line.drain_events(timeout=5)
    assert [message.payload for message in held] == [1, 2]
    assert time.monotonic() - began < 1


def test_nobody_waits_once_it_is_closed(line):
    with consume(line, Queue("closed"), []):
        threading.Timer(0.1, memory.close).start()
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            line.drain_events(timeout=5)
    assert time.monotonic() - began < 1
