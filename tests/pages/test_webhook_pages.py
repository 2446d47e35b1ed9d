"""Webhooks on screens: a secret is shown once, an address never again, a stale form loses nothing, a log tells every call."""

import re

import pytest

from incidents.models import WebhookDelivery, WebhookEndpoint
from incidents.webhooks import sender
from incidents.webhooks.retry import Answer
from incidents.webhooks.services import change_endpoint, pause_endpoint

GIVEN = {"name": "Ticket system", "url": "https://tickets.example.com/in/key-77", "events": ["incident.*"]}


def secrets_in(answer):
    return set(re.findall(r"whsec_[A-Za-z0-9+/=]+", answer.content.decode()))


@pytest.fixture
def manager(as_):
    return as_("manager")


def test_a_new_webhook_shows_its_secret_once_and_its_address_never(house, manager):
    answer = manager.post("/webhooks/new/", {**GIVEN, "team": house.team.public_id})
    made = WebhookEndpoint.objects.get(name="Ticket system")
    assert answer.status_code == 200 and secrets_in(answer) == {made.secret}
    assert "no-store" in answer["Cache-Control"]
    again = manager.get(f"/webhooks/{made.public_id}/")
    assert secrets_in(again) == set()
    for page in (again, manager.get(f"/webhooks/{made.public_id}/edit/"), manager.get("/webhooks/")):
        assert "key-77" not in page.content.decode() and "https://tickets.example.com/…" in page.content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "tickets.example.com"}, "must begin with http:// or https://"),
        ({"url": "https://me:pw@tickets.example.com/"}, "Leave name and password out"),
        ({"events": []}, "at least one"),
        ({"name": "Ops"}, "already"),
        ({"events": ["incident.exploded"]}, "incident.exploded"),
        ({"team": "tea_nobody"}, "tea_nobody"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_typed_is_lost(house, manager, given, said):
    answer = manager.post("/webhooks/new/", {**GIVEN, "team": house.team.public_id, **given})
    text = answer.content.decode()
    assert answer.status_code == 422 and said in text
    assert f'value="{({**GIVEN, **given})["name"]}"' in text
    assert WebhookEndpoint.objects.count() == 3


def test_a_manager_gives_it_to_a_team_of_theirs_only(house, manager, as_):
    assert manager.post("/webhooks/new/", {**GIVEN, "team": house.other_team.public_id}).status_code == 422
    assert manager.post("/webhooks/new/", {**GIVEN, "team": ""}).status_code == 422
    assert as_("admin").post("/webhooks/new/", {**GIVEN, "team": ""}).status_code == 200
    assert WebhookEndpoint.objects.get(name="Ticket system").team is None


def test_an_empty_address_keeps_the_one_in_force_and_no_team_leaves_it_to_admins(house, manager, as_, now):
    change = {
        "name": "Ops, renamed", "team": house.team.public_id, "url": "", "events": ["page.*"],
        "reason": "New room", "version": 1,
    }  # fmt: skip
    assert manager.post(f"/webhooks/{house.webhook.public_id}/edit/", change).status_code == 302
    held = WebhookEndpoint.objects.get(pk=house.webhook.pk)
    assert (held.name, held.url, held.events, held.version) == ("Ops, renamed", house.webhook.url, ["page.*"], 2)
    admins = {**change, "team": "", "version": 2}
    assert as_("admin").post(f"/webhooks/{house.webhook.public_id}/edit/", admins).status_code == 302
    assert WebhookEndpoint.objects.get(pk=house.webhook.pk).team is None
    house.webhook.refresh_from_db()
    change_endpoint(house.webhook, {"team": house.team}, now=now, reason="Back")
    stale = manager.post(f"/webhooks/{house.webhook.public_id}/edit/", {**change, "name": "Mine"})
    assert stale.status_code == 409 and 'value="Mine"' in stale.content.decode()


def test_rotating_shows_the_new_secret_once_and_twice_needs_a_second_look(house, manager):
    path, old = f"/webhooks/{house.webhook.public_id}/rotate/", house.webhook.secret
    answer = manager.post(path, {"reason": "Quarterly", "version": 1})
    held = WebhookEndpoint.objects.get(pk=house.webhook.pk)
    assert secrets_in(answer) == {held.secret} and held.secret != old and held.previous_secret == old
    again = manager.post(path, {"reason": "Quarterly", "version": 1})
    assert again.status_code == 409 and secrets_in(again) == set()
    assert WebhookEndpoint.objects.get(pk=held.pk).secret == held.secret, "loading the page again rotates nothing"


def test_pause_resume_and_retire_leave_their_reasons_in_the_history(house, manager):
    base = f"/webhooks/{house.webhook.public_id}"
    for version, what in enumerate(("pause", "resume", "retire"), 1):
        assert manager.post(f"{base}/{what}/", {"reason": f"To {what}", "version": version}).status_code == 302
    assert manager.get(f"{base}/").status_code == 404
    reasons = [row.reason for row in WebhookEndpoint.history.filter(id=house.webhook.pk).order_by("version")]
    assert reasons[1:] == ["To pause", "To resume", "To retire"]
    log = manager.get(f"/webhook-deliveries/{house.delivery.public_id}/")
    assert log.status_code == 200 and "replay/" not in log.content.decode(), "the log stays, the endpoint is gone"


def test_a_delivery_tells_every_attempt_and_is_replayed(house, manager, now):
    (job,) = sender.claim(now=now, limit=1)
    sender.finish(job, sender.Result(Answer(400), 52, "no such <b>room</b>"), now=now)
    path = f"/webhook-deliveries/{house.delivery.public_id}/"
    page = manager.get(path).content.decode()
    assert "no such &lt;b&gt;room&lt;/b&gt;" in page and "400" in page and "52 ms" in page
    WebhookDelivery.objects.update(state="failed", reason="refused", ended_at=now)
    assert "The receiver refused it again and again." in manager.get(path).content.decode()
    assert manager.post(f"{path}replay/").status_code == 302
    assert WebhookDelivery.objects.get(pk=house.delivery.pk).state == "planned"
    refused = manager.post(f"{path}replay/", follow=True)
    assert "on its way already" in refused.content.decode()


def test_the_log_is_filtered_by_what_is_known_and_shrugs_at_the_rest(house, manager):
    path = f"/webhooks/{house.webhook.public_id}/"
    assert "No delivery matches" in manager.get(path, {"state": "failed"}).content.decode()
    for odd in ({"state": "'; --"}, {"kind": "x" * 5000}, {"page": "-1"}, {"page": "\0"}):
        assert "webhook.test" in manager.get(path, odd).content.decode()


def test_a_test_of_a_paused_webhook_is_refused_in_words(house, manager, now):
    pause_endpoint(house.webhook, now=now, reason="Moving")
    answer = manager.post(f"/webhooks/{house.webhook.public_id}/test/", follow=True)
    assert "is paused. Resume it" in answer.content.decode()
