"""What exactly is posted to a person's own webhook, and what each answer means."""

import json
import time
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest

from accounts.egress.signature import new_secret
from oncall.notify.channels import channel
from oncall.notify.channels.base import SendError
from tests.builders import NIGHT
from tests.fakes.sink import is_signed, says
from tests.oncall.test_channel_contracts import MESSAGE

pytestmark = pytest.mark.django_db


def send(sink, message=MESSAGE):
    return channel("webhook").send(message, sink.url)


def refused(sink, answer, message=MESSAGE):
    sink.answers.append(answer)
    with pytest.raises(SendError) as caught:
        send(sink, message)
    return caught.value


def test_the_request_in_full(sink):
    answer = send(sink)
    hook = sink.hooks[0]
    assert hook.path == "/hooks/9f2b"
    assert hook.headers["content-type"] == "application/json"
    assert (hook.id, hook.headers["webhook-timestamp"]) == ("ntf_x", str(int(NIGHT.timestamp())))
    assert hook.json == {
        "id": "ntf_x",
        "kind": "page.step",
        "api_version": "v1",
        "attempt": 1,
        "sent_at": "2026-03-17T03:00:00.000Z",
        "text": MESSAGE.body,
        "incident": {
            "number": "INC-2026-0042",
            "title": "Checkout API is down",
            "severity": 1,
            "urgency": "high",
            "service": "Checkout",
            "url": "https://watchbook.example.com/incidents/INC-2026-0042/",
        },
        "because": "",
        "note": "",
        "answer_url": "https://watchbook.example.com/a/x/",
        "code": None,
    }
    assert (answer.provider, answer.sid, answer.status, answer.http_status) == ("webhook", "ntf_x.1", "accepted", 204)


def test_both_secrets_sign_while_the_old_one_holds(sink):
    new, old = new_secret(), new_secret()
    send(sink, replace(MESSAGE, secrets=(new, old)))
    hook = sink.hooks[0]
    assert is_signed(new, hook.headers, hook.body) and is_signed(old, hook.headers, hook.body)
    assert not is_signed(new_secret(), hook.headers, hook.body)


def test_a_page_is_never_sent_unsigned(sink):
    with pytest.raises(SendError, match="unsigned") as caught:
        send(sink, replace(MESSAGE, secrets=()))
    assert caught.value.permanent and not sink.hooks


def test_a_title_that_no_encoding_can_write_is_sent_all_the_same(sink):
    send(sink, replace(MESSAGE, facts=replace(MESSAGE.facts, title="half a pair \ud83d and <b>")))
    assert json.loads(sink.hooks[0].body)["incident"]["title"] == "half a pair \ud83d and <b>"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_2xx_takes_the_page_whatever_it_says(sink, status):
    sink.answers.append(says(status, b'{"acknowledged": true}' if status != 204 else b""))
    assert send(sink).status == "accepted", "an answer is never a confirmation"


@pytest.mark.parametrize(
    "status, permanent, blames",
    [
        (410, True, True),
        (400, True, False),
        (404, True, False),
        (302, True, False),
        (401, False, False),
        (403, False, False),
        (408, False, False),
        (425, False, False),
        (429, False, False),
        (500, False, False),
        (503, False, False),
    ],
)
def test_what_each_refusal_means(sink, status, permanent, blames):
    error = refused(sink, status)
    assert (error.permanent, error.ambiguous, error.failure.blames_contact) == (permanent, False, blames)
    assert (error.http_status, error.failure.code, str(error)) == (
        status,
        str(status),
        f"The receiver answered {status}.",
    )
    assert len(sink.hooks) == 1, "no library retries, and no redirect is followed"


@pytest.mark.parametrize(
    "header, wait",
    [
        ("30", 30),
        ("0", 0),
        (format_datetime(NIGHT + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NIGHT - timedelta(seconds=90), usegmt=True), 0),
        ("Tue, 17 Mar 2026 03:01:30", 0),
        ("soon", 0),
        ("-5", 0),
        ("9" * 40, 999_999_999),
    ],
)
def test_what_a_receiver_asks_us_to_wait(sink, header, wait):
    assert refused(sink, says(429, b"", retry_after=header)).failure.wait_s == wait


def test_an_answer_that_breaks_off_is_ambiguous(sink):
    def breaks(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "500")
        handler.end_headers()
        handler.wfile.write(b"half")

    error = refused(sink, breaks)
    assert (error.permanent, error.ambiguous) == (False, True)


def test_a_slow_receiver_is_ambiguous_and_is_left_in_time(sink, monkeypatch):
    monkeypatch.setattr("oncall.notify.channels.http.TOTAL_S", 0.3)
    began = time.monotonic()
    error = refused(sink, lambda handler: time.sleep(1.0))
    assert error.ambiguous and error.failure.code == "timeout"
    assert time.monotonic() - began < 0.9


def test_a_flood_for_an_answer_is_cut_off(sink):
    assert refused(sink, says(200, b"x" * 1_200_000)).failure.code == "too_large"


@pytest.mark.parametrize("address", ["http://169.254.169.254/latest/", "http://10.0.0.7/hook", "http://metadata/x"])
def test_an_address_that_we_do_not_call_is_refused_without_three_more_tries(address):
    with pytest.raises(SendError) as caught:
        channel("webhook").send(MESSAGE, address)
    error = caught.value
    assert (error.permanent, error.failure.blames_contact, error.failure.code) == (True, False, "refused")
