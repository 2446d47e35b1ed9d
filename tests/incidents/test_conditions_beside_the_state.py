"""Conditions beside a monitor's state, from the finder's call to somebody's page: said once, louder when they get worse."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from incidents import intake
from incidents.models import Alert, Incident
from ledger.models import Entry
from monitors.models import ConditionState, MonitorState, Rule, Signal
from monitors.queries import open_conditions
from monitors.services import clear_condition, ensure_rule, raise_condition, retire_monitor
from oncall.models import Run

MINUTE = timedelta(minutes=1)


@pytest.fixture
def rule(house):
    return ensure_rule(house.monitor, "certificate", now=house.now, reason="The monitor speaks TLS")


def say(rule, at, **more):
    return raise_condition(rule, reason="It ends in 30 days.", effective_at=at, now=at, **more)


def test_a_condition_opens_an_incident_of_its_own_and_leaves_the_state_alone(house, rule):
    before = MonitorState.objects.get(pk=house.monitor.pk).state
    say(rule, house.now)
    intake.run(house.now)
    incident = Incident.objects.get()
    assert (incident.title, incident.severity, incident.urgency) == (
        "Checkout API has a certificate problem", 3, "low",
    )  # fmt: skip
    assert incident.alerts.get().identity == f"{house.monitor.public_id}/certificate"
    assert MonitorState.objects.get(pk=house.monitor.pk).state == before


def test_saying_it_again_says_nothing_new(house, rule):
    assert say(rule, house.now) is not None
    assert say(rule, house.now + MINUTE) is None
    assert Signal.objects.count() == 1
    assert open_conditions([house.monitor])[house.monitor.pk][0].since == house.now


def test_its_end_ends_the_incident_and_an_end_without_a_beginning_is_nothing(house, rule):
    assert clear_condition(rule, reason="Renewed.", effective_at=house.now, now=house.now) is None
    say(rule, house.now)
    intake.run(house.now)
    later = house.now + MINUTE
    clear_condition(rule, reason="Renewed.", effective_at=later, now=later)
    intake.run(later)
    assert Incident.objects.get().state == "resolved"
    assert open_conditions([house.monitor]) == {}


def test_what_gets_worse_is_told_anew_and_as_loud_as_it_became(house, rule):
    say(rule, house.now)
    intake.run(house.now)
    later = house.now + MINUTE
    say(rule, later, severity=1, urgency="high")
    intake.run(later)
    incident = Incident.objects.get()
    assert (incident.state, incident.severity, incident.urgency) == ("triggered", 1, "high")
    assert Run.objects.filter(state="running").count() == 1
    assert Alert.objects.open().get().severity == 1
    assert say(rule, later + MINUTE, severity=3, urgency="low") is None, "a quieter one is not told again"


def test_each_change_is_a_line_of_the_ledger_without_its_sentence(house, rule):
    say(rule, house.now, data={"days_left": 30})
    line = Entry.objects.filter(kind="monitor.condition_changed").get()
    assert '"days_left":30' in line.line
    assert "It ends" not in line.line


def test_retiring_the_monitor_closes_what_it_holds_open_and_says_nobody_saw_the_end(house, rule):
    say(rule, house.now)
    intake.run(house.now)
    later = house.now + MINUTE
    retire_monitor(house.monitor, now=later, reason="Gone")
    intake.run(later)
    assert Alert.objects.get(condition="certificate").closed_reason == "unwatched"
    assert not Rule.objects.in_force().filter(monitor=house.monitor).exists()
    assert say(Rule.objects.get(pk=rule.pk), later) is None


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_finders_at_the_same_instant_say_it_once(house, rule):
    barrier = threading.Barrier(2)

    def find():
        barrier.wait()
        try:
            say(Rule.objects.select_related("monitor").get(pk=rule.pk), house.now)
        finally:
            connection.close()

    finders = [threading.Thread(target=find) for _ in range(2)]
    for one in finders:
        one.start()
    for one in finders:
        one.join(20)
    assert Signal.objects.count() == 1
    assert ConditionState.objects.get().is_open
