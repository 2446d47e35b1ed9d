"""Plans for a remote location: they go to its key alone, and its probe runs only what the engine sealed for it in time."""

import shutil
from datetime import timedelta

import pytest
from django.core.management import CommandError

from ledger import clock
from monitors.engine.ticks import claim
from monitors.management.commands import probe
from monitors.models import Location, ProbePlan, ProbeSlot
from monitors.remote import broker as lists
from monitors.remote import taking
from monitors.remote.envelope import PLAN, seal
from monitors.remote.messages import Plan, Results, Rules, write
from monitors.remote.parties import engine_keys
from monitors.remote.spool import Batch, Spool
from tests.remote.speech import PARIS, ROME, STRANGER

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not shutil.which("redis-server"), reason="needs redis-server"),
]


@pytest.mark.django_db(transaction=True)
def test_a_plan_that_could_not_be_sent_is_still_a_row_and_is_lost_in_its_time(two, broker, monkeypatch):
    paris = two[0]
    broker.kill()
    claim(clock.now())
    plan = ProbePlan.objects.get(location=paris)
    assert plan.lost_after > clock.now()
    assert taking.take_results(clock.now()) == 0


def test_the_embedded_installation_asks_no_broker_and_takes_no_remote_location(two, broker, settings, monkeypatch):
    settings.EMBEDDED = True
    monkeypatch.setattr(lists, "connect", lambda url: pytest.fail("it asked the broker"))
    assert taking.take_results(clock.now()) == 0


@pytest.mark.parametrize(
    ("environ", "said_so"),
    [
        ({"REDIS_URL": ""}, "the embedded one has none"),
        ({"DATABASE_URL": "sqlite:///x.sqlite3"}, "take DATABASE_URL out of its environment"),
        ({"ENGINE_KEY": ""}, "ENGINE_KEY is not set"),
        ({}, "--enrol first"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(environ, said_so, settings, tmp_path, broker):
    settings.DATABASE_URL, settings.ENGINE_KEY = "", engine_keys().public.text
    for name, value in environ.items():
        setattr(settings, name, value)
    with pytest.raises(CommandError, match=said_so):
        probe.wanted()
        probe.held_keys(tmp_path, make=False)


@pytest.mark.django_db(transaction=True)
def test_a_slot_of_the_timetable_goes_to_the_key_and_not_to_the_queue_of_the_name(two, broker, monkeypatch):
    monkeypatch.setattr("monitors.engine.ticks.dispatch", lambda plan, name: pytest.fail("it went to a queue"))
    claim(clock.now())
    client = lists.connect(broker.url)
    assert client.llen(lists.plans_key(PARIS.public.name)) == 1
    assert 0 < client.ttl(lists.plans_key(PARIS.public.name)) <= lists.PLAN_LIFE_S
    assert ProbePlan.objects.get().claimed_at is not None
    assert ProbeSlot.objects.get().location.name == "paris"
    assert Location.objects.filter(public_key=PARIS.public.text).count() == 1


def test_a_batch_of_another_version_in_the_spool_is_dropped_and_the_next_is_sent(two, tmp_path, workers):
    folder = tmp_path / "probe"
    left = Spool(folder / "spool")
    left.add(Batch("old", '{"format":99}', 3))
    left.add(Batch("b2", write(Results("before:1", "b2")).decode(), 1))
    left.close()
    worker = workers(folder, clock.now)
    worker._send_some()
    assert [batch.id for batch in worker.spool.waiting(5)] == ["b2"]
    taking.take_results(clock.now())
    worker._send_some()
    assert worker.spool.waiting(5) == []


def test_a_probe_takes_only_the_engines_plans_for_its_own_key_once_and_in_time(two, tmp_path, workers, monkeypatch):
    worker = workers(tmp_path, lambda: machine[0])
    started = []
    monkeypatch.setattr(worker._prober, "submit", started.append)
    now = clock.now()
    machine = [now]

    def plan(number, *, by=None, to=PARIS, sent=now):
        body = write(Plan(number, sent, sent + timedelta(seconds=30), Rules((), ()), (), ()))
        return seal(body, by=by or engine_keys(), to=to.public, purpose=PLAN)

    assert worker.accept(plan(1))
    assert not worker.accept(plan(1)), "it is run once"
    assert not worker.accept(plan(2, to=ROME)), "it is for another location"
    assert not worker.accept(plan(3, by=STRANGER)), "it is not the engine's"
    assert not worker.accept(b"garbage")
    machine[0] = now + timedelta(seconds=31)
    assert not worker.accept(plan(4)), "its time is over"
    machine[0] = now - timedelta(seconds=6)
    assert not worker.accept(plan(5)), "this clock is behind"
    assert (len(started), worker.refused) == (1, 3)
