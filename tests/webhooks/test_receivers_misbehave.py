"""Receivers that are down, slow, rude, huge or elsewhere; senders that die; and what the log says of each."""

import time
from datetime import timedelta

import pytest
from django.db import connection

from incidents.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from incidents.webhooks import sender
from incidents.webhooks.services import NotReplayable, pause_endpoint, replay, replay_failed, resume_endpoint
from incidents.webhooks.ticks import KEEP_BODIES, expire, tidy
from ledger.models import Entry
from tests.fakes.sink import is_signed, says
from tests.incidents.threads import together

pytestmark = pytest.mark.django_db
ONE = ("incident.declared",)


def only():
    return WebhookDelivery.objects.select_related("event").get()


def outcomes():
    return list(WebhookAttempt.objects.order_by("pk").values_list("outcome", "http_status", "error"))


def test_a_receiver_that_is_down_gets_it_when_it_is_back_under_the_same_id(house, settings):
    endpoint = house.endpoint(events=ONE)
    house.declares()
    house.sink.answers.extend([503, 500])
    house.sends()
    assert (only().state, only().reason, only().last_status) == ("planned", "retry", 503)
    assert only().due_at == house.now + timedelta(seconds=settings.WEBHOOK_DELAYS_S[0])
    assert house.sends() == 0, "it is not due yet"
    assert house.later(seconds=5).sends() == 1
    assert house.later(seconds=30).sends() == 1
    assert (only().state, only().attempts_made) == ("delivered", 3)
    assert len({hook.id for hook in house.sink.hooks}) == 1
    stamps = [int(hook.headers["webhook-timestamp"]) for hook in house.sink.hooks]
    assert stamps == sorted(set(stamps)), "each attempt is signed with its own time"
    assert all(is_signed(endpoint.secret, hook.headers, hook.body) for hook in house.sink.hooks)
    assert outcomes() == [("failed", 503, ""), ("failed", 500, ""), ("delivered", 204, "")]


def test_after_a_day_it_is_given_up_visibly_and_can_be_replayed(house, settings):
    house.endpoint(events=ONE)
    house.declares()
    house.sink.answers.extend([500] * 11)
    house.sends()
    for delay in settings.WEBHOOK_DELAYS_S:
        house.later(seconds=delay).sends()
    assert (only().state, only().reason, only().attempts_made) == ("failed", "retries_exhausted", 11)
    assert timedelta(hours=23) < only().ended_at - only().planned_at < timedelta(hours=25)
    assert Entry.objects.filter(kind="webhook.ended", line__contains='"state":"failed"').count() == 1
    replay(only(), now=house.now)
    house.sends()
    assert (only().state, only().replays, only().attempts_made) == ("delivered", 1, 12)
    assert len({(hook.id, hook.body) for hook in house.sink.hooks}) == 1, "replayed as it was"


def test_everything_that_failed_is_replayed_at_once(house):
    endpoint = house.endpoint(events=ONE)
    for n in range(3):
        house.declares(f"Fault {n}")
    house.plans()
    WebhookDelivery.objects.update(state="failed", reason="retries_exhausted", ended_at=house.now)
    assert replay_failed(endpoint, now=house.now) == 3
    assert house.sends() == 3 and len(house.sink.hooks) == 3


def test_what_is_on_its_way_or_has_no_body_any_more_is_not_replayed(house):
    house.endpoint(events=ONE)
    house.declares()
    house.plans()
    with pytest.raises(NotReplayable, match="on its way"):
        replay(only(), now=house.now)
    house.sends()
    WebhookEvent.objects.update(payload="")
    with pytest.raises(NotReplayable, match="30 days"):
        replay(only(), now=house.now)


def test_410_pauses_the_endpoint_with_the_reason_on_record(house):
    endpoint = house.endpoint()
    house.declares()
    house.sink.answers.append(410)
    house.sends()
    endpoint.refresh_from_db()
    assert (endpoint.paused_at, endpoint.pause_cause) == (house.now, "gone")
    assert endpoint.history.first().reason == "The receiver answered 410 Gone."
    states = dict(WebhookDelivery.objects.values_list("event__kind", "state"))
    assert states == {"incident.declared": "failed", "incident.paging": "planned"}, "the second waits"
    assert len(house.sink.hooks) == 1


