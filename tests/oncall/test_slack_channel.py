"""What exactly Slack is asked to show, what each of its words means, and what a button says."""

import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncall.notify.channels import channel, slack, whisperer
from oncall.notify.channels.base import SendError
from oncall.notify.channels.slack_blocks import VERBS, blocks_of, escape
from oncall.notify.slack_actions import BadPayload, read
from oncall.notify.slack_signature import sign, verify
from tests.builders import NIGHT
from tests.fakes.server import breaks_off, hangs, in_json
from tests.fakes.slack import SECRET, TOKEN, fault_of, wrong
from tests.oncall.test_channel_contracts import ADDRESS, MESSAGE

ANA = ADDRESS["slack"]
PAGE = replace(MESSAGE, body="SEV1 Checkout API is down.", button="abc-mac")
URL = MESSAGE.facts.url

pytestmark = pytest.mark.django_db


def send(message=PAGE, address=ANA):
    return channel("slack").send(message, address)


def about(origin, **facts):
    return replace(PAGE, facts=replace(PAGE.facts, origin=origin, **facts))


def refused(workspace, answer):
    workspace.answers.append(answer)
    with pytest.raises(SendError) as caught:
        send()
    return caught.value


def test_the_message_in_full(workspace):
    answer = send()
    asked = workspace.requests[0]
    assert (asked.path, asked.headers["authorization"]) == ("/api/chat.postMessage", f"Bearer {TOKEN}")
    label = {"type": "plain_text", "emoji": False}
    assert asked.json == {
        "channel": ANA,
        "text": "SEV1 Checkout API is down.",
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "*SEV1 Checkout API is down*", "verbatim": True}},
            {
                "type": "context",
                "elements": [
                    {"type": "mrkdwn", "text": f"Checkout · <{URL}|INC-2026-0042> · high urgency", "verbatim": True}
                ],
            },
            {
                "type": "actions",
                "block_id": "answers",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "ack",
                        "value": "abc-mac",
                        "text": {**label, "text": "Acknowledge"},
                        "style": "primary",
                    },
                    {
                        "type": "button",
                        "action_id": "resolve",
                        "value": "abc-mac",
                        "text": {**label, "text": "Resolve"},
                    },
                    {
                        "type": "button",
                        "action_id": "escalate",
                        "value": "abc-mac",
                        "text": {**label, "text": "Escalate"},
                    },
                ],
            },
        ],
    }
    said = workspace.messages[0]
    assert (answer.provider, answer.sid, answer.status) == ("slack", f"{said.channel}:{said.ts}", "accepted")
    assert PAGE.facts.link not in asked.body.decode(), "in a channel everybody could use the person's link"


def test_without_a_signing_secret_there_is_nothing_to_press(workspace):
    send(replace(PAGE, button=""))
    assert workspace.messages[0].buttons == []


@pytest.mark.parametrize(
    "became, left",
    [("acknowledged", ["resolve", "escalate"]), ("resolved", []), ("merged", []), ("manual", ["ack", "resolve", "escalate"])],
)  # fmt: skip
def test_an_update_changes_the_message_and_leaves_what_can_still_be_pressed(workspace, became, left):
    sid = send().sid
    note = f"{became.capitalize()} by Ana Duarte."
    answer = send(replace(about("update", became=became, note=note, at=NIGHT), changes=sid, page="ntf_y"))
    said = workspace.messages[0]
    assert len(workspace.messages) == 1 and len(said.versions) == 2
    assert f"{note} <!date^{int(NIGHT.timestamp())}^{{time}}, {{date_short_pretty}}|03:00 UTC>" in said.shown
    assert (said.buttons, answer.sid) == (left, "ntf_y.1")


def test_a_stand_down_goes_below_the_page_and_is_seen_in_the_channel(workspace):
    first = send()
    over = about("stand_down", note="Ana resolved it.")
    send(replace(over, body="Stand down: Ana resolved it.", button="", follows=first.sid))
    said = workspace.messages[-1]
    assert (said.request["thread_ts"], said.request["reply_broadcast"]) == (workspace.messages[0].ts, True)
    assert (said.channel, said.buttons) == (workspace.messages[0].channel, [])


