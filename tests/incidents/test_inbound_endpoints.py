"""What strangers can reach: every bad post has its status and its sentence, and nothing is done or lost."""

import pytest
from django.db import OperationalError

from accounts.rate import MAX_KEYS, RateRule
from incidents.views import answers
from oncall.models import Callback, InboundSms
from tests.fakes.twilio import signature
from tests.world import FORM, PUBLIC_URL

SMS, STATUS = "/in/twilio/sms", "/in/twilio/status"
BOTH = pytest.mark.parametrize("path", [SMS, STATUS])


def form_for(world, path, **changed):
    text = world.twilio.take({"To": "+447700900101", "From": world.twilio.number, "Body": "x"})
    text.expected = True
    params = world.twilio.sms_params("+447700900101", "4") if path == SMS else world.twilio.status_params(text, "sent")
    return {**params, **changed}


def stored():
    return InboundSms.objects.count() + Callback.objects.count()


@BOTH
def test_a_signed_post_is_stored_and_taken_without_a_session_or_a_csrf_token(world, path):
    response = world.post(path, form_for(world, path))
    assert response.status_code in (200, 204)
    assert stored() == 1
    assert not response.cookies


@BOTH
@pytest.mark.parametrize("token", ["", "somebody else's token"])
def test_an_unsigned_or_foreign_post_is_refused_and_not_stored(world, path, token):
    response = world.post(path, form_for(world, path), token=token)
    assert response.status_code == 403
    assert response.content.decode().startswith("The signature is missing or not ours.")
    assert stored() == 0


@BOTH
def test_a_signature_does_not_fit_another_form(world, path):
    params = form_for(world, path)
    headers = {"X-Twilio-Signature": signature(world.twilio.auth_token, PUBLIC_URL + path, params)}
    response = world.browser().post(path, "&".join(f"{k}=other" for k in params), content_type=FORM, headers=headers)
    assert response.status_code == 403


@BOTH
def test_a_post_for_another_account_is_refused(world, path):
    assert world.post(path, form_for(world, path, AccountSid="AC" + "9" * 32)).status_code == 403


@BOTH
def test_without_a_token_configured_nothing_is_believed(world, path, settings):
    settings.TWILIO_AUTH_TOKEN = ""
    assert world.post(path, form_for(world, path)).status_code == 403


def test_the_previous_token_is_believed_while_it_is_rotated(world, settings):
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_PREVIOUS = "the new one", world.twilio.auth_token
    assert world.post(SMS, form_for(world, SMS)).status_code == 200


@BOTH
def test_ten_megabytes_are_refused_unread(world, path):
    response = world.browser().post(path, b"x" * 10_000_000, content_type=FORM)
    assert response.status_code == 413
    assert response.content == b"A body has at most 64 kB.\n"


def test_a_body_longer_than_it_says_is_refused_too(world):
    response = world.browser().generic("POST", SMS, b"x" * 70_000, content_type=FORM, CONTENT_LENGTH="")
    assert response.status_code in (403, 413)
    assert stored() == 0


@BOTH
@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=%ff%fe", b"a=%00", b"&".join([b"a=1"] * 300)])
def test_garbage_is_refused_in_words(world, path, body):
    response = world.browser().post(path, body, content_type=FORM)
    assert response.status_code == 400
    assert b"form" in response.content


@pytest.mark.parametrize(
    ("path", "missing"),
    [(SMS, "MessageSid"), (SMS, "From"), (SMS, "Body"), (STATUS, "MessageSid"), (STATUS, "MessageStatus")],
)
def test_a_signed_post_that_lacks_something_says_what(world, path, missing):
    params = form_for(world, path)
    for name in (missing, missing.replace("Message", "Sms")):
        params.pop(name, None)
    response = world.post(path, params)
    assert response.status_code == 400
    assert missing in response.content.decode()
    assert stored() == 0


@pytest.mark.parametrize("changed", [{"MessageSid": "S" * 65}, {"From": "+" + "4" * 40}])
def test_a_value_that_no_provider_sends_is_refused(world, changed):
    assert world.post(SMS, form_for(world, SMS, **changed)).status_code == 400


def test_a_long_text_is_cut_not_refused(world):
    assert world.post(SMS, form_for(world, SMS, Body="4 " + "x" * 20_000)).status_code == 200
    assert len(InboundSms.objects.get().body) == 1600


def test_a_replayed_callback_is_kept_and_changes_nothing_more(world):
    params = form_for(world, STATUS)
    assert [world.post(STATUS, params).status_code for _ in range(3)] == [204, 204, 204]


@BOTH
def test_get_is_not_offered(world, path):
    response = world.browser().get(path)
    assert (response.status_code, response["Allow"]) == (405, "POST")


@BOTH
def test_a_flood_of_unsigned_posts_is_told_to_wait(world, path):
    answered = [world.browser().post(path, b"a=1", content_type=FORM) for _ in range(31)]
    assert [response.status_code for response in answered] == [403] * 30 + [429]
    assert 0 < int(answered[-1]["Retry-After"]) <= 60
    assert world.post(path, form_for(world, path)).status_code in (200, 204), "what is signed still comes through"


def test_a_phone_that_texts_like_a_machine_is_told_to_wait(world):
    statuses = [world.inbound_sms("+447700900199", "4").status_code for _ in range(answers.texts.most + 1)]
    assert statuses == [200] * answers.texts.most + [429]
    assert world.inbound_sms("+447700900101", "4").status_code == 200, "another phone is another matter"


@BOTH
def test_without_the_database_nothing_is_promised(world, path, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("the database is gone")

    monkeypatch.setattr(answers, "receive", gone)
    monkeypatch.setattr(answers.callbacks, "store", gone)
    response = world.post(path, form_for(world, path))
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert b"Nothing was stored" in response.content


def test_a_rate_rule_counts_by_key_and_by_minute():
    rule = RateRule(most=2, per_s=60)
    assert [rule.wait_s("a", at) for at in (0, 1, 2, 59)] == [0, 0, 58, 1]
    assert rule.wait_s("b", 2) == 0
    assert rule.wait_s("a", 60) == 0


def test_a_rate_rule_forgets_the_oldest_keys_rather_than_grow():
    rule = RateRule(most=1)
    for n in range(MAX_KEYS + 1):
        rule.wait_s(str(n), 0)
    assert rule.wait_s("1", 0) > 0
    assert rule.wait_s("0", 0) == 0
