"""PostgreSQL and Redis, two workers, two beats: nobody is paged twice, and nothing that stops holds a page up."""

from collections import Counter

import pytest

from tests.processes.peers import wait_for

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.timeout(180),
]
AT_ONCE = 6


@pytest.fixture(autouse=True)
def everything_runs_again(house, tidied):
    yield
    house.product.broker.start()
    house.product.release()


def the_page_goes_out(house, target, name):
    """A server is killed; both people are called, once each, and a reply by SMS is heard."""
    ben, carla = house.people["Ben"], house.people["Carla"]
    target.kill()
    text = house.twilio.expect(ben.phone, f"SEV1 {name} is down", within=20)
    house.twilio.expect(carla.phone, f"SEV1 {name} is down", within=20)
    assert "Acknowledged" in house.acknowledge(ben, text)
    number = house.incident_becomes(f"{name} is down", "acknowledged")["number"]
    house.twilio.verify_nothing_else()
    return number


def test_many_faults_at_once_page_everybody_once_for_each(house, target):
    names = [f"Service {n}" for n in range(AT_ONCE)]
    for name in names:
        house.watch(name, target.url)
    ben, carla = house.people["Ben"], house.people["Carla"]
    target.kill()
    for name in names:
        for person in (ben, carla):
            house.twilio.expect(person.phone, f"SEV1 {name} is down", within=30)
            house.smtp.expect(person.email, f"SEV1 {name} is down", within=30)
    house.twilio.verify_nothing_else()
    house.smtp.verify_nothing_else()
    numbers = [house.incident(f"{name} is down")["number"] for name in names]
    assert len(set(numbers)) == AT_ONCE
    for number in numbers:
        paged = Counter((page["person"]["id"], page["kind"]) for page in house.pages(number))
        assert set(paged.values()) == {1}
        assert len(paged) == 4
        assert all(page["attempts_made"] == 1 for page in house.pages(number))
    house.ledger_holds()


def test_with_the_broker_dead_the_page_goes_out_and_the_reply_is_heard(house, target):
    house.watch("Broker test", target.url)
    house.product.broker.kill()
    number = the_page_goes_out(house, target, "Broker test")
    house.product.broker.start()
    target.start()
    house.incident_becomes("Broker test is down", "resolved", within=30)
    assert house.pages(number)
    house.ledger_holds()


def test_with_both_beats_dead_the_page_goes_out(house, target):
    house.watch("Beat test", target.url)
    house.product.hold_down("beat1", "beat2")
    the_page_goes_out(house, target, "Beat test")
    house.ledger_holds()


def test_with_one_worker_dead_the_page_goes_out(house, target):
    house.watch("Worker test", target.url)
    house.product.hold_down("worker1")
    the_page_goes_out(house, target, "Worker test")
    house.ledger_holds()


def test_with_all_workers_dead_time_is_unknown_and_afterwards_the_page_goes_out(house, target):
    monitor = house.watch("Dead test", target.url)
    house.product.hold_down("worker1", "worker2")
    target.kill()
    wait_for("the monitor is unknown", lambda: house.state(monitor) == "unknown", within=15)
    house.product.release()
    the_page_goes_out(house, target, "Dead test")
    states = [state for state, _, _ in sorted(house.intervals(monitor), key=lambda one: one[1])]
    assert states[-3:] == ["up", "unknown", "down"]
    house.ledger_holds()


def test_with_the_broker_dead_the_phone_rings_and_the_key_is_heard(house, target):
    dana = house.reached_by_call()
    house.watch("Broker call", target.url, service=house.called)
    house.product.broker.kill()
    target.kill()
    call = house.twilio.expect_call(dana.phone, within=20)
    assert "Broker call is down" in call.pick_up()
    assert call.press("4").startswith("You have it. Nobody else will be called.")
    taken = house.incident_becomes("Broker call is down", "acknowledged", within=5)
    assert taken["acknowledged_by"]["id"] == dana.id
    assert [page["kind"] for page in house.pages(taken["number"])] == ["voice"]
    house.twilio.verify_nothing_else()
    house.ledger_holds()
