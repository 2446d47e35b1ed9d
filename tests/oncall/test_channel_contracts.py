"""What every channel must do: refuse in the same words, never show a secret, and send exactly this."""

import smtplib
import time
from dataclasses import replace

import pytest

from accounts.egress.signature import new_secret
from oncall.notify.channels import CHANNELS, INQUIRERS, channel, inquirer
from oncall.notify.channels.base import Message, Question, SendError, redact
from oncall.notify.channels.twilio_client import can_reach
from oncall.notify.text import Facts
from tests.builders import NIGHT
from tests.fakes.pagerduty import KEY as PAGERDUTY_KEY
from tests.fakes.server import in_json
from tests.fakes.sink import says

MESSAGE = Message(
    subject="SEV1 Checkout API is down [INC-2026-0042]",
    body="SEV1 Checkout API is down. Reply 4=ack 6=resolve [12]",
    message_id="<ntf_x.1@larkspur.example>",
    thread_id="<incident.INC-2026-0042@larkspur.example>",
    ttl_s=45,
    status_url="https://watchbook.example.com/in/twilio/status",
    talk_url="https://watchbook.example.com/in/twilio/voice/page-1-mac/",
    page="ntf_x",
    facts=Facts(
        "step",
        severity=1,
        urgency="high",
        title="Checkout API is down",
        subject_id="INC-2026-0042",
        url="https://watchbook.example.com/incidents/INC-2026-0042/",
        link="https://watchbook.example.com/a/x/",
        service="Checkout",
    ),
    sent_at=NIGHT,
    secrets=(new_secret(),),
)
ADDRESS = {
    "email": "ana@larkspur.example",
    "sms": "+447700900001",
    "voice": "+447700900001",
    "webhook": "https://tools.larkspur.example/pages?key=9f2b",
    "pagerduty": PAGERDUTY_KEY,
    "slack": "U0000ANA7",
}
BAD = {
    "email": ["", "ana", "ana@", "a b@c.example", "ana@x.example\nBcc: b@x.example"],
    "sms": ["", "112", "+0123456789", "447700900001", "+44 7700"],
    "voice": ["", "112", "+0123456789", "447700900001", "+44 7700"],
    "webhook": [
        "",
        "ana",
        "ftp://x.example/",
        "https://ana:pw@x.example/",
        "https://x.example/#there",
        "https://2130706433/",
    ],
    "slack": ["", "ana", "@ana", "u0000ana7", "U12", "D0000ANA7", "#ops"],
    "pagerduty": ["", "R0A1", f"{PAGERDUTY_KEY}0", f"{PAGERDUTY_KEY[:-1]}-"],
}
SECRET = "s3cret-password-of-the-operator"


@pytest.fixture
def outside(phones, mail, sink, pagerduty, workspace, settings):
    settings.EMAIL_HOST_PASSWORD = ""
    return {"sms": phones, "voice": phones, "email": mail, "webhook": sink, "pagerduty": pagerduty, "slack": workspace}


@pytest.fixture
def reached(outside):
    """Addresses that lead to the fakes, by kind."""
    return {**ADDRESS, "webhook": outside["webhook"].url}


def silence(settings):
    """Nobody listens any more where the fakes were; return where a webhook goes then."""
    settings.EMAIL_PORT = 1
    settings.TWILIO_BASE_URL = settings.PAGERDUTY_BASE_URL = settings.SLACK_BASE_URL = "http://127.0.0.1:1"
    return {**ADDRESS, "webhook": "http://127.0.0.1:1/hooks/9f2b"}


def refuse_for_good(kind, outside):
    """The next message of a kind is refused, in words that repeat the address and a secret."""
    if kind in ("sms", "voice"):
        path = "call" if kind == "voice" else "send"
        outside[kind].fail_next(http=400, code=21211, message=f"{SECRET} is no number: {ADDRESS[kind]}", path=path)
    elif kind == "email":
        outside[kind].rcpt_replies.append(f"550 no such user {ADDRESS[kind]}, not even with {SECRET}")
    elif kind == "slack":
        outside[kind].archived.add(ADDRESS[kind])
    elif kind == "pagerduty":
        errors = [f"Invalid routing key {ADDRESS[kind]}"]
        outside[kind].answers.append(in_json(400, {"status": "invalid event", "message": "", "errors": errors}))
    else:
        outside[kind].answers.append(says(410, f"{SECRET} is gone from {outside[kind].url}".encode()))


# the same for all


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_a_channel_has_three_members_and_its_own_name(kind):
    made = channel(kind)
    assert made.kind == kind
    assert {name for name in dir(made) if not name.startswith("_")} == {"kind", "validate", "send"}
    assert kind not in INQUIRERS or inquirer(kind).kind == kind


