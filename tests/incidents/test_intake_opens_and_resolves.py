"""From signal to incident: opened once, repeated, recovered, reopened, and never quiet."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from incidents import intake
from incidents.models import Alert, Incident, TimelineEntry
from incidents.services.transitions import acknowledge, resolve
from ledger.actors import Actor
from ledger.models import Entry, LedgerSubject
from oncall.escalation.apply import plan_batch
from oncall.models import Page, Run
from tests import builders

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SCREEN = Actor("user", "usr_x", "Somebody", "screen")


def take(house, *, opens=True, at=None, monitor=None, **more):
    at = at or house.now
    builders.signal(monitor or house.monitor, opens=opens, at=at, **more)
    intake.run(at)
    return Incident.objects.order_by("-pk").first()


def kinds(incident):
    return list(incident.timeline.order_by("pk").values_list("kind", flat=True))


def test_a_fault_opens_one_incident_with_a_number_and_a_run(house):
    incident = take(house)
    assert incident.number == "INC-2026-0001"
    assert (incident.title, incident.state) == ("Checkout API is down", "triggered")
    assert (incident.severity, incident.severity_initial, incident.urgency) == (2, 2, "high")
    assert incident.service == house.checkout
    alert = incident.alerts.get()
    assert (alert.count, alert.identity, alert.closed_at) == (1, f"{house.monitor.public_id}/down", None)
    run = Run.objects.get()
    assert (run.subject_kind, run.subject_id, run.policy, run.severity) == (
        "incident",
        "INC-2026-0001",
        house.policy,
        2,
    )
    assert run.url == f"http://127.0.0.1:8000/incidents/{incident.number}/"
    assert kinds(incident) == ["opened", "paging"]


def test_the_beginning_is_when_the_evidence_says_and_the_record_is_when_we_knew(house):
    builders.signal(house.monitor, at=house.now - 2 * MINUTE, recorded_at=house.now)
    intake.run(house.now)
    incident = Incident.objects.get()
    assert (incident.opened_at, incident.recorded_at) == (house.now - 2 * MINUTE, house.now)
    opened = incident.timeline.get(kind="opened")
    assert (opened.occurred_at, opened.recorded_at) == (house.now - 2 * MINUTE, house.now)


def test_every_line_of_the_story_stands_in_the_ledger_too(house):
    incident = take(house)
    for entry in incident.timeline.all():
        assert entry.entry.kind == f"incident.{entry.kind}"
        assert LedgerSubject.objects.filter(entry=entry.entry, kind="incident", object_id=incident.number).exists()
    assert LedgerSubject.objects.filter(kind="alert", object_id=incident.alerts.get().public_id).exists()


def test_names_stay_out_of_timeline_rows_and_ledger(house):
    incident = take(house)
    acknowledge(incident, actor=SCREEN, person=house.alice, how="screen", now=house.now + MINUTE)
    written = "".join(Entry.objects.values_list("line", flat=True))
    written += "".join(str(row) for row in TimelineEntry.objects.values_list("data", "how", "actor_id"))
    assert "Alice" not in written
    assert "+4477" not in written


def test_a_signal_is_taken_once(house):
    builders.signal(house.monitor)
    assert (intake.run(house.now), intake.run(house.now)) == (1, 0)
    assert Incident.objects.count() == 1


def test_a_repeat_is_counted_and_pages_nobody_anew(house):
    incident = take(house)
    acknowledge(incident, actor=SCREEN, person=house.alice, how="screen", now=house.now + MINUTE)
    take(house, at=house.now + 2 * MINUTE)
    incident.refresh_from_db()
    assert incident.alerts.get().count == 2
    assert (incident.state, incident.acknowledged_by) == ("acknowledged", house.alice)
    assert Run.objects.count() == 1


def test_recovery_resolves_by_itself_and_stops_the_run(house):
    take(house)
    incident = take(house, opens=False, at=house.now + 5 * MINUTE)
    assert (incident.state, incident.resolved_at, incident.resolved_by) == ("resolved", house.now + 5 * MINUTE, None)
    alert = incident.alerts.get()
    assert (alert.closed_at, alert.closed_reason) == (house.now + 5 * MINUTE, "recovered")
    run = Run.objects.get()
    assert (run.state, run.stop_reason) == ("stopped", "resolved")
    assert run.over_at is not None
    assert kinds(incident)[-2:] == ["alert_closed", "recovered"]


def test_recovery_after_an_acknowledge_resolves_too(house):
    incident = take(house)
    acknowledge(incident, actor=SCREEN, person=house.alice, how="screen", now=house.now + MINUTE)
    take(house, opens=False, at=house.now + 5 * MINUTE)
    incident.refresh_from_db()
    assert (incident.state, incident.acknowledged_by) == ("resolved", house.alice)


def test_the_end_of_a_watch_is_not_called_a_recovery(house):
    take(house)
    signal = builders.signal(house.monitor, opens=False, at=house.now + MINUTE)
    type(signal.interval).objects.filter(pk=signal.interval.pk).update(state="down")
    intake.run(house.now + MINUTE)
    incident = Incident.objects.get()
    assert incident.state == "resolved"
    assert incident.alerts.get().closed_reason == "unwatched"
    assert incident.timeline.get(kind="recovered").data == {"reason": "unwatched"}


def test_the_end_of_something_we_never_saw_begin_is_taken_and_changes_nothing(house):
    take(house, opens=False)
    assert not Incident.objects.exists()
    assert not Alert.objects.exists()


def test_the_same_condition_within_a_day_reopens_the_incident_and_pages_anew(house):
    take(house)
    first = take(house, opens=False, at=house.now + 5 * MINUTE)
    acknowledge(first, actor=SCREEN, person=house.alice, how="screen", now=house.now + 6 * MINUTE)
    again = take(house, at=house.now + 3 * HOUR)
    assert again == first
    assert (again.state, again.reopened_count, again.resolved_at, again.acknowledged_by) == ("triggered", 1, None, None)
    assert again.last_reopened_at == house.now + 3 * HOUR
    assert again.alerts.count() == 2
    assert [run.state for run in Run.objects.order_by("pk")] == ["stopped", "running"]
    assert kinds(again)[-3:] == ["reopened", "paging", "alert_joined"]


def test_reopening_takes_the_worse_severity_and_keeps_the_first(house):
    take(house)
    take(house, opens=False, at=house.now + MINUTE)
    again = take(house, at=house.now + 2 * MINUTE, severity=1)
    assert (again.severity, again.severity_initial) == (1, 2)


def test_the_first_acknowledge_is_remembered_over_a_reopening(house):
    incident = take(house)
    acknowledge(incident, actor=SCREEN, person=house.alice, how="screen", now=house.now + MINUTE)
    take(house, opens=False, at=house.now + 2 * MINUTE)
    again = take(house, at=house.now + 3 * MINUTE)
    assert (again.first_acknowledged_at, again.acknowledged_at) == (house.now + MINUTE, None)


def test_a_day_later_it_is_another_incident(house):
    take(house)
    take(house, opens=False, at=house.now + MINUTE)
    another = take(house, at=house.now + 25 * HOUR)
    assert (another.number, another.reopened_count) == ("INC-2026-0002", 0)


def test_what_a_person_resolved_while_it_still_failed_reopens_when_it_fails_again(house):
    incident = take(house)
    resolve(incident, actor=SCREEN, person=house.alice, how="screen", now=house.now + MINUTE)
    assert incident.alerts.get().closed_reason == "resolved_by_person"
    assert incident.timeline.get(kind="resolved").data == {"alerts_still_open": 1}
    take(house, opens=False, at=house.now + 2 * MINUTE)
    again = take(house, at=house.now + 3 * MINUTE)
    assert (again, again.state) == (incident, "triggered")


def test_two_conditions_of_one_monitor_end_only_when_both_have(house):
    incident = take(house)
    take(house, at=house.now + MINUTE, condition="slow", severity=3)
    assert incident.alerts.count() == 2
    take(house, opens=False, at=house.now + 2 * MINUTE)
    incident.refresh_from_db()
    assert incident.state == "triggered"
    take(house, opens=False, at=house.now + 3 * MINUTE, condition="slow")
    incident.refresh_from_db()
    assert incident.state == "resolved"


def test_two_monitors_are_two_incidents(house):
    other = builders.monitor("Basket", service=house.checkout)
    take(house)
    take(house, monitor=other)
    assert sorted(Incident.objects.values_list("number", flat=True)) == ["INC-2026-0001", "INC-2026-0002"]


def test_an_older_signal_of_the_same_condition_comes_first(house):
    begin = builders.signal(house.monitor)
    end = builders.signal(house.monitor, opens=False, at=house.now + MINUTE)
    assert intake.take(end, now=house.now + MINUTE) is None
    assert intake.take(begin, now=house.now + MINUTE).action == "open"
    assert intake.take(end, now=house.now + MINUTE).action == "resolve"


def test_a_signal_that_cannot_be_taken_holds_up_no_other(house, monkeypatch):
    other = builders.monitor("Basket", service=house.checkout)
    builders.signal(house.monitor)
    builders.signal(other)
    told = intake.open_incident

    def fails_for_checkout(**facts):
        if facts["title"].startswith("Checkout"):
            raise RuntimeError("a bug")
        return told(**facts)

    monkeypatch.setattr(intake, "open_incident", fails_for_checkout)
    assert intake.run(house.now) == 1
    assert Incident.objects.get().title == "Basket is down"
    monkeypatch.setattr(intake, "open_incident", told)
    assert intake.run(house.now) == 1, "it was left for the next tick"


def test_a_storm_is_taken_in_turns_so_that_the_engine_can_breathe(house, monkeypatch):
    for n in range(3):
        builders.signal(builders.monitor(f"Monitor {n}", service=house.checkout))
    monkeypatch.setattr(intake, "BUDGET_S", 0)
    assert [intake.run(house.now) for _ in range(4)] == [1, 1, 1, 0]


def test_a_long_name_does_not_keep_an_incident_from_opening(house):
    long = builders.monitor("n" * 120, service=house.checkout)
    assert take(house, monitor=long).title.startswith("nnn")


@pytest.mark.parametrize("left", ["no route", "policy retired", "policy damaged"])
def test_without_a_route_to_a_policy_the_catch_all_is_called(house, left):
    if left == "no route":
        house.route.retire(now=house.now, reason="Test")
    elif left == "policy retired":
        house.policy.retire(now=house.now, reason="Test")
    else:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE oncall_policy SET steps = '[{}]'")
    incident = take(house)
    run = Run.objects.get()
    assert (run.policy, run.state) == (None, "running")
    assert incident.timeline.get(kind="paging").data["policy"] == ""
    for _ in range(3):
        plan_batch(now=house.now)
    assert {page.person for page in Page.objects.all()} == {house.ada}


def test_the_runbook_of_the_route_is_kept_on_the_incident(house):
    builders.route(house.policy, service=house.checkout, runbook_url="https://wiki.example/checkout")
    assert take(house).runbook_url == "https://wiki.example/checkout"


def test_nothing_of_an_undone_intake_stays(house):
    signal = builders.signal(house.monitor)
    with pytest.raises(RuntimeError), transaction.atomic():
        intake.take(signal, now=house.now)
        raise RuntimeError("the process dies before the commit")
    assert not Incident.objects.exists()
    assert intake.run(house.now) == 1
    assert Incident.objects.get().number == "INC-2026-0001", "the number was not lost"
