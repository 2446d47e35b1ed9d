"""From an entry of the ledger to a signed request that a receiver can check, once for each endpoint that asked."""

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction

from accounts.services.organisation import allow_network
from incidents.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from incidents.story import LINES
from incidents.webhooks import planning, sender
from incidents.webhooks.catalog import KINDS
from incidents.webhooks.services import (
    change_endpoint,
    create_endpoint,
    retire_endpoint,
    rotate_secret,
    send_test,
)
from incidents.webhooks.ticks import webhooks
from ledger.link import link_entries
from ledger.models import Entry
from oncall.models import Page
from tests.fakes.sink import is_signed

pytestmark = pytest.mark.django_db


def test_an_acknowledged_incident_arrives_as_signed_json(house):
    endpoint = house.endpoint()
    incident = house.declares()
    house.acknowledges(incident)
    assert house.sends() == 3
    assert house.sink.kinds == ["incident.declared", "incident.paging", "incident.acknowledged"]
    hook = house.sink.hooks[-1]
    assert is_signed(endpoint.secret, hook.headers, hook.body)
    assert hook.headers["content-type"] == "application/json"
    assert int(hook.headers["webhook-timestamp"]) == int(house.now.timestamp())
    told = hook.json
    assert told["id"] == hook.id and hook.id.startswith("evt_")
    assert told["actor"] == {"kind": "user", "id": house.alice.public_id}
    assert told["recorded_at"] == told["occurred_at"] == "2026-03-17T03:00:00.000Z"
    assert Entry.objects.get(seq=told["sequence"]).kind == "incident.acknowledged"
    assert told["page"] is None
    incident.refresh_from_db()
    assert told["incident"] == {
        "number": incident.number,
        "version": incident.version,
        "title": "Payments fail",
        "severity": 3,
        "urgency": "low",
        "state": "acknowledged",
        "service": {"id": house.service.public_id, "name": "Checkout"},
        "opened_at": "2026-03-17T03:00:00.000Z",
        "acknowledged_at": "2026-03-17T03:00:00.000Z",
        "resolved_at": None,
        "url": f"https://watchbook.example/incidents/{incident.number}/",
    }


def test_a_body_that_was_changed_or_another_time_is_not_signed(house):
    endpoint = house.endpoint()
    house.declares()
    house.sends()
    hook = house.sink.hooks[0]
    assert not is_signed(endpoint.secret, hook.headers, hook.body.replace(b"Payments", b"Refunds!"))
    assert not is_signed(endpoint.secret, {**hook.headers, "webhook-timestamp": "1"}, hook.body)
    assert not is_signed(endpoint.secret, {**hook.headers, "webhook-id": "evt_0"}, hook.body)


def test_pages_are_told_with_their_four_truths_and_without_an_address(world, sink, settings):
    allow_network(cidr="127.0.0.1", now=world.now, reason="Ours")
    create_endpoint(name="Pages", team=world.team, url=sink.url, events=["page.*"], now=world.now)
    world.breaks("Checkout API")
    world.advance(minutes=3)
    text = world.phone("Alice").expect_sms("Checkout API is down")
    world.reports(text, "delivered")
    world.phone("Alice").reply("4")
    world.advance(minutes=1)
    webhooks(world.now)
    assert sender.send_due(now=world.now, slots=1) >= 1
    told = [hook.json for hook in sink.hooks if hook.json["page"]["channel"] == "sms"]
    page = Page.objects.get(public_id=told[0]["page"]["id"])
    assert told[-1]["page"]["person"] == world.people["Alice"].public_id
    assert told[-1]["page"]["state"] == "confirmed" == page.state
    for truth in ("accepted_at", "delivered_at", "confirmed_at"):
        assert told[-1]["page"][truth] is not None, truth
    assert told[-1]["page"]["answered_at"] is None
    assert told[-1]["incident"]["number"] == world.incident.number
    said = b"".join(hook.body for hook in sink.hooks).decode()
    for person in world.people.values():
        assert person.email not in said and person.name not in said
        for contact in person.contact_methods.all():
            assert contact.address not in said and contact.address_mask not in said


def test_only_what_was_asked_for_is_sent(house, log):
    house.endpoint(events=["incident.acknowledged"])
    incident = house.declares()
    house.acknowledges(incident)
    house.plans()
    assert log() == [("incident.acknowledged", "planned")]
    assert WebhookEvent.objects.count() == 1, "nobody asked for the others"


def test_two_endpoints_get_the_same_event_each_with_a_signature_of_its_own(house):
    one, other = house.endpoint("One"), house.endpoint("Other", url=house.sink.url + "/other")
    house.declares()
    house.sends()
    by_path = {hook.path[-5:]: hook for hook in house.sink.hooks if hook.json["kind"] == "incident.declared"}
    mine, theirs = by_path["/9f2b"], by_path["other"]
    assert (mine.id, mine.body) == (theirs.id, theirs.body)
    assert is_signed(one.secret, mine.headers, mine.body) and not is_signed(one.secret, theirs.headers, theirs.body)
    assert is_signed(other.secret, theirs.headers, theirs.body)


