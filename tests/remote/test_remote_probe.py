"""A remote probe as a real process with a real Redis: it has no database, loses nothing, and is believed only what it signed.

The engine's side runs in the test, by the same calls as its ticks make.
"""

import os
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.core.management import CommandError
from django.db import DataError, OperationalError

from accounts.egress.guard import EgressRules
from accounts.models import AllowedNetwork
from ledger import clock
from monitors.engine.ticks import claim
from monitors.management.commands import probe
from monitors.models import Location, LocationLife, MonitorState, ProbePlan, ProbeSlot, RemoteRefusal, Result
from monitors.probes.trace import Trace
from monitors.remote import broker as lists
from monitors.remote import sending, taking
from monitors.remote.envelope import PLAN, RESULTS, Refused, seal, writer_of
from monitors.remote.keys import private_keys, read_public
from monitors.remote.messages import Plan, Results, Rules, Seen, write
from monitors.remote.parties import engine_keys, remote_locations
from monitors.remote.spool import Batch, Spool
from monitors.remote.worker import Worker
from monitors.services import change_location, create_location, set_locations
from tests import builders
from tests.processes.peers import Broker, Process, Target, wait_for

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not shutil.which("redis-server"), reason="needs redis-server"),
]
SECRET = "s3cret-of-the-shop"


@pytest.fixture(scope="module")
def shared():
    broker = Broker().start()
    yield broker
    broker.close()


@pytest.fixture
def broker(shared, settings, monkeypatch):
    """A broker that was just started; the installation counts as grown."""
    shared.start()
    settings.REDIS_URL, settings.EMBEDDED = shared.url, False
    for module in (sending, taking):
        monkeypatch.setattr(module, "_broker_rests_until", 0.0)
    lists.connect(shared.url).flushall()
    return shared


def allow(broker, key):
    """The probe's own account on the broker, as docs/locations.md has it."""
    name = read_public(key).name
    keys = (f"~{lists.plans_key(name)}", f"~{lists.acks_key(name, '*')}", f"~{lists.RESULTS}")
    rights = ("resetkeys", "resetchannels", *keys, "-@all", "+blpop", "+lpop", "+llen", "+rpush", "+ping")
    lists.connect(broker.url).execute_command("ACL", "SETUSER", "paris", "on", ">a-password", *rights)


class Remote:
    """The machine of a remote location: its environment has the broker and the engine's public key, and no more."""

    def __init__(self, folder, broker):
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        self.folder = folder
        self.environ = {
            **kept, "WATCHBOOK_ENV_FILE": "", "DATA_DIR": str(folder), "REDIS_URL": broker.url.replace("//", "//paris:a-password@"), "LOG_LEVEL": "info",
            "ENGINE_KEY": engine_keys().public.text, "HANDOVER_MS": "50",
        }  # fmt: skip
        self.log = folder / "probe.log"
        self.process = None

    def manage(self, *arguments, **environ):
        command = [sys.executable, str(ROOT / "manage.py"), "probe", *arguments]
        given = {name: value for name, value in {**self.environ, **environ}.items() if value}
        return subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=False)

    def start(self):
        command = [sys.executable, str(ROOT / "manage.py"), "probe", "--location", "paris"]
        self.process = Process("probe", command, self.environ, self.log).start()

    def kill(self):
        if self.process is not None:
            self.process.kill()

    @property
    def spooled(self):
        return sum(path.read_bytes().count(b"\n") for path in self.folder.glob("probes/paris/spool/*.jsonl"))


@pytest.fixture
def remote(tmp_path, broker):
    machine = Remote(tmp_path, broker)
    yield machine
    machine.kill()
    if machine.log.exists():
        print(machine.log.read_text()[-4000:])


@pytest.fixture
def target():
    running = Target().start()
    yield running
    running.kill()


def turn():
    """One second of the engine."""
    now = clock.now()
    claim(now)
    taking.take_results(now)


def until(what, true, within=20):
    def look():
        turn()
        return true()

    return wait_for(what, look, within=within)