def test_what_was_held_is_sent_after_the_pause_in_order(house):
    endpoint = house.endpoint(events=ONE)
    pause_endpoint(endpoint, now=house.now, reason="Receiver is moving")
    for n in range(3):
        house.later(minutes=1).declares(f"Fault {n}")
        house.plans()
    assert house.sends() == 0
    resume_endpoint(endpoint, now=house.now, reason="Moved")
    assert house.sends() == 3
    assert [hook.json["incident"]["title"] for hook in house.sink.hooks] == ["Fault 0", "Fault 1", "Fault 2"]


def test_what_waited_a_day_for_a_paused_endpoint_ends_as_failed_and_is_replayable(house):
    endpoint = house.endpoint(events=ONE)
    house.declares()
    house.plans()
    pause_endpoint(endpoint, now=house.now, reason="Gone for the week")
    house.later(hours=26)
    assert expire(now=house.now) == 1 and expire(now=house.now) == 0
    assert (only().state, only().reason) == ("failed", "expired")
    resume_endpoint(endpoint, now=house.now, reason="Back")
    replay(only(), now=house.now)
    assert house.sends() == 1 and only().state == "delivered"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(house, status):
    house.endpoint(events=ONE)
    house.declares()
    house.sink.answers.append(says(status, Location=house.sink.url + "/elsewhere"))
    house.sends()
    assert [hook.path for hook in house.sink.hooks] == ["/hooks/9f2b"]
    assert (only().state, only().last_status) == ("planned", status)


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/latest/", "http://[::ffff:169.254.169.254]/", "http://10.0.0.9/", "http://[fd00::1]/"],
)
def test_an_address_that_must_not_be_called_is_refused_and_the_log_says_why(house, url):
    house.endpoint(url=url, events=ONE)
    house.declares()
    house.sends()
    assert outcomes() == [("failed", 0, "refused")]
    assert "never calls" in only().last_answer or "no allowed network" in only().last_answer
    for _ in range(3):
        house.later(hours=1).sends()
    assert (only().state, only().reason, only().attempts_made) == ("failed", "refused", 4)


def test_a_name_that_leads_to_a_metadata_service_is_refused_too(house):
    house.endpoint(url="http://metadata.google.internal/x", events=ONE)
    house.declares()
    house.sends()
    assert outcomes() == [("failed", 0, "refused")]


def test_an_endless_answer_is_cut_off(house, settings):
    settings.WEBHOOK_TIMEOUT_S = 5

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(400):
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            handler.close_connection = True

    house.endpoint(events=ONE)
    house.declares()
    house.sink.answers.append(endless)
    began = time.monotonic()
    house.sends()
    assert time.monotonic() - began < 4
    assert outcomes() == [("failed", 0, "too_large")]


def test_of_an_answer_only_a_short_line_without_addresses_and_keys_is_kept(house):
    house.endpoint(events=ONE)
    house.declares()
    key = "sk_live_51HqLyjWDarjtT1zdp7dcXYZ"
    said = f"no route\r\n\x1b[31m for alice@larkspur.example or +44 7700 900101, key {key} " + "word " * 500
    house.sink.answers.append(says(400, said.encode()))
    house.sends()
    kept = only().last_answer
    assert kept.startswith("no route") and "for … or …, key …" in kept and len(kept) <= 200
    assert "alice" not in kept and "7700" not in kept and key not in kept and kept.isprintable()


def test_a_receiver_may_ask_for_patience(house):
    house.endpoint(events=ONE)
    house.declares()
    house.sink.answers.append(says(429, Retry_After="90"))
    house.sends()
    assert only().due_at == house.now + timedelta(seconds=90)


def test_a_sender_that_dies_between_call_and_record_sends_again_under_the_same_id(house, settings, monkeypatch):
    house.endpoint(events=ONE)
    house.declares()
    house.plans()
    with monkeypatch.context() as dying:
        dying.setattr(sender, "finish", lambda *args, **more: (_ for _ in ()).throw(RuntimeError("killed")))
        sender.send_due(now=house.now, slots=1)
    assert only().state == "sending" and len(house.sink.hooks) == 1
    assert house.sends() == 0, "the lease holds it"
    house.later(seconds=settings.WEBHOOK_TIMEOUT_S + sender.LEASE_SLACK_S + 1).sends()
    assert only().state == "delivered"
    assert len(house.sink.hooks) == 2 and len({hook.id for hook in house.sink.hooks}) == 1
    assert outcomes() == [("unknown", None, ""), ("delivered", 204, "")]