@pytest.mark.parametrize("kind, address", [(kind, address) for kind in sorted(BAD) for address in BAD[kind]])
def test_an_address_that_could_never_work_is_refused(kind, address):
    channel(kind).validate(ADDRESS[kind])
    with pytest.raises(ValueError, match=r"\.$"):
        channel(kind).validate(address)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_a_host_that_does_not_answer_is_a_temporary_failure_that_certainly_sent_nothing(kind, outside, settings):
    address = silence(settings)[kind]
    with pytest.raises(SendError) as caught:
        channel(kind).send(MESSAGE, address)
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
    assert address not in str(caught.value)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_no_error_shows_a_secret_or_an_address(kind, outside, reached, settings):
    settings.TWILIO_AUTH_TOKEN = SECRET
    settings.EMAIL_HOST_PASSWORD = SECRET
    outside["sms"].auth_token = SECRET
    refuse_for_good(kind, outside)
    try:
        with pytest.raises(SendError) as caught:
            channel(kind).send(replace(MESSAGE, secrets=("whsec_" + "A" * 43 + "=",)), reached[kind])
    finally:
        outside["sms"].auth_token = "twilio-auth-token"
    assert SECRET not in str(caught.value)
    assert reached[kind] not in str(caught.value) and "whsec_" not in str(caught.value)
    assert caught.value.permanent
    assert caught.value.failure.blames_contact


def test_redacting_leaves_one_line_without_what_is_hidden():
    assert redact("token abc\nfor +44123", "abc", "+44123", "") == "token […] for […]"


# SMS


@pytest.mark.django_db
def test_the_request_to_twilio_in_full(outside):
    answer = channel("sms").send(MESSAGE, ADDRESS["sms"])
    text = outside["sms"].expect(ADDRESS["sms"])
    assert text.params == {
        "To": "+447700900001",
        "From": "+15005550006",
        "Body": "SEV1 Checkout API is down. Reply 4=ack 6=resolve [12]",
        "StatusCallback": "https://watchbook.example.com/in/twilio/status",
        "ValidityPeriod": "45",
    }
    assert (answer.provider, answer.sid, answer.status, answer.sender) == ("twilio", text.sid, "queued", "+15005550006")
    assert len(outside["sms"].requests) == 1


@pytest.mark.django_db
def test_a_messaging_service_may_send(outside, settings):
    settings.TWILIO_FROM = "MG" + "1" * 32
    channel("sms").send(MESSAGE, ADDRESS["sms"])
    params = outside["sms"].expect(ADDRESS["sms"]).params
    assert params["MessagingServiceSid"] == settings.TWILIO_FROM and "From" not in params


@pytest.mark.django_db
@pytest.mark.parametrize(
    "http, code, permanent, blames",
    [(503, 20503, False, False), (429, 20429, False, False), (401, 20003, False, False), (400, 21610, True, True), (400, 21606, True, False)],
)  # fmt: skip
def test_what_twilio_refuses(outside, http, code, permanent, blames):
    outside["sms"].fail_next(http=http, code=code)
    with pytest.raises(SendError) as caught:
        channel("sms").send(MESSAGE, ADDRESS["sms"])
    error = caught.value
    assert (error.permanent, error.ambiguous, error.failure.blames_contact) == (permanent, False, blames)
    assert (error.http_status, error.failure.code) == (http, str(code))
    assert len(outside["sms"].requests) == 1, "the library must not retry on its own"


@pytest.mark.django_db
def test_an_error_that_is_no_json_is_judged_by_its_status(outside):
    outside["sms"].fail_next(http=502, raw="<html>Bad gateway</html>")
    with pytest.raises(SendError) as caught:
        channel("sms").send(MESSAGE, ADDRESS["sms"])
    assert (caught.value.permanent, caught.value.ambiguous, caught.value.http_status) == (False, False, 502)


@pytest.mark.django_db
@pytest.mark.parametrize("raw", ["<html>Welcome to the hotel</html>", "{}", ""])
def test_an_answer_that_makes_no_sense_is_ambiguous(outside, raw):
    outside["sms"].fail_next(http=200, raw=raw)
    with pytest.raises(SendError) as caught:
        channel("sms").send(MESSAGE, ADDRESS["sms"])
    assert caught.value.ambiguous


@pytest.mark.django_db
def test_a_time_out_is_ambiguous_and_ends_in_time(outside, monkeypatch):
    monkeypatch.setattr("oncall.notify.channels.twilio_client.TOTAL_S", 0.3)
    outside["sms"].fail_next(hang_s=1.0)
    began = time.monotonic()
    with pytest.raises(SendError) as caught:
        channel("sms").send(MESSAGE, ADDRESS["sms"])
    assert caught.value.ambiguous
    assert time.monotonic() - began < 0.9


@pytest.mark.django_db
def test_the_guard_stands_in_front_of_twilio_too(outside, settings):
    settings.TWILIO_BASE_URL = "http://169.254.169.254"
    with pytest.raises(SendError, match="metadata") as caught:
        channel("sms").send(MESSAGE, ADDRESS["sms"])
    assert not caught.value.ambiguous