def results():
    return Result.objects.filter(outcome="ok").count()


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_remote_probe_checks_without_a_database_and_nothing_is_lost_or_doubled_when_the_broker_goes(
    remote, broker, target
):
    AllowedNetwork(cidr="127.0.0.0/8").save(now=clock.now(), reason="Test")
    enrolled = remote.manage("--location", "paris", "--enrol")
    assert enrolled.stdout.startswith("wbk1_"), enrolled.stderr
    key = enrolled.stdout.strip()
    paris = create_location(name="paris", public_key=key, now=clock.now(), reason="Test")
    monitor = builders.monitor(
        service=builders.service("Shop"), url=target.url, secrets={"bearer": SECRET}, interval_s=1, timeout_s=2
    )
    set_locations(monitor, [paris], now=clock.now(), reason="Only from there")

    # what lies on the broker is sealed
    turn()
    client = lists.connect(broker.url)
    (plan,) = client.lrange(lists.plans_key(remote_locations().popitem()[0].hex()), 0, -1)
    assert SECRET.encode() not in plan
    assert b"health" not in plan

    allow(broker, key)
    remote.start()
    until("the first results are stored", lambda: results() >= 3)
    assert MonitorState.objects.get(pk=monitor.pk).state == "up"
    until("the location has signed", lambda: LocationLife.objects.filter(sign_at__isnull=False).exists())
    life = LocationLife.objects.get(location=paris)
    assert life.result_at is not None

    # the broker dies with whatever it holds, while a plan is being run
    claim(clock.now())
    wait_for("the plan is taken", lambda: not client.exists(lists.plans_key(read_public(key).name)), within=5)
    broker.kill()
    before = remote.spooled
    wait_for("what is seen meanwhile lies on the disk", lambda: remote.spooled > before, within=10)
    # and so does the probe, before it could deliver
    time.sleep(1.2)
    held = remote.spooled
    remote.kill()
    assert remote.spooled == held > 0
    broker.start()
    allow(broker, key)
    remote.start()
    wait_for("the spool is delivered and answered", lambda: (turn_in(), remote.spooled == 0)[1], within=40)

    rows = list(Result.objects.values_list("planned_at", "location_id", "outcome").order_by("planned_at"))
    assert len(rows) == len({at for at, _, _ in rows})
    assert {place for _, place, _ in rows} == {paris.pk}
    ok = [at for at, _, outcome in rows if outcome == "ok"]
    assert results() >= 4 and len(ok) >= held
    assert not RemoteRefusal.objects.exists()
    assert not list(remote.folder.glob("**/*.sqlite3"))
    assert SECRET not in remote.log.read_text()
    with pytest.raises(redis.ResponseError, match="permission"):
        redis.Redis.from_url(remote.environ["REDIS_URL"]).rpush("watchbook.plans.other", b"x")


def turn_in():
    """The engine only takes results: what the dead probe had is what comes."""
    taking.take_results(clock.now())


# --- what is refused ------------------------------------------------------------------------------

PARIS, ROME, STRANGER = (private_keys(bytes([number]) * 32) for number in (11, 12, 13))


@pytest.fixture
def two(broker, db):
    """Two remote locations, and a monitor that is checked from the first."""
    now = clock.now()
    paris = create_location(name="paris", public_key=PARIS.public.text, now=now, reason="Test")
    rome = create_location(name="rome", public_key=ROME.public.text, now=now, reason="Test")
    monitor = builders.monitor(service=builders.service("Shop"), interval_s=60)
    set_locations(monitor, [paris], now=now, reason="Test")
    return paris, rome, monitor


def said(monitor, *, by=PARIS, to=None, at=None, batch="b1", **trace):
    at = at or clock.now()
    seen = Seen(monitor.pk, monitor.version, at, False, 10, Trace(**{"status": 200, "total_us": 1000, **trace}))
    body = write(Results("host:1", batch, (seen,)))
    return seal(body, by=by, to=to or engine_keys().public, purpose=RESULTS)


def refusals():
    return dict(RemoteRefusal.objects.values_list("why", "number"))


def send(broker, *messages):
    for message in messages:
        lists.push_results(lists.connect(broker.url), message)
    taking.take_results(clock.now())


