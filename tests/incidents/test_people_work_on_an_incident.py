"""Acknowledge, resolve, escalate, add, note, declare: what each does, and what it does the second time."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents import intake
from incidents.models import Incident
from incidents.queries import story_of
from incidents.services import outcomes
from incidents.services.rows import StaleIncident
from incidents.services.transitions import acknowledge, resolve
from incidents.services.work import BadInput, add_note, add_person, declare, escalate
from incidents.states import IllegalMove
from ledger.actors import Actor
from ledger.models import Entry
from oncall.escalation.apply import plan_batch
from oncall.models import Page, Run
from tests import builders

MINUTE = timedelta(minutes=1)


def by(person, how="screen"):
    return {"actor": Actor("user", person.public_id, str(person), how), "person": person, "how": how}


@pytest.fixture
def incident(house):
    builders.signal(house.monitor)
    intake.run(house.now)
    plan_batch(now=house.now)
    return Incident.objects.get()


@pytest.fixture
def now(house):
    return house.now + MINUTE


def kinds(incident):
    return list(incident.timeline.order_by("pk").values_list("kind", flat=True))


def delivered(person, now):
    """Say that the pages of a person went out, as the sender would."""
    Page.objects.filter(person=person).update(state="accepted", accepted_at=now)


def test_an_acknowledge_stops_the_run_and_its_planned_pages(house, incident, now):
    outcome = acknowledge(incident, **by(house.alice), now=now)
    assert outcome.kind == outcomes.ACKNOWLEDGED
    assert (outcome.incident.state, outcome.incident.acknowledged_by, outcome.incident.acknowledged_at) == (
        "acknowledged", house.alice, now,
    )  # fmt: skip
    assert Run.objects.get().state == "stopped"
    assert set(Page.objects.values_list("state", "reason")) == {("cancelled", "acknowledged")}


def test_it_says_who_was_spared_by_it(house, incident, now):
    assert acknowledge(incident, **by(house.alice), now=now).spared == (house.bob,)
    assert incident.timeline.get(kind="acknowledged").data == {"spared": [house.bob.public_id]}


def test_the_timeline_says_who_when_and_how(house, incident, now):
    acknowledge(incident, **by(house.alice, "link in SMS to +44 … 01"), now=now)
    told = incident.timeline.get(kind="acknowledged")
    assert (told.person, told.occurred_at, told.recorded_at, told.how) == (
        house.alice, now, now, "link in SMS to +44 … 01",
    )  # fmt: skip


def test_acknowledging_twice_is_told_once(house, incident, now):
    acknowledge(incident, **by(house.alice), now=now)
    again = acknowledge(incident, **by(house.alice), now=now + MINUTE)
    assert again.kind == outcomes.ALREADY_YOURS
    assert again.incident.acknowledged_at == now
    assert kinds(incident).count("acknowledged") == 1


def test_a_second_person_is_recorded_and_the_first_keeps_it(house, incident, now):
    acknowledge(incident, **by(house.alice), now=now)
    second = acknowledge(incident, **by(house.bob), now=now + MINUTE)
    assert (second.kind, second.incident.acknowledged_by) == (outcomes.ALREADY_TAKEN, house.alice)
    assert incident.timeline.get(kind="acknowledged_too").person == house.bob


def test_an_acknowledge_after_the_end_is_recorded_and_changes_nothing(house, incident, now):
    resolve(incident, **by(house.bob), now=now)
    before = Incident.objects.values().get()
    late = acknowledge(incident, **by(house.alice), now=now + MINUTE)
    assert late.kind == outcomes.ALREADY_RESOLVED
    assert Incident.objects.values().get() == before
    assert incident.timeline.get(kind="acknowledged_late").person == house.alice


def test_resolving_closes_the_alerts_and_tells_who_was_paged_but_not_who_did_it(house, incident, now):
    delivered(house.alice, now)
    outcome = resolve(incident, **by(house.bob), now=now, note="The pool was too small.")
    assert (outcome.kind, outcome.incident.resolved_by) == (outcomes.RESOLVED, house.bob)
    assert incident.alerts.get().closed_at == now
    told = Page.objects.filter(origin="stand_down")
    assert {page.person for page in told} == {house.alice}
    assert "resolved by Bob Brandt after 1 min. Nothing more to do." in told[0].note
    assert incident.timeline.get(kind="stood_down").data == {"people": [house.alice.public_id]}
    assert [entry.text for entry in story_of(incident) if entry.kind == "resolved"] == ["The pool was too small."]


def test_nobody_is_stood_down_who_was_never_reached(house, incident, now):
    resolve(incident, **by(house.bob), now=now)
    assert not Page.objects.filter(origin="stand_down").exists()


def test_resolving_twice_is_recorded_and_changes_nothing(house, incident, now):
    resolve(incident, **by(house.bob), now=now)
    again = resolve(incident, **by(house.alice), now=now + MINUTE)
    assert (again.kind, again.incident.resolved_by, again.incident.resolved_at) == (
        outcomes.ALREADY_RESOLVED, house.bob, now,
    )  # fmt: skip


def test_resolving_what_changed_meanwhile_is_refused(house, incident, now):
    acknowledge(incident, **by(house.alice), now=now)
    with pytest.raises(StaleIncident, match="changed since you opened it"):
        resolve(incident, **by(house.bob), now=now, expected_version=incident.version)
    assert Incident.objects.get().state == "acknowledged"


def test_every_move_raises_the_version(house, incident, now):
    versions = [incident.version]
    versions.append(acknowledge(incident, **by(house.alice), now=now).incident.version)
    versions.append(escalate(incident, **by(house.alice), now=now).version)
    versions.append(resolve(incident, **by(house.alice), now=now).incident.version)
    assert versions == sorted(set(versions))


def test_escalating_calls_the_next_person_and_makes_it_nobodys(house, incident, now):
    acknowledge(incident, **by(house.alice), now=now)
    after = escalate(incident, **by(house.alice), now=now + MINUTE)
    assert (after.state, after.acknowledged_by, after.first_acknowledged_at) == ("triggered", None, now)
    plan_batch(now=now + MINUTE)
    assert {page.person for page in Page.objects.filter(state="planned")} == {house.bob}
    assert incident.timeline.get(kind="escalated").person == house.alice


def test_a_resolved_incident_cannot_be_escalated(house, incident, now):
    resolve(incident, **by(house.bob), now=now)
    with pytest.raises(IllegalMove):
        escalate(incident, **by(house.alice), now=now)
    with pytest.raises(IllegalMove):
        add_person(incident, house.ada, **by(house.alice), now=now)


def test_an_added_person_is_paged_at_once_and_who_has_it_keeps_it(house, incident, now):
    acknowledge(incident, **by(house.alice), now=now)
    add_person(incident, house.ada, **by(house.alice), now=now)
    pages = Page.objects.filter(person=house.ada)
    assert {page.origin for page in pages} == {"responder"}
    assert {page.state for page in pages} == {"planned"}
    assert incident.timeline.get(kind="person_added").data == {"added": house.ada.public_id}
    incident.refresh_from_db()
    assert incident.acknowledged_by == house.alice


def test_a_person_who_cannot_be_called_is_not_said_to_be(house, incident, now):
    silent = builders.person("Sil Ent", mail=False)
    with pytest.raises(BadInput, match="nobody was called"):
        add_person(incident, silent, **by(house.alice), now=now)
    house.ada.is_active = False
    house.ada.save(now=now, reason="Test")
    with pytest.raises(BadInput, match="no longer active"):
        add_person(incident, house.ada, **by(house.alice), now=now)
    assert "person_added" not in kinds(incident)


def test_a_note_may_be_dated_back_and_keeps_both_clocks(house, incident, now):
    note = add_note(incident, " Saw it too. ", **by(house.alice), now=now, occurred_at=now - 30 * MINUTE)
    assert (note.occurred_at, note.recorded_at) == (now - 30 * MINUTE, now)
    first = story_of(incident)[0]
    assert (first.kind, first.text) == ("note", "Saw it too."), "the story is told in the order of what happened"


def test_a_note_may_be_written_after_the_end(house, incident, now):
    resolve(incident, **by(house.bob), now=now)
    add_note(incident, "It was the pool.", **by(house.alice), now=now + 600 * MINUTE)
    assert kinds(incident)[-1] == "note"


@pytest.mark.parametrize(
    ("text", "minutes", "field"), [("  ", 0, "text"), ("x" * 4001, 0, "text"), ("Soon.", 5, "occurred_at")]
)
def test_a_note_that_cannot_be_is_refused_by_field(house, incident, now, text, minutes, field):
    with pytest.raises(BadInput) as refusal:
        add_note(incident, text, **by(house.alice), now=now, occurred_at=now + minutes * MINUTE)
    assert refusal.value.field == field


def test_the_words_of_a_note_are_not_in_the_ledger_but_their_hash_is(house, incident, now):
    note = add_note(incident, "Customer Jane Roe called.", **by(house.alice), now=now)
    line = Entry.objects.get(pk=note.entry_id).line
    assert "Jane" not in line
    assert note.text_sha256 in line


def test_a_declared_incident_is_numbered_and_paged_like_any_other(house):
    declared = declare(
        title="  Customers call:\n no orders ", severity=1, service=house.checkout, **by(house.alice), now=house.now,
        note="Two calls so far.", opened_at=house.now - 10 * MINUTE,
    )  # fmt: skip
    assert (declared.number, declared.title) == ("INC-2026-0001", "Customers call: no orders")
    assert (declared.detected_by, declared.opened_at, declared.recorded_at) == (
        "person", house.now - 10 * MINUTE, house.now,
    )  # fmt: skip
    assert Run.objects.get().severity == 1
    assert kinds(declared) == ["declared", "paging"]


def test_a_recovery_does_not_end_what_people_declared(house):
    declared = declare(title="Slow", severity=1, service=house.checkout, **by(house.alice), now=house.now)
    builders.signal(house.monitor, at=house.now)
    builders.signal(house.monitor, at=house.now + MINUTE, opens=False)
    intake.run(house.now + MINUTE)
    declared.refresh_from_db()
    assert declared.state == "triggered"
    assert Incident.objects.get(detected_by="monitor").state == "resolved"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " \n "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"severity": 5}, "severity"),
        ({"urgency": "soon"}, "urgency"),
        ({"opened_at": datetime(2030, 1, 1, tzinfo=UTC)}, "opened_at"),
        ({"note": "x" * 4001}, "text"),
    ],
)
def test_what_cannot_be_declared_is_refused_by_field_and_takes_no_number(house, wrong, field):
    facts = {"title": "Slow", "severity": 2, "service": None, **by(house.alice), "now": house.now}
    with pytest.raises(BadInput) as refusal:
        declare(**{**facts, **wrong})
    assert refusal.value.field == field
    assert declare(**facts).number == "INC-2026-0001"
