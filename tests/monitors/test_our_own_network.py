"""Our own network is gone: checks without an answer measure nothing while no control target answers either."""

import socket
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from ledger import clock
from ledger.models import Entry
from monitors.controls import ControlError, read_controls
from monitors.engine import controls
from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.engine.ticks import sweep
from monitors.models import ControlMeasurement, Location, MonitoringGap, ProbeSlot, Result, Signal
from monitors.probes.trace import Outcome, Trace
from monitors.queries import monitor_state
from monitors.services import change_location
from tests import builders
from tests.builders import NIGHT

pytestmark = pytest.mark.django_db

MUTE = Trace(outcome=Outcome.FAILED, code="timeout", sentence="checkout.example did not answer within 10 s.")
REFUSING = Trace(outcome=Outcome.FAILED, code="status", status=503, sentence="Answered 503.", wait_us=900)
GOOD = Trace(outcome=Outcome.OK, status=200, total_us=1_000)


@pytest.fixture(autouse=True)
def nothing_is_known():
    controls.forget()
    yield
    controls.forget()


@pytest.fixture
def listener():
    """A control target that is there until it is closed."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(16)
        yield held


def closed_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def monitor(loopback):
    service = builders.service(now=NIGHT)
    return builders.monitor(service=service, now=NIGHT, interval_s=60, confirmation_s=60, recovery_s=0)


def name_controls(*targets):
    change_location(Location.objects.get(), {"control_targets": list(targets)}, now=NIGHT, reason="Test")


def deliver(monitor, second, trace):
    """What the probe of this process does with a result: doubt it, then hand it over."""
    now = NIGHT + timedelta(seconds=second)
    place = ProbeSlot.objects.get(monitor=monitor).location_id
    found = [Finding(monitor.pk, 1, place, now, False, 500, trace)]
    hand_over(controls.doubt(found, now=now + timedelta(seconds=1)), now=now + timedelta(seconds=1))


def test_a_failure_while_no_control_target_answers_is_unknown_and_names_the_measurement(monitor):
    name_controls(closed_port(), closed_port())
    deliver(monitor, 0, GOOD)
    for second in (60, 120, 180, 240):
        deliver(monitor, second, MUTE)
    sweep(NIGHT + timedelta(seconds=300))
    standing = monitor_state(monitor, NIGHT + timedelta(seconds=300))
    assert (standing.state, standing.cause, standing.since) == (
        "unknown",
        "probe_network",
        NIGHT + timedelta(seconds=60),
    )
    assert not Signal.objects.exists(), "nobody is paged for our own network"
    measured = ControlMeasurement.objects.get()
    assert (measured.answered, len(measured.results)) == (0, 2)
    stored = Result.objects.filter(code="own_network")
    assert stored.count() == 4
    assert measured.public_id in stored[0].detail
    assert "did not answer within 10 s" in stored[0].detail, "what the check itself said is kept"
    gap = MonitoringGap.objects.get()
    assert (gap.cause, gap.scope, gap.started_at, gap.ended_at) == (
        "probe_network",
        "location",
        NIGHT + timedelta(seconds=60),
        None,
    )
    assert gap.measurements == [measured.public_id]


def test_the_gap_ends_with_the_first_answer_also_a_bad_one(monitor):
    name_controls(closed_port())
    deliver(monitor, 60, MUTE)
    deliver(monitor, 120, REFUSING)
    gap = MonitoringGap.objects.get()
    assert gap.ended_at == NIGHT + timedelta(seconds=120)
    assert Entry.objects.filter(kind__in=("monitoring.gap_found", "monitoring.gap_ended")).count() == 2


def test_one_control_target_that_answers_is_enough_to_believe_a_failure(monitor, listener):
    name_controls(closed_port(), f"127.0.0.1:{listener.getsockname()[1]}")
    deliver(monitor, 0, GOOD)
    for second in (60, 120):
        deliver(monitor, second, MUTE)
    assert monitor_state(monitor, NIGHT + timedelta(seconds=125)).state == "down"
    assert not MonitoringGap.objects.exists()


def test_an_answer_is_never_doubted(monitor):
    name_controls(closed_port())
    deliver(monitor, 0, GOOD)
    for second in (60, 120):
        deliver(monitor, second, REFUSING)
    assert monitor_state(monitor, NIGHT + timedelta(seconds=125)).state == "down"
    assert not ControlMeasurement.objects.exists(), "nobody was called for it"


def test_without_control_targets_the_rule_is_off(monitor):
    deliver(monitor, 0, GOOD)
    for second in (60, 120):
        deliver(monitor, second, MUTE)
    assert monitor_state(monitor, NIGHT + timedelta(seconds=125)).state == "down"
    assert not ControlMeasurement.objects.exists()


def test_a_control_target_passes_the_guard_like_every_check(db):
    builders.monitor(service=builders.service(now=NIGHT), now=NIGHT)
    name_controls("169.254.169.254:80")
    deliver(ProbeSlot.objects.get().monitor, 60, MUTE)
    assert ControlMeasurement.objects.get().results[0]["outcome"] == "blocked"


@pytest.mark.parametrize("given", ["", "9.9.9.9:53", "9.9.9.9:53\n\n[2620:fe::fe]:53", ["One.One:443", "one.one:443"]])
def test_control_targets_are_read(given):
    assert read_controls(given) in ([], ["9.9.9.9:53"], ["9.9.9.9:53", "[2620:fe::fe]:53"], ["one.one:443"])


@pytest.mark.parametrize(
    "given",
    [
        "9.9.9.9",
        "9.9.9.9:0",
        "9.9.9.9:70000",
        "http://x:80",
        "a b:53",
        "x:٣",
        "x:53 y",
        "-x:53",
        ":53",
        "x:" + "9" * 5000,
    ],
)
def test_what_is_no_control_target_is_refused_with_a_sentence(given):
    with pytest.raises(ControlError, match=r"9\.9\.9\.9:53"):
        read_controls(given)


def test_six_control_targets_are_too_many(monitor):
    with pytest.raises(ValidationError, match="at most 5"):
        name_controls(*(f"9.9.9.{n}:53" for n in range(6)))
    assert clock.now()