def test_what_nobody_of_ours_signed_changes_nothing_and_is_counted(two, broker):
    *_, monitor = two
    good = said(monitor)
    changed = good[:80] + bytes([good[80] ^ 1]) + good[81:]
    send(
        broker, b"", b"garbage", b"\xff" * 500, b'{"task": "watchbook.housekeeping"}', changed, said(monitor, by=STRANGER),
        said(monitor, to=ROME.public), good[:4] + ROME.public.id + good[12:],
        seal(b"{}", by=PARIS, to=engine_keys().public, purpose=RESULTS), said(monitor, status=-1),
    )  # fmt: skip
    assert refusals() == {"unreadable": 4, "stranger": 1, "forged": 3, "wrong": 2}
    assert not Result.objects.exists()


def test_a_location_speaks_only_of_what_is_checked_from_there(two, broker):
    *_, monitor = two
    send(broker, said(monitor, by=ROME))
    assert (refusals(), Result.objects.count()) == ({"not_planned": 1}, 0)


def test_what_is_stored_is_answered_for_and_what_comes_twice_is_stored_once(two, broker):
    paris, _, monitor = two
    message = said(monitor, at=clock.now())
    send(broker, message, message)
    assert Result.objects.get().location == paris
    assert len(lists.take_acks(lists.connect(broker.url), PARIS.public.name, "host:1")) == 2
    assert refusals() == {}


def test_what_could_not_be_stored_is_not_answered_for_and_is_stored_when_it_comes_again(two, broker, monkeypatch):
    *_, monitor = two
    message = said(monitor)

    def away(*args, **kwargs):
        raise OperationalError("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr(taking, "hand_over", away)
        with pytest.raises(OperationalError):
            send(broker, message)
    client = lists.connect(broker.url)
    assert (Result.objects.count(), lists.take_acks(client, PARIS.public.name, "host:1")) == (0, [])
    send(broker, message)
    assert Result.objects.count() == 1
    assert len(lists.take_acks(client, PARIS.public.name, "host:1")) == 1


def test_a_batch_with_results_that_cannot_be_kept_is_answered_for_so_that_it_is_not_sent_for_ever(
    two, broker, monkeypatch
):
    *_, monitor = two
    now = clock.now().replace(microsecond=0)
    real, bad = taking.hand_over, now - timedelta(seconds=7)

    def choosy(findings, **more):
        if any(finding.planned_at == bad for finding in findings):
            raise DataError("value too long")
        return real(findings, **more)

    monkeypatch.setattr(taking, "hand_over", choosy)
    times = (now - timedelta(days=3), bad, now + timedelta(hours=1), now - timedelta(seconds=5))
    seen = tuple(Seen(monitor.pk, monitor.version, at, False, 10, Trace(status=200)) for at in times)
    body = write(Results("host:1", "b1", seen))
    send(broker, seal(body, by=PARIS, to=engine_keys().public, purpose=RESULTS))
    assert Result.objects.get().planned_at == times[-1]
    assert refusals() == {"too_old": 1, "wrong": 1, "unstorable": 1}
    assert len(lists.take_acks(lists.connect(broker.url), PARIS.public.name, "host:1")) == 1


def test_what_comes_late_is_kept_and_changes_no_state(two, broker):
    *_, monitor = two
    send(broker, said(monitor, at=clock.now() - timedelta(minutes=16), batch="late"))
    assert Result.objects.count() == 1
    assert MonitorState.objects.get(pk=monitor.pk).state == "unknown"
    send(broker, said(monitor, at=clock.now() - timedelta(minutes=14), batch="in time"))
    assert MonitorState.objects.get(pk=monitor.pk).last_at is not None


def test_a_key_that_was_replaced_is_a_strangers(two, broker):
    paris, _, monitor = two
    change_location(paris, {"public_key": STRANGER.public.text}, now=clock.now(), reason="The machine was stolen")
    send(broker, said(monitor))
    assert refusals() == {"stranger": 1}


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


def test_whose_message_it_is_is_read_before_anything_else():
    with pytest.raises(Refused, match="unreadable"):
        writer_of(b"WBR1" + b"x" * 5_000_000, RESULTS)


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


@pytest.fixture
def workers(broker):
    """Makes probes that run nothing by themselves."""
    made = []

    def make(folder, clock_of):
        made.append(
            Worker(
                keys=PARIS, engine=engine_keys().public, folder=folder, rules=EgressRules, clock=clock_of,
                clients=lambda: lists.connect(broker.url),
            )
        )  # fmt: skip
        return made[-1]

    yield make
    for worker in made:
        worker._prober._loop.close()
        worker.spool.close()


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