def test_a_sender_that_dies_before_the_call_loses_nothing(house, settings):
    house.endpoint(events=ONE)
    house.declares()
    house.plans()
    (job,) = sender.claim(now=house.now, limit=5)
    assert sender.claim(now=house.now, limit=5) == []
    house.later(seconds=settings.WEBHOOK_TIMEOUT_S + sender.LEASE_SLACK_S + 1).sends()
    assert len(house.sink.hooks) == 1 and only().state == "delivered"
    late = sender.Result(sender.Answer(500), 3)
    assert sender.finish(job, late, now=house.now) is False, "a result that comes too late changes nothing"
    assert only().state == "delivered"


def test_bodies_and_answers_go_after_30_days_and_the_log_stays(house):
    house.endpoint(events=ONE)
    house.declares()
    house.sink.answers.append(says(200, b"thanks"))
    house.sends()
    assert only().last_answer == "thanks"
    assert tidy(now=house.now + KEEP_BODIES - timedelta(seconds=1)) == 0
    assert tidy(now=house.now + KEEP_BODIES + timedelta(seconds=1)) == 1
    assert (only().last_answer, only().event.payload, only().state) == ("", "", "delivered")
    assert outcomes() == [("delivered", 200, "")]


@pytest.mark.django_db(transaction=True)
def test_a_slow_receiver_holds_no_other_up(house, settings):
    settings.WEBHOOK_TIMEOUT_S = 1.5
    house.endpoint("Slow", events=ONE)
    quick = house.endpoint("Quick", events=ONE, url=house.sink.url + "/quick")
    house.declares("First")
    house.declares("Second")
    house.plans()
    came = {}

    def hang(handler):
        time.sleep(2)

    def by_path(handler):
        came.setdefault(handler.path[-5:], []).append(time.monotonic())
        (says(204) if handler.path.endswith("quick") else hang)(handler)

    house.sink.answers.extend([by_path] * 4)
    began = time.monotonic()
    assert sender.send_due(now=house.now, slots=4) == 4
    assert len(came["quick"]) == 2 and max(came["quick"]) - began < 1.2
    delivered = WebhookDelivery.objects.filter(endpoint=quick, state="delivered").count()
    slow = WebhookDelivery.objects.exclude(endpoint=quick).order_by("pk").values_list("state", flat=True)
    assert (delivered, list(slow)) == (2, ["planned", "planned"])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_senders_and_two_planners_at_once_send_each_event_once(house):
    for n in range(4):
        house.endpoint(f"Room {n}", events=ONE)
    for round_ in range(5):
        house.later(minutes=1).declares(f"Fault {round_}")
        house.declares(f"Other {round_}")

        def send():
            while jobs := sender.claim(now=house.now, limit=2):
                for job in jobs:
                    sender.finish(job, sender.call(job), now=house.now)

        house.plans()
        assert not together(house.plans, house.plans, send, send, send)
        house.plans()
        send()
    sent = [(hook.id, hook.headers["webhook-signature"]) for hook in house.sink.hooks]
    assert len(sent) == len(set(sent)) == 40
    assert WebhookDelivery.objects.filter(state="delivered", attempts_made=1).count() == 40
    for endpoint in WebhookEndpoint.objects.all():
        begun = WebhookAttempt.objects.filter(delivery__endpoint=endpoint).order_by("pk")
        told = list(begun.values_list("delivery__event__entry__seq", flat=True))
        assert told == sorted(told), "one at a time, in order"


def test_the_database_refuses_a_second_delivery_of_an_event(house):
    from django.db import IntegrityError, transaction

    house.endpoint(events=ONE)
    house.declares()
    house.plans()
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookDelivery.objects.create(
            endpoint=only().endpoint, event=only().event, planned_at=house.now, due_at=house.now, expires_at=house.now
        )
    assert connection.is_usable()
