"""What exactly PagerDuty is told, and what each of its answers means."""

import time
from dataclasses import replace

import pytest

from oncall.notify.channels import channel
from oncall.notify.channels.base import SendError
from tests.fakes.pagerduty import KEY
from tests.fakes.server import breaks_off, hangs, in_json
from tests.oncall.test_channel_contracts import MESSAGE

pytestmark = pytest.mark.django_db
URL = MESSAGE.facts.url


def send(message=MESSAGE):
    return channel("pagerduty").send(message, KEY)


def about(origin, **facts):
    return replace(MESSAGE, facts=replace(MESSAGE.facts, origin=origin, **facts))


def refused(pagerduty, answer):
    pagerduty.answers.append(answer)
    with pytest.raises(SendError) as caught:
        send()
    return caught.value


def test_the_event_in_full(pagerduty):
    answer = send(replace(MESSAGE, body="SEV1 Checkout API is down."))
    assert pagerduty.requests[0].path == "/v2/enqueue"
    assert pagerduty.requests[0].json == {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": URL,
        "payload": {
            "summary": "SEV1 Checkout API is down.",
            "source": "Checkout",
            "severity": "critical",
            "timestamp": "2026-03-17T03:00:00.000Z",
            "component": "Checkout",
            "custom_details": {"incident": "INC-2026-0042", "urgency": "high"},
        },
        "client": "Watchbook",
        "client_url": URL,
        "links": [{"href": URL, "text": "INC-2026-0042 in Watchbook"}],
    }
    assert (answer.provider, answer.sid, answer.http_status) == ("pagerduty", "ntf_x.1", 202)
    assert MESSAGE.facts.link not in pagerduty.requests[0].body.decode(), "the signed link is the person's alone"


@pytest.mark.parametrize("severity, theirs", [(1, "critical"), (2, "error"), (3, "warning"), (4, "info")])
def test_each_severity_has_one_of_theirs(pagerduty, severity, theirs):
    send(about("step", severity=severity))
    assert pagerduty.incidents[0].payload["severity"] == theirs


@pytest.mark.parametrize(
    "origin, became, state",
    [
        ("update", "acknowledged", "acknowledged"),
        ("update", "manual", "acknowledged"),
        ("update", "resolved", "resolved"),
        ("update", "merged", "resolved"),
        ("stand_down", "", "resolved"),
    ],
)
def test_an_answer_here_moves_the_incident_there(pagerduty, origin, became, state):
    send()
    send(about(origin, became=became))
    assert [one.state for one in pagerduty.incidents] == [state]
    assert set(pagerduty.requests[-1].json) == {"routing_key", "event_action", "dedup_key"}


def test_the_same_incident_again_is_the_same_incident_there_until_it_is_over(pagerduty):
    send(), send(about("responder"))
    assert [(one.state, one.triggers) for one in pagerduty.incidents] == [("triggered", 2)]
    send(about("update", became="resolved")), send()
    assert [one.state for one in pagerduty.incidents] == ["resolved", "triggered"]


def test_a_code_and_a_test_are_events_of_their_own(pagerduty):
    nothing = {"severity": 0, "title": "", "subject_id": "", "url": "", "link": "", "service": ""}
    send(replace(about("verification", **nothing, digits="123456"), body="Watchbook code 123456.", page="ntf_a"))
    send(replace(about("test", **nothing), body="Watchbook test.", page="ntf_b"))
    assert [(one.dedup_key, one.payload["severity"], one.payload["source"]) for one in pagerduty.incidents] == [
        ("ntf_a", "info", "Watchbook"),
        ("ntf_b", "info", "Watchbook"),
    ]


def test_a_long_title_is_cut_to_what_they_take(pagerduty):
    send(replace(MESSAGE, body="x" * 2000))
    assert len(pagerduty.incidents[0].payload["summary"]) == 1024


def test_a_key_of_no_integration_blames_the_contact_and_is_not_shown(pagerduty):
    pagerduty.key = "another"
    with pytest.raises(SendError) as caught:
        send()
    error = caught.value
    assert (error.permanent, error.failure.blames_contact, error.http_status) == (True, True, 400)
    assert str(error) == "PagerDuty answered 400: Event object is invalid; Invalid routing key […]."


@pytest.mark.parametrize(
    "status, permanent, code",
    [(400, True, "400"), (404, True, "404"), (413, True, "413"), (429, False, "429"), (500, False, "500"), (503, False, "503")],
)  # fmt: skip
def test_what_each_refusal_means(pagerduty, status, permanent, code):
    error = refused(
        pagerduty, in_json(status, {"status": "invalid event", "message": "Nope", "errors": ["'x' is missing"]})
    )
    assert (error.permanent, error.ambiguous, error.failure.blames_contact) == (permanent, False, False)
    assert (error.failure.code, str(error)) == (code, f"PagerDuty answered {status}: Nope; 'x' is missing.")
    assert len(pagerduty.requests) == 1, "their own client would try a 429 without end; ours asks once"


def test_a_rate_limit_that_names_its_time_is_heeded(pagerduty):
    assert refused(pagerduty, in_json(429, {}, retry_after="45")).failure.wait_s == 45


@pytest.mark.parametrize(
    "answer",
    [
        (202, b"", {}),
        (202, b"<html>Welcome to the hotel</html>", {}),
        in_json(202, {"status": "pending"}),
        in_json(202, ["success"]),
        in_json(200, {"status": "success"}),
        breaks_off,
    ],
)
def test_an_answer_that_makes_no_sense_is_ambiguous(pagerduty, answer):
    error = refused(pagerduty, answer)
    assert (error.permanent, error.ambiguous) == (False, True)


@pytest.mark.parametrize("errors", [None, "text", {"a": 1}, [1, None]])
def test_errors_in_any_shape_are_read(pagerduty, errors):
    assert refused(pagerduty, in_json(400, {"message": "No", "errors": errors})).permanent


def test_a_slow_answer_is_ambiguous_and_ends_in_time(pagerduty, monkeypatch):
    monkeypatch.setattr("oncall.notify.channels.http.TOTAL_S", 0.3)
    began = time.monotonic()
    assert refused(pagerduty, hangs(1.0)).ambiguous
    assert time.monotonic() - began < 0.9
