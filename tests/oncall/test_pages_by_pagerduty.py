"""Stories of a team that keeps PagerDuty beside Watchbook: an incident there opens, and follows what happens here."""

from datetime import timedelta

import pytest

from accounts.models import ContactMethod
from oncall.escalation import services as escalation
from oncall.models import Page
from oncall.queries import pages_for_subject, people_paged
from tests import builders
from tests.fakes.pagerduty import KEY
from tests.fakes.server import in_json

BEN = "+447700900002"
NUMBER = "INC-2026-0001"


@pytest.fixture
def both(world, pagerduty):
    """Ana's PagerDuty is told first, Ben's phone rings after five minutes."""
    world.ana = world.person("Ana Duarte", mail=False)
    world.ben = world.person("Ben Okafor", phone=BEN, mail=False)
    builders.contact(world.ana, "pagerduty", KEY, now=world.now)
    world.chain = world.policy(world.ana, world.ben, delay_s=300)
    return world


def actions(pagerduty):
    return [asked.json["event_action"] for asked in pagerduty.requests]


def updates():
    return list(Page.objects.filter(origin="update").order_by("pk").values_list("rule", "state", "reason"))


def test_an_incident_opens_there_is_acknowledged_and_resolved_with_ours(both, pagerduty):
    both.start(both.chain)
    opened = pagerduty.expect("SEV1 Checkout API is down.")
    page = Page.objects.get(origin="step")
    assert (page.state, page.confirmed_at, page.to_mask) == ("accepted", None, f"… {KEY[-4:]}")
    both.stop("acknowledged", by=both.ben)
    assert pagerduty.requests[-1].json["event_action"] == "trigger", "nothing is called in the transaction of an answer"
    both.settle()
    assert opened.state == "acknowledged"
    both.stop("resolved", by=both.ben)
    both.settle()
    assert (opened.state, actions(pagerduty)) == ("resolved", ["trigger", "acknowledge", "resolve"])
    assert updates() == [("acknowledged", "accepted", ""), ("resolved", "accepted", "")]


def test_an_incident_that_recovers_by_itself_is_resolved_there(both, pagerduty):
    both.start(both.chain)
    both.stop("resolved")
    both.settle()
    assert actions(pagerduty) == ["trigger", "resolve"]


def test_whoever_is_stood_down_is_not_told_twice(both, pagerduty):
    both.start(both.chain)
    both.stop("resolved")
    escalation.stand_down(both.subject(), None, "It recovered.", now=both.now)
    both.settle()
    assert actions(pagerduty) == ["trigger", "resolve"]


def test_a_newer_answer_outdates_an_update_that_waits(both, pagerduty):
    both.start(both.chain)
    both.stop("acknowledged", by=both.ben)
    both.stop("resolved", by=both.ben)
    both.settle()
    assert actions(pagerduty) == ["trigger", "resolve"]
    assert updates() == [("acknowledged", "cancelled", "outdated"), ("resolved", "accepted", "")]


def test_an_update_waits_for_the_page_it_follows(both, pagerduty):
    pagerduty.answers.append(in_json(503, {}))
    both.start(both.chain)
    responder = escalation.add_person(both.subject(), both.ana, now=both.now)[0]
    pagerduty.answers.append(in_json(429, {}, retry_after="20"))
    both.tick()
    both.stop("acknowledged", by=both.ben)
    both.settle()
    responder.refresh_from_db()
    assert (responder.state, actions(pagerduty)) == ("planned", ["trigger", "trigger"])
    both.advance(seconds=30)
    responder.refresh_from_db()
    assert responder.state == "accepted", "an acknowledge does not call off who was asked to join"
    assert actions(pagerduty) == ["trigger", "trigger", "trigger", "acknowledge"]


def test_what_was_never_taken_is_not_updated(both, pagerduty):
    pagerduty.answers.append(in_json(503, {}))
    both.start(both.chain)
    both.stop("acknowledged", by=both.ben)
    both.advance(seconds=60)
    assert actions(pagerduty) == ["trigger"]
    assert updates() == [("acknowledged", "cancelled", "nothing_sent")]


def test_an_update_is_tried_again_like_any_page(both, pagerduty):
    both.start(both.chain)
    pagerduty.answers.append(in_json(503, {}))
    both.stop("resolved", by=both.ben)
    both.advance(seconds=20)
    assert actions(pagerduty) == ["trigger", "resolve", "resolve"]
    assert pagerduty.incidents[0].state == "resolved"


def test_a_fault_that_comes_back_opens_a_new_incident_there_and_leaves_the_old_one_alone(both, pagerduty):
    both.start(both.chain)
    both.stop("resolved", by=both.ben)
    both.settle()
    both.advance(minutes=10)
    both.start(both.chain)
    both.stop("acknowledged", by=both.ben)
    both.settle()
    assert [one.state for one in pagerduty.incidents] == ["resolved", "acknowledged"]
    assert Page.objects.filter(origin="update").count() == 2


def test_escalated_further_after_an_acknowledge_every_run_is_resolved_there(both, pagerduty):
    both.start(both.chain)
    both.stop("acknowledged", by=both.ben)
    both.settle()
    escalation.escalate_now(both.subject(), now=both.now, by=both.ben)
    both.settle()
    both.twilio.expect(BEN, "SEV1")
    both.stop("resolved", by=both.ben)
    both.settle()
    assert pagerduty.incidents[0].state == "resolved"


def test_nobody_was_paged_by_an_update_and_it_confirms_nothing(both, pagerduty):
    both.start(both.chain)
    both.stop("acknowledged", by=both.ben)
    both.settle()
    both.stop("resolved", by=both.ana)
    both.settle()
    assert people_paged("incident", NUMBER) == [both.ana]
    assert [page.origin for page in pages_for_subject("incident", NUMBER)] == ["step"]
    assert list(Page.objects.filter(confirmed_at__isnull=False).values_list("origin", flat=True)) == ["step"]


def test_a_key_that_is_refused_marks_the_contact_and_calls_the_next_person(both, pagerduty):
    pagerduty.key = "another"
    both.start(both.chain)
    both.twilio.expect(BEN, "SEV1")
    assert ContactMethod.objects.get(kind="pagerduty").unhealthy_since is not None
    assert KEY not in str(Page.objects.values()) + str(ContactMethod.history.values())


def test_a_rate_limit_longer_than_the_next_step_is_left_to_the_next_person(both, pagerduty):
    pagerduty.answers.append(in_json(429, {}, retry_after="301"))
    both.start(both.chain)
    both.twilio.expect(BEN, "SEV1")
    assert Page.objects.get(kind="pagerduty").reason == "next_step_due"


def test_the_lease_of_a_dead_sender_frees_an_update_too(both, pagerduty):
    both.start(both.chain)
    both.stop("resolved", by=both.ben)
    Page.objects.filter(origin="update").update(state="claimed", lease_until=both.now + timedelta(seconds=5))
    both.advance(seconds=10)
    assert actions(pagerduty) == ["trigger", "resolve"]
