"""Callbacks: first, twice, in reverse, unsigned, from another account, unknown, years later."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.http import QueryDict

from oncall.escalation import services as escalation
from oncall.models import Callback, Page
from oncall.notify import callbacks, sender, twilio_signature
from oncall.ticks import plan
from tests.fakes.twilio import signature
from tests.oncall.world import STATUS

ANA, BEN = "+447700900001", "+447700900002"


@pytest.fixture
def one(world):
    world.ana = world.person("Ana Duarte", phone=ANA, mail=False)
    world.ben = world.person("Ben Okafor", phone=BEN, mail=False)
    world.run = world.start(world.policy(world.ana, world.ben, delay_s=300))
    world.text = world.twilio.expect(ANA)
    return world


def page():
    return Page.objects.get(contact__address_mask="+44 … 01")


def said():
    return list(Callback.objects.filter(source="callback").order_by("id").values_list("status", "outcome"))


def test_each_truth_keeps_its_own_time(one):
    for status in ("sent", "delivered", "read"):
        one.sleep(seconds=5)
        one.report(one.text, status)
        plan(one.now)
    found = page()
    assert found.state == "answered"
    assert found.accepted_at < found.sent_at < found.delivered_at < found.answered_at
    assert found.confirmed_at is None


def test_reversed_and_repeated_callbacks_change_nothing(one):
    for status in ("delivered", "sent", "queued", "delivered"):
        one.report(one.text, status)
    plan(one.now)
    found = page()
    assert (found.state, found.sent_at) == ("delivered", None)
    assert said() == [("delivered", "applied"), ("sent", "older"), ("queued", "older"), ("delivered", "older")]


def test_a_callback_that_comes_before_our_call_returned_waits_for_its_attempt(one):
    escalation.start(one.subject("INC-2026-0002"), one.policy(one.ben, name="Later"), now=one.now)
    plan(one.now)
    one.sleep(seconds=1)
    (page_id,) = sender.claim(now=one.now, limit=1)
    job = sender.begin(page_id, now=one.now)
    result = sender.call(job)
    text = one.twilio.expect(BEN)
    one.report(text, "delivered")
    plan(one.now)
    assert Callback.objects.get(sid=text.sid).applied_at is None
    sender.finish(job, result, now=one.now)
    plan(one.now)
    found = Page.objects.get(person=one.ben)
    assert (found.state, found.delivered_at is not None, found.accepted_at is not None) == ("delivered", True, True)


def test_undelivered_for_good_calls_the_next_person_now(one):
    one.report(one.text, "undelivered", "30005")
    one.settle()
    one.twilio.expect(BEN)
    found = page()
    assert (found.state, found.error_code, found.accepted_at is not None) == ("failed_permanent", "30005", True)
    assert found.contact.unhealthy_since is not None


def test_undelivered_for_now_is_tried_again(one):
    one.report(one.text, "undelivered", "30008")
    one.advance(seconds=16)
    one.twilio.expect(ANA)
    assert (page().state, page().attempts_made) == ("accepted", 2)


def test_an_unreachable_handset_calls_the_next_person_and_stays_a_good_contact(one):
    one.report(one.text, "undelivered", "30003")
    one.settle()
    one.twilio.expect(BEN)
    assert page().contact.unhealthy_since is None


def test_a_failure_reported_after_a_receipt_changes_nothing(one):
    one.report(one.text, "delivered")
    one.report(one.text, "failed", "30008")
    one.settle()
    assert page().state == "delivered"


def test_a_receipt_after_a_failure_lifts_the_page_and_stops_its_retry(one):
    one.report(one.text, "undelivered", "30008")
    plan(one.now)
    assert page().state == "planned"
    one.report(one.text, "delivered")
    plan(one.now)
    assert page().state == "delivered"
    one.advance(seconds=60)


def test_a_late_failure_of_an_older_attempt_does_not_touch_the_newer_one(one):
    one.report(one.text, "undelivered", "30008")
    one.advance(seconds=16)
    second = one.twilio.expect(ANA)
    one.report(second, "sent")
    one.report(one.text, "failed", "30005")
    one.settle()
    assert page().state == "sent"


def test_a_callback_about_nothing_of_ours_is_kept_and_left_unmatched(one):
    params = {**one.twilio.status_params(one.text, "delivered"), "MessageSid": "SM" + "f" * 32}
    assert callbacks.store(params, now=one.now)
    plan(one.now)
    assert Callback.objects.get(sid=params["MessageSid"]).applied_at is None
    one.sleep(minutes=11)
    plan(one.now)
    assert Callback.objects.get(sid=params["MessageSid"]).outcome == "unmatched"


def test_a_callback_years_later_is_kept_and_harmless(one):
    one.report(one.text, "delivered")
    one.stop("resolved")
    one.settle()
    one.now += timedelta(days=800)
    one.report(one.text, "failed", "30005")
    one.report(one.text, "read")
    plan(one.now)
    assert (page().state, page().contact.unhealthy_since) == ("answered", None)


def test_a_post_that_is_no_status_is_refused(one):
    assert not callbacks.store({"AccountSid": one.twilio.account}, now=one.now)
    assert not callbacks.store({"MessageSid": "SM1"}, now=one.now)


def test_neither_numbers_nor_texts_are_kept(one):
    one.report(one.text, "delivered")
    assert ANA not in str(Callback.objects.values())
    assert Callback.objects.get(source="callback").payload["MessageStatus"] == "delivered"


def test_a_stored_callback_is_never_changed(one):
    one.report(one.text, "delivered")
    with pytest.raises(DatabaseError), transaction.atomic():
        Callback.objects.filter(source="callback").update(status="failed")
    with pytest.raises(DatabaseError), transaction.atomic():
        Callback.objects.filter(source="callback").delete()


# signatures


def test_twilios_published_vector(settings):
    settings.PUBLIC_URL = "https://mycompany.com"
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_ACCOUNT_SID = "12345", "AC1"
    params = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, params) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    validator = twilio_signature.RequestValidator("12345")
    assert validator.validate(url, params, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


@pytest.fixture
def signed(settings):
    settings.PUBLIC_URL = "https://watchbook.example.com"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", "current"
    settings.TWILIO_AUTH_TOKEN_PREVIOUS = "previous"
    params = {"AccountSid": "AC1", "MessageSid": "SM1", "MessageStatus": "sent", "Body": "a b&c=ü"}

    def check(*, token="current", url="https://watchbook.example.com/in/twilio/status", path=STATUS, **changed):
        return twilio_signature.verify(path, {**params, **changed}, signature(token, url, params))

    return check


def test_the_current_and_the_previous_token_are_believed(signed):
    assert signed()
    assert signed(token="previous")
    assert not signed(token="somebody else's")


def test_the_address_is_tried_with_and_without_its_port(signed):
    assert signed(url="https://watchbook.example.com:443/in/twilio/status")


def test_a_changed_form_address_or_account_is_refused(signed):
    assert not signed(MessageStatus="delivered")
    assert not signed(path="/in/twilio/sms")
    assert not signed(url="http://watchbook.example.com/in/twilio/status")
    assert not signed(AccountSid="AC2")


def test_no_signature_and_no_token_are_refused(signed, settings):
    params = {"AccountSid": "AC1"}
    assert not twilio_signature.verify(STATUS, params, None)
    assert not twilio_signature.verify(STATUS, params, "")
    settings.TWILIO_AUTH_TOKEN = settings.TWILIO_AUTH_TOKEN_PREVIOUS = ""
    url = "https://watchbook.example.com" + STATUS
    assert not twilio_signature.verify(STATUS, params, signature("", url, params))


def test_a_django_form_and_a_query_string_are_understood(settings):
    settings.PUBLIC_URL, settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "https://w.example", "AC1", "t"
    form = QueryDict("AccountSid=AC1&Body=hello+there")
    good = signature("t", "https://w.example/in/twilio/sms?x=1", {"AccountSid": "AC1", "Body": "hello there"})
    assert twilio_signature.verify("/in/twilio/sms?x=1", form, good)