def test_a_code_has_no_button_and_a_test_has_one(workspace):
    nothing = {"severity": 0, "title": "", "subject_id": "", "url": "", "link": "", "service": "", "urgency": ""}
    send(replace(about("verification", **nothing), body="Watchbook code 123456.", button=""))
    send(replace(about("test", **nothing), body="Watchbook test."))
    assert [(one.shown, one.buttons) for one in workspace.messages] == [
        ("Watchbook code 123456.", []),
        ("Watchbook test.", ["ack"]),
    ]


HOSTILE = "<!channel> *bold* & <https://evil.example|your bank> @here"


def test_a_title_can_mention_nobody_and_is_no_link(workspace):
    send(replace(about("step", title=HOSTILE, service=HOSTILE, because=HOSTILE), body=HOSTILE))
    said = workspace.messages[0]
    for text in (said.text, said.shown):
        assert "<!channel>" not in text and "<https://evil" not in text
        assert "&lt;!channel&gt; *bold* &amp; &lt;https://evil.example|your bank&gt; @here" in text
    assert all(block["text"]["verbatim"] for block in said.blocks if block["type"] == "section")


@given(st.text(max_size=300), st.sampled_from(["step", "responder", "stand_down", "update"]))
def test_blocks_keep_the_rules_whatever_a_title_says(title, origin):
    facts = replace(PAGE.facts, origin=origin, title=title, note=title, service=title[:120], became="acknowledged")
    assert fault_of(blocks_of(facts, title or "x", "abc-mac")) == ""


def test_escaping_is_what_slack_asks():
    assert escape("a < b & b > c") == "a &lt; b &amp; b &gt; c"


@pytest.mark.parametrize("word", sorted(slack.TEMPORARY))
def test_what_is_temporary(workspace, word):
    error = refused(workspace, wrong(word))
    assert (error.permanent, error.ambiguous, error.failure.blames_contact) == (False, False, False)


@pytest.mark.parametrize("word", sorted(slack.OF_THE_ADDRESS))
def test_what_blames_the_address(workspace, word):
    error = refused(workspace, wrong(word))
    assert (error.permanent, error.failure.blames_contact, str(error)) == (True, True, f"Slack answered {word}.")
    assert len(error.failure.code) <= 16


@pytest.mark.parametrize("word", sorted(slack.AMBIGUOUS))
def test_what_may_have_been_done_all_the_same(workspace, word):
    assert refused(workspace, wrong(word)).ambiguous


@pytest.mark.parametrize("word", ["msg_too_long", "invalid_blocks", "restricted_action", "a_word_of_next_year"])
def test_any_other_word_would_be_said_again(workspace, word):
    error = refused(workspace, wrong(word))
    assert (error.permanent, error.failure.blames_contact) == (True, False)


@pytest.mark.parametrize("status, permanent", [(429, False), (500, False), (503, False), (404, True)])
def test_what_each_status_means(workspace, status, permanent):
    error = refused(workspace, in_json(status, {"ok": False, "error": "ratelimited"}, retry_after="30"))
    assert (error.permanent, error.http_status) == (permanent, status)
    assert error.failure.wait_s == (0 if permanent else 30)
    assert len(workspace.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"", {}),
        (200, b"<html>Welcome to the hotel</html>", {}),
        in_json(200, {"ok": True}),
        in_json(200, {"ok": True, "channel": "D1", "ts": 5}),
        in_json(200, {"ok": "yes"}),
        in_json(200, {"ok": False}),
        in_json(200, ["ok"]),
        breaks_off,
    ],
)
def test_an_answer_that_makes_no_sense_is_ambiguous(workspace, answer):
    error = refused(workspace, answer)
    assert (error.permanent, error.ambiguous) == (False, True)


