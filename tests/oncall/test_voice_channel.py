"""What exactly is asked of Twilio for a call, what is found out about it, and how it is taken back."""

from dataclasses import replace

import pytest

from oncall.notify.channels import canceller, channel, inquirer
from oncall.notify.channels.base import Question, SendError
from tests.builders import NIGHT
from tests.oncall.test_channel_contracts import ADDRESS, MESSAGE

ANA = ADDRESS["voice"]
CALL = replace(MESSAGE, status_url=f"{MESSAGE.talk_url}status", body="This is Watchbook. A & B is down.")

pytestmark = pytest.mark.django_db


def test_the_request_to_twilio_in_full(phones):
    answer = channel("voice").send(CALL, ANA)
    call = phones.expect_call(ANA)
    assert call.params == {
        "To": "+447700900001",
        "From": "+15005550006",
        "Url": "https://watchbook.example.com/in/twilio/voice/page-1-mac/",
        "Method": "POST",
        "StatusCallback": "https://watchbook.example.com/in/twilio/voice/page-1-mac/status",
        "StatusCallbackEvent": "initiated,ringing,answered,completed",
        "StatusCallbackMethod": "POST",
        "Timeout": "25",
        "TimeLimit": "300",
    }, "no detection of machines: it costs seconds of silence"
    assert (answer.provider, answer.sid, answer.status, answer.sender) == ("twilio", call.sid, "queued", "+15005550006")
    assert len(phones.requests) == 1


def test_calls_may_come_from_a_number_of_their_own(phones, settings):
    settings.TWILIO_FROM, settings.TWILIO_VOICE_FROM = "MG" + "1" * 32, "+15005550007"
    channel("voice").send(CALL, ANA)
    assert phones.expect_call(ANA).sender == "+15005550007"


def test_a_messaging_service_cannot_call_and_the_error_says_what_to_set(phones, settings):
    settings.TWILIO_FROM, settings.TWILIO_VOICE_FROM = "MG" + "1" * 32, ""
    with pytest.raises(SendError, match="TWILIO_VOICE_FROM") as caught:
        channel("voice").send(CALL, ANA)
    assert caught.value.permanent and not caught.value.failure.blames_contact


def test_where_twilio_cannot_reach_us_the_page_is_read_out(phones, settings, monkeypatch):
    monkeypatch.setattr("oncall.notify.channels.voice.can_reach", lambda url: False)
    channel("voice").send(CALL, ANA)
    call = phones.expect_call(ANA)
    assert "Url" not in call.params and "StatusCallback" not in call.params
    assert call.pick_up() == "This is Watchbook. A & B is down."
    assert call.status == "completed"


@pytest.mark.parametrize(
    "http, code, permanent, blames",
    [(503, 20503, False, False), (429, 20429, False, False), (400, 21214, True, True), (400, 21215, True, False)],
)
def test_what_twilio_refuses(phones, http, code, permanent, blames):
    phones.fail_next(http=http, code=code, path="call")
    with pytest.raises(SendError) as caught:
        channel("voice").send(CALL, ANA)
    error = caught.value
    assert (error.permanent, error.ambiguous, error.failure.blames_contact) == (permanent, False, blames)


@pytest.mark.parametrize("raw", ["<html>Welcome to the hotel</html>", "{}", ""])
def test_an_answer_that_makes_no_sense_is_ambiguous(phones, raw):
    phones.fail_next(http=200, raw=raw, path="call")
    with pytest.raises(SendError) as caught:
        channel("voice").send(CALL, ANA)
    assert caught.value.ambiguous


def test_a_call_is_found_by_its_number_and_its_time(phones):
    channel("voice").send(CALL, ANA)
    call = phones.expect_call(ANA)
    ask = inquirer("voice").ask
    lost = Question("", ANA, NIGHT, "")
    assert ask(lost).sid == call.sid
    assert ask(Question("", "+447700900009", NIGHT, "")) is None
    assert ask(Question("", ANA, NIGHT, "", frozenset({call.sid}))) is None
    assert ask(Question("", ANA, call.created.replace(year=2099), "")) is None
    call.status = "no-answer"
    assert ask(Question(call.sid, ANA, NIGHT, "")) == ask(lost)
    assert ask(lost).status == "no-answer"
    assert ask(Question("CA" + "0" * 32, ANA, NIGHT, "")) is None


def test_a_provider_that_cannot_be_asked_is_an_error_without_secrets(phones):
    phones.fail_next(http=503, path="ask", message=f"no {ANA} with twilio-auth-token")
    with pytest.raises(SendError) as caught:
        inquirer("voice").ask(Question("", ANA, NIGHT, ""))
    assert ANA not in str(caught.value) and "twilio-auth-token" not in str(caught.value)


def test_a_call_that_rings_is_taken_back_and_one_that_was_picked_up_goes_on(phones):
    channel("voice").send(CALL, ANA)
    call = phones.expect_call(ANA)
    call.status = "in-progress"
    assert canceller("voice").call_off(call.sid).status == "in-progress"
    call.status = "ringing"
    assert canceller("voice").call_off(call.sid).status == "canceled"
    assert canceller("voice").call_off(call.sid).status == "canceled", "twice is once"
    assert canceller("voice").call_off("CA" + "0" * 32).status == "canceled", "a call nobody knows rings nowhere"
    phones.fail_next(http=503, path="hang up")
    with pytest.raises(SendError):
        canceller("voice").call_off(call.sid)