@pytest.mark.django_db
def test_texts_are_found_by_what_only_they_say(outside):
    channel("sms").send(MESSAGE, ADDRESS["sms"])
    text = outside["sms"].expect(ADDRESS["sms"])
    ask = inquirer("sms").ask
    lost = Question("", ADDRESS["sms"], NIGHT, "[12]")
    assert ask(lost).sid == text.sid
    assert ask(Question("", ADDRESS["sms"], NIGHT, "[13]")) is None
    assert ask(Question("", "+447700900009", NIGHT, "[12]")) is None
    assert ask(Question("", ADDRESS["sms"], NIGHT, "[12]", frozenset({text.sid}))) is None
    assert ask(Question("", ADDRESS["sms"], text.created.replace(year=2099), "[12]")) is None
    text.status, text.error_code = "undelivered", "30005"
    assert ask(Question(text.sid, ADDRESS["sms"], NIGHT, "")) == ask(lost)
    assert (ask(lost).status, ask(lost).error_code) == ("undelivered", "30005")
    assert ask(Question("SM" + "0" * 32, ADDRESS["sms"], NIGHT, "")) is None


# e-mail


def test_the_letter_in_full(outside):
    answer = channel("email").send(MESSAGE, ADDRESS["email"])
    letter = outside["email"].expect(ADDRESS["email"])
    assert (letter.subject, letter.body.strip()) == (MESSAGE.subject, MESSAGE.body)
    assert (letter.sender, letter.to) == ("watchbook@larkspur.example", ("ana@larkspur.example",))
    headers = {
        name: letter.message[name]
        for name in ("Message-ID", "In-Reply-To", "References", "Auto-Submitted", "From", "To")
    }
    assert headers == {
        "Message-ID": "<ntf_x.1@larkspur.example>",
        "In-Reply-To": "<incident.INC-2026-0042@larkspur.example>",
        "References": "<incident.INC-2026-0042@larkspur.example>",
        "Auto-Submitted": "auto-generated",
        "From": "watchbook@larkspur.example",
        "To": "ana@larkspur.example",
    }
    assert letter.message.get_content_type() == "text/plain"
    assert (answer.provider, answer.sid, answer.status) == ("smtp", MESSAGE.message_id, "accepted")


@pytest.mark.parametrize(
    "where, reply, permanent, blames",
    [
        ("rcpt", "550 no such user", True, True),
        ("rcpt", "450 greylisted", False, False),
        ("data", "552 too large", True, False),
        ("data", "451 try again", False, False),
    ],
)
def test_what_a_mail_server_refuses(outside, where, reply, permanent, blames):
    getattr(outside["email"], f"{where}_replies").append(reply)
    with pytest.raises(SendError) as caught:
        channel("email").send(MESSAGE, ADDRESS["email"])
    error = caught.value
    assert (error.permanent, error.ambiguous, error.failure.blames_contact) == (permanent, False, blames)
    assert error.failure.code == reply[:3]


def test_a_mail_server_that_takes_its_time_is_cut_off_and_ambiguous(outside, monkeypatch):
    monkeypatch.setattr("oncall.notify.channels.email.TOTAL_S", 0.4)
    outside["email"].slow_s = 1.0
    began = time.monotonic()
    with pytest.raises(SendError) as caught:
        channel("email").send(MESSAGE, ADDRESS["email"])
    assert caught.value.ambiguous
    assert time.monotonic() - began < 0.9
    time.sleep(0.8)
    outside["email"].letters.clear()


def test_a_sign_in_that_fails_is_temporary_since_the_operator_may_be_mending_it(outside, settings, monkeypatch):
    def refuse(*args):
        raise smtplib.SMTPAuthenticationError(535, b"bad password " + SECRET.encode())

    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "watchbook", SECRET
    monkeypatch.setattr(smtplib.SMTP, "login", refuse)
    with pytest.raises(SendError) as caught:
        channel("email").send(MESSAGE, ADDRESS["email"])
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
    assert SECRET not in str(caught.value)


def test_an_installation_without_a_mail_server_says_so(settings):
    settings.EMAIL_BACKEND = "config.mail.NoMailServer"
    with pytest.raises(SendError, match="EMAIL_URL") as caught:
        channel("email").send(MESSAGE, ADDRESS["email"])
    assert caught.value.permanent


@pytest.mark.django_db
def test_a_provider_elsewhere_is_not_asked_to_report_to_this_very_machine(outside, settings):
    local = replace(MESSAGE, status_url="http://127.0.0.1:8000/in/twilio/status")
    channel("sms").send(local, ADDRESS["sms"])
    assert outside["sms"].expect(ADDRESS["sms"]).params["StatusCallback"] == local.status_url, (
        "a fake on this machine can"
    )
    settings.TWILIO_BASE_URL = "https://api.twilio.com"
    assert not can_reach(local.status_url)
    assert can_reach(MESSAGE.status_url)
