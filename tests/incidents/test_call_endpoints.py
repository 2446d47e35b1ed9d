"""The addresses of a call are open to the world: only Twilio, about this very call, to this very number, is heard."""

import pytest
from django.db import OperationalError

from accounts.models import ContactMethod
from incidents.views import calls as views
from oncall.models import Callback, InboundKey, Page
from tests.builders import contact
from tests.fakes.twilio import signature
from tests.world import FORM, NUMBERS, PUBLIC_URL

KEY, STATUS = "?round=1&silences=0", "status"
BOTH = pytest.mark.parametrize("tail", [KEY, STATUS])


@pytest.fixture
def called(world):
    """Alice is called; nobody has picked up yet. `called.path` is the address of the call."""
    for held in ContactMethod.objects.filter(user=world.people["Alice"]):
        held.retire(now=world.now, reason="Test")
    contact(world.people["Alice"], "voice", NUMBERS["Alice"], now=world.now)
    world.breaks("Checkout API")
    world.advance(minutes=2)
    world.call = world.phone("Alice").expect_call()
    world.path = world.call.params["Url"].removeprefix(PUBLIC_URL)
    return world


def form(world, tail, **changed):
    more = {"Digits": "4"} if tail == KEY else {}
    return {**world.call.form("in-progress"), **more, **changed}


def nothing_happened(world):
    return (
        InboundKey.objects.count() + Callback.objects.count() == 0
        and world.incident.state == "triggered"
        and Page.objects.get().confirmed_at is None
    )


@BOTH
def test_a_signed_post_about_this_call_is_taken_without_a_session(called, tail):
    response = called.post(called.path + tail, form(called, tail))
    assert response.status_code == (200 if tail == KEY else 204)
    assert not response.cookies


@BOTH
@pytest.mark.parametrize("token", ["", "somebody else's token"])
def test_an_unsigned_or_foreign_post_is_refused(called, tail, token):
    response = called.post(called.path + tail, form(called, tail), token=token)
    assert response.status_code == 403
    assert nothing_happened(called)


def test_a_key_cannot_be_moved_to_another_question_or_another_key(called):
    params = form(called, KEY)
    headers = {"X-Twilio-Signature": signature(called.twilio.auth_token, f"{PUBLIC_URL}{called.path}{KEY}", params)}
    for path, body in (("?round=2&silences=0", params), (KEY, {**params, "Digits": "6"})):
        sent = "&".join(f"{name}={value}" for name, value in body.items()).replace("+", "%2B")
        assert called.browser().post(called.path + path, sent, content_type=FORM, headers=headers).status_code == 403
    assert nothing_happened(called)


@BOTH
@pytest.mark.parametrize(
    "changed",
    [{"To": NUMBERS["Bob"]}, {"CallSid": "CA" + "0" * 32}, {"To": "+4477009001011"}],
    ids=["another number", "another call", "a number that begins alike"],
)
def test_another_call_or_number_is_not_the_page(called, tail, changed):
    response = called.post(called.path + tail, form(called, tail, **changed))
    assert (response.status_code, response.content) == (404, b"No page of ours made this call to this number.\n")
    assert nothing_happened(called)


@BOTH
@pytest.mark.parametrize(
    "token",
    ["x", "-", "--", "a-1-b", "0123456789abcdef-1-", "é-1-é", "a" * 300, "0123456789abcdef-١-x"],
)
def test_an_address_nobody_made_is_404(called, tail, token):
    response = called.post(f"/in/twilio/voice/{token}/{tail}", form(called, tail))
    assert response.status_code in (403, 404)
    assert nothing_happened(called)


@BOTH
def test_the_address_of_one_attempt_is_not_that_of_the_next(called, tail):
    moved = called.path.replace("-1-", "-2-", 1)
    assert called.post(moved + tail, form(called, tail)).status_code == 404
    assert nothing_happened(called)


def test_who_has_left_is_not_heard(called):
    alice = called.people["Alice"]
    alice.is_active = False
    alice.save(now=called.now, reason="Test")
    assert called.post(called.path + KEY, form(called, KEY)).status_code == 404
    assert nothing_happened(called)


@BOTH
def test_ten_megabytes_are_refused_unread(called, tail):
    response = called.browser().post(called.path + tail, b"x" * 10_000_000, content_type=FORM)
    assert (response.status_code, response.content) == (413, b"A body has at most 64 kB.\n")


@BOTH
@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=%ff%fe", b"a=%00", b"&".join([b"a=1"] * 300)])
def test_garbage_is_refused_in_words(called, tail, body):
    response = called.browser().post(called.path + tail, body, content_type=FORM)
    assert response.status_code == 400
    assert b"form" in response.content


@pytest.mark.parametrize("query", ["?round=x", "?round=-1", "?round=99", "?round=1&silences=9999999999999", "?round="])
def test_a_round_that_no_call_has_is_refused(called, query):
    response = called.post(called.path + query, form(called, KEY))
    assert (response.status_code, response.content) == (400, b"The round of a call is a small whole number.\n")
    assert nothing_happened(called)


@pytest.mark.parametrize(
    "changed", [{"CallSid": ""}, {"CallSid": "C" * 65}, {"To": ""}, {"To": "+" * 40}, {"Digits": "44"}]
)
def test_a_value_that_no_provider_sends_is_refused(called, changed):
    assert called.post(called.path + KEY, form(called, KEY, **changed)).status_code == 400
    assert nothing_happened(called)


def test_a_report_without_a_state_says_what_is_missing(called):
    response = called.post(called.path + STATUS, form(called, STATUS, CallStatus=""))
    assert (response.status_code, response.content) == (400, b"CallSid and CallStatus are needed.\n")


@BOTH
def test_get_is_not_offered(called, tail):
    response = called.browser().get(called.path + tail)
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_a_call_that_asks_like_a_machine_is_told_to_wait(called):
    statuses = [called.post(called.path + STATUS, form(called, STATUS)).status_code for _ in range(31)]
    assert statuses == [204] * 30 + [429]


def test_a_replayed_report_is_kept_and_applied_once(called):
    for _ in range(3):
        called.post(called.path + STATUS, form(called, STATUS, CallStatus="ringing"))
    called.tick()
    assert list(Callback.objects.order_by("id").values_list("outcome", flat=True)) == ["applied", "older", "older"]


@BOTH
def test_without_the_database_nothing_is_promised(called, tail, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("the database is gone")

    monkeypatch.setattr(views.keys, "receive_key", gone)
    monkeypatch.setattr(views.callbacks, "store_call", gone)
    response = called.post(called.path + tail, form(called, tail))
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0


def test_neither_the_number_nor_the_name_is_kept_with_a_report(called):
    called.call.ring()
    assert NUMBERS["Alice"] not in str(list(Callback.objects.values()))
    assert Callback.objects.first().payload == {"ApiVersion": "2010-04-01", "CallStatus": "initiated"}