def test_what_happened_before_the_endpoint_was_made_is_not_told(house, log):
    house.declares("Before")
    link_entries()
    house.endpoint()
    house.declares("After")
    house.plans()
    titles = {json.loads(event.payload)["incident"]["title"] for event in WebhookEvent.objects.all()}
    assert titles == {"After"}


def test_nothing_is_planned_twice_and_nothing_is_missed_between_batches(house):
    house.endpoint()
    for n in range(4):
        house.declares(f"Fault {n}")
    link_entries()
    read = []
    while batch := planning.plan_deliveries(now=house.now, limit=3):
        read.append(batch)
    assert read == [3, 3, 2]
    house.plans()
    assert WebhookDelivery.objects.count() == WebhookEvent.objects.count() == 8
    told = list(WebhookEvent.objects.order_by("pk").values_list("entry__seq", flat=True))
    assert told == sorted(told)


def test_an_entry_that_commits_late_is_still_told(house):
    """A lower id that is chained after a higher one: the cursor goes by the number the chain gave it."""
    house.endpoint()
    first = house.declares("First")
    link_entries()
    house.plans()
    late = Entry.objects.create(
        id=1_000_000, recorded_at=house.now, kind="incident.note",
        line=json.dumps({"at": "2026-03-17T03:00:00.000Z", "kind": "incident.note", "subjects": [], "data": {},
                         "actor": {"kind": "system", "id": "", "via": ""}}),
    )  # fmt: skip
    house.plans()
    house.acknowledges(first)
    house.plans()
    assert WebhookEvent.objects.filter(entry=late).count() == 1


def test_a_change_that_was_rolled_back_is_not_told(house):
    house.endpoint()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        house.declares()
        raise ZeroDivisionError
    house.plans()
    assert WebhookEvent.objects.count() == 0


def test_a_rotated_secret_signs_beside_the_old_one_until_the_overlap_ends(house, settings):
    endpoint = house.endpoint()
    old = endpoint.secret
    rotate_secret(endpoint, now=house.now, reason="The old one was mailed around")
    assert endpoint.secret != old
    house.declares()
    house.sends()
    during = house.sink.hooks[0]
    assert is_signed(old, during.headers, during.body) and is_signed(endpoint.secret, during.headers, during.body)
    house.later(seconds=settings.WEBHOOK_OVERLAP_S + 1).declares("Later")
    house.sends()
    after = house.sink.hooks[-1]
    assert not is_signed(old, after.headers, after.body) and is_signed(endpoint.secret, after.headers, after.body)


def test_secret_and_address_are_encrypted_and_absent_from_history_and_ledger(house):
    endpoint = house.endpoint(url="https://hooks.example.com/T024/key-7781?token=abc")
    first = endpoint.secret
    rotate_secret(endpoint, now=house.now, reason="Quarterly")
    change_endpoint(endpoint, {"url": "https://hooks.example.com/T024/key-9912"}, now=house.now, reason="New key")
    held = ""
    with connection.cursor() as cursor:
        for table in ("incidents_webhookendpoint", "incidents_historicalwebhookendpoint", "ledger_entry"):
            cursor.execute(f"SELECT * FROM {table}")
            held += str(cursor.fetchall())
    for secret in (first, endpoint.secret, "key-7781", "key-9912", "token=abc"):
        assert secret not in held
    assert "https://hooks.example.com/…" in held
    assert WebhookEndpoint.history.count() == 3
    marks = set(WebhookEndpoint.history.values_list("secret_fingerprint", "url_fingerprint"))
    assert len(marks) == 3, "each version differs by its fingerprints"


def test_a_test_is_sent_whatever_the_endpoint_asked_for(house):
    endpoint = house.endpoint(events=["page.confirmed"])
    send_test(endpoint, now=house.now)
    house.sends()
    (hook,) = house.sink.hooks
    assert hook.json["kind"] == "webhook.test" and hook.json["incident"] is None
    assert is_signed(endpoint.secret, hook.headers, hook.body)
    assert Entry.objects.filter(kind="webhook.tested").count() == 1


def test_a_retired_endpoint_hears_nothing_and_what_waited_ends(house, log):
    endpoint = house.endpoint()
    house.declares()
    house.plans()
    retire_endpoint(endpoint, now=house.now, reason="The room is closed")
    house.declares("Later")
    assert house.sends() == 0
    assert {state for _, state in log()} == {"failed"} and len(log()) == 2


def test_every_kind_of_the_ledger_is_in_the_catalogue():
    incidents = {f"incident.{kind}" for kind in LINES}
    ended = {"page.ended", "page.bounced", "page.confirmed"}
    pages = ended | {"page.held", "page.bundled", "page.verification_planned", "page.test_planned"}
    assert set(KINDS) == incidents | pages


def test_attempts_keep_their_times(house):
    house.endpoint(events=["incident.declared"])
    house.declares()
    house.sends()
    (attempt,) = WebhookAttempt.objects.all()
    assert (attempt.n, attempt.outcome, attempt.http_status, attempt.error) == (1, "delivered", 204, "")
    assert attempt.begun_at == house.now and attempt.ended_at == house.now
    delivery = WebhookDelivery.objects.get()
    assert delivery.delivered_at == delivery.ended_at == house.now
    assert delivery.expires_at > house.now + timedelta(hours=23)
    assert Entry.objects.filter(kind="webhook.ended").count() == 1