def test_a_slow_answer_is_ambiguous_and_ends_in_time(workspace, monkeypatch):
    monkeypatch.setattr("oncall.notify.channels.http.TOTAL_S", 0.3)
    began = time.monotonic()
    assert refused(workspace, hangs(1.0)).ambiguous
    assert time.monotonic() - began < 0.9


def test_without_a_token_nothing_is_asked(workspace, settings):
    settings.SLACK_BOT_TOKEN = ""
    with pytest.raises(SendError, match="SLACK_BOT_TOKEN") as caught:
        send()
    assert caught.value.permanent and not workspace.requests


def test_a_word_for_one_member_is_seen_by_nobody_else(workspace):
    whisperer("slack")("C0000CHAN", "U0000BEN7", "Not <yours>")
    assert workspace.whispers == [("C0000CHAN", "U0000BEN7", "Not &lt;yours&gt;")]
    assert workspace.messages == []


# the signature

BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d1"
    b"0d2c447fce8b6703c"
)
STAMP = "1531420618"


def test_the_signature_is_what_slacks_own_example_says():
    known = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert sign(SECRET, STAMP, BODY) == known


@pytest.mark.parametrize("off, good", [(0, True), (299, True), (-299, True), (302, False), (-302, False)])
def test_a_request_is_believed_within_five_minutes(settings, off, good):
    settings.SLACK_SIGNING_SECRET, settings.SLACK_SIGNING_SECRET_PREVIOUS = "new", ""
    stamp = str(int((NIGHT - timedelta(seconds=off)).timestamp()))
    assert verify(BODY, stamp, sign("new", stamp, BODY), now=NIGHT) is good


def test_the_previous_secret_holds_while_it_is_changed_and_none_means_no(settings):
    stamp = str(int(NIGHT.timestamp()))
    signed = sign("old", stamp, BODY)
    settings.SLACK_SIGNING_SECRET, settings.SLACK_SIGNING_SECRET_PREVIOUS = "new", "old"
    assert verify(BODY, stamp, signed, now=NIGHT)
    settings.SLACK_SIGNING_SECRET_PREVIOUS = ""
    assert not verify(BODY, stamp, signed, now=NIGHT)
    settings.SLACK_SIGNING_SECRET = ""
    assert not verify(BODY, stamp, sign("", stamp, BODY), now=NIGHT)


@pytest.mark.parametrize("stamp", [None, "", "now", "-5", "1e9", "١٧٧٣٧١٦٤٠٠", "9" * 40])
def test_a_timestamp_that_is_none_is_refused(settings, stamp):
    settings.SLACK_SIGNING_SECRET = "new"
    assert not verify(BODY, stamp, sign("new", stamp or "", BODY), now=NIGHT)


@pytest.mark.parametrize("signature", [None, "", "v0=", "v1=abc", "é" * 20])
def test_a_signature_that_is_none_is_refused(settings, signature):
    settings.SLACK_SIGNING_SECRET = "new"
    assert not verify(BODY, str(int(NIGHT.timestamp())), signature, now=NIGHT)


# what was pressed


@pytest.mark.parametrize(
    "text", ["", "{", "[", "[" * 5000, '{"type": "block_actions", "actions": [{"action_id": "ack"}]}']
)
def test_what_is_no_payload_is_refused_with_a_sentence(text):
    with pytest.raises(BadPayload, match=r"\.$"):
        read(text, VERBS)


@pytest.mark.parametrize(
    "text",
    ["null", "[]", "5", '{"type": "view_submission"}', '{"type": "block_actions", "actions": [{"action_id": "open"}]}'],
)
def test_what_is_no_button_of_ours_means_nothing(text):
    assert read(text, VERBS) is None


@given(st.recursive(st.none() | st.text(max_size=5) | st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["type", "actions", "user", "id", "channel", "action_id", "value", "action_ts"]), inner, max_size=5), max_leaves=12))  # fmt: skip
def test_no_shape_of_json_breaks_the_reader(value):
    try:
        read(json.dumps({"type": "block_actions", "actions": [{"action_id": "ack"}], "more": value}), VERBS)
        read(json.dumps(value), VERBS)
    except BadPayload:
        pass
