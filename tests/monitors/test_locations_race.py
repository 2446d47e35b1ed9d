"""Results of several locations that are handed over at the same instant are one round, whoever commits first."""

from datetime import timedelta
from functools import partial

import pytest

from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.models import Result, Signal, Voice
from monitors.probes.trace import Outcome, Trace
from monitors.services import create_location, set_locations
from tests import builders
from tests.monitors.test_two_workers_race import T0, at_once, tiled

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def at(seconds):
    return T0 + timedelta(seconds=seconds)


def test_the_votes_of_a_round_are_counted_together_and_change_the_state_once(db):
    shop = builders.service("Shop", now=T0)
    places = [create_location(name=name, now=T0, reason="Test") for name in ("a", "b", "c")]
    monitors = [builders.monitor(f"Monitor {n}", service=shop, now=T0, confirmation_s=60) for n in range(6)]
    for monitor in monitors:
        set_locations(monitor, places, now=T0, reason="Test")

    def say(place, second, outcome):
        trace = Trace(outcome=outcome, code="" if outcome is Outcome.OK else "status", sentence="no")
        found = [Finding(one.pk, 1, place.pk, at(second), False, 0, trace) for one in monitors]
        return partial(hand_over, found, now=at(second + 1))

    for second, outcome in ((0, Outcome.OK), (60, Outcome.FAILED), (120, Outcome.FAILED)):
        at_once(*[say(place, second, outcome) for place in places])
    assert {tuple(tiled(monitor)) for monitor in monitors} == {("up", "down")}
    assert Signal.objects.filter(condition="down").count() == len(monitors)
    assert Result.objects.count() == 9 * len(monitors)
    assert set(Voice.objects.values_list("good", "failing_since")) == {(False, at(60))}
