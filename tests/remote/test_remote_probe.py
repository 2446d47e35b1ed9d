"""A remote probe as a real process with a real Redis: it has no database, and nothing is lost or doubled.

The engine's side runs in the test, by the same calls as its ticks make.
"""

import shutil
import time

import pytest
import redis

from accounts.models import AllowedNetwork
from ledger import clock
from monitors.engine.ticks import claim
from monitors.models import LocationLife, MonitorState, RemoteRefusal, Result
from monitors.remote import broker as lists
from monitors.remote import taking
from monitors.remote.keys import read_public
from monitors.remote.parties import remote_locations
from monitors.services import create_location, set_locations
from tests import builders
from tests.processes.peers import Target, wait_for
from tests.remote.machine import Remote

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not shutil.which("redis-server"), reason="needs redis-server"),
]
SECRET = "s3cret-of-the-shop"


def allow(broker, key):
    """The probe's own account on the broker, as docs/locations.md has it."""
    name = read_public(key).name
    keys = (f"~{lists.plans_key(name)}", f"~{lists.acks_key(name, '*')}", f"~{lists.RESULTS}")
    rights = ("resetkeys", "resetchannels", *keys, "-@all", "+blpop", "+lpop", "+llen", "+rpush", "+ping")
    lists.connect(broker.url).execute_command("ACL", "SETUSER", "paris", "on", ">a-password", *rights)


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
