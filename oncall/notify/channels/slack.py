"""A page as a message in Slack, with buttons; and the same message told later what became of it."""

from __future__ import annotations

import json
import re
from typing import Any

from django.conf import settings

from accounts.egress.client import Response
from oncall.notify.channels.base import Message, ProviderAnswer, SendError, Standing, redact
from oncall.notify.channels.http import asked_to_wait, post
from oncall.notify.channels.slack_blocks import blocks_of, escape
from oncall.notify.retry import Failure, judge_http

POST, UPDATE, WHISPER, AUTH = "chat.postMessage", "chat.update", "chat.postEphemeral", "auth.test"
_ADDRESS = re.compile(r"[UWCG][A-Z0-9]{7,20}")
# Slack's own words. A refused sign-in is temporary: the operator may be changing the token this minute.
TEMPORARY = frozenset(
    {
        "ratelimited", "rate_limited", "service_unavailable", "request_timeout", "invalid_auth", "not_authed",
        "account_inactive", "token_revoked", "token_expired", "no_permission", "missing_scope", "org_login_required",
    }
)  # fmt: skip
# Slack says of these that some of the work may have been done.
AMBIGUOUS = frozenset({"internal_error", "fatal_error"})
OF_THE_ADDRESS = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "user_not_found", "user_disabled", "cannot_dm_bot"}
)
# A column of codes holds 16 characters.
_SHORT = {
    "channel_not_found": "no_such_channel",
    "message_not_found": "no_such_message",
    "org_login_required": "org_login",
}


class SlackChannel:
    """Messages to a member or a channel of the workspace that the bot's token is for."""

    kind = "slack"

    def validate(self, address: str) -> None:
        """Raise ValueError when `address` is no id of a member or channel."""
        if not _ADDRESS.fullmatch(address):
            raise ValueError("This is no id of a member or channel of Slack, such as U024BE7LH.")

    def send(self, message: Message, address: str) -> ProviderAnswer:
        """Post the message, or change the one it is about. Raises SendError."""
        facts = message.facts
        if facts is None or (facts.origin == "update" and not message.changes):
            raise SendError("There is no message to change.", failure=Failure(permanent=True, code="no_message"))
        text = {"text": escape(message.body), "blocks": blocks_of(facts, message.body, message.button)}
        channel, _, ts = message.changes.partition(":")
        if facts.origin == "update":
            said = _call(UPDATE, {"channel": channel, "ts": ts, **text}, message)
        else:
            said = _call(POST, {"channel": address, **text, **_QUIET, **_in_thread(message)}, message)
        where, at = said.get("channel"), said.get("ts")
        if not isinstance(where, str) or not isinstance(at, str):
            raise SendError("Slack answered without saying where the message is.", ambiguous=True, http_status=200)
        # an update changes what it follows: its id is that one's, and an id is kept once
        sid = f"{message.page}.{message.attempt}" if facts.origin == "update" else f"{where}:{at}"
        return ProviderAnswer("slack", sid, "accepted", 200)


_QUIET = {"unfurl_links": False, "unfurl_media": False}


# Slack's words for a token that opens nothing any more; the first of them, for a workspace that is gone.
_SUSPENDED = frozenset({"account_inactive", "team_access_not_granted"})
_CLOSED = frozenset({"invalid_auth", "not_authed", "token_revoked", "token_expired", "no_permission", "org_login"})


def account() -> Standing:
    """Ask Slack whether the bot's token still opens its workspace."""
    try:
        _call(AUTH, {}, None)
    except SendError as error:
        code = error.failure.code
        state = "suspended" if code in _SUSPENDED else "refused" if code in _CLOSED else "unreachable"
        return Standing(state, code)
    return Standing("active")


def whisper(channel: str, user: str, text: str) -> None:
    """Say something in a channel that only one member sees. Raises SendError."""
    _call(WHISPER, {"channel": channel, "user": user, "text": escape(text)}, None)


def _in_thread(message: Message) -> dict[str, Any]:
    """What follows a message goes below it, and is shown in the channel too: it is what somebody waits for."""
    where, _, ts = message.follows.partition(":")
    return {"thread_ts": ts, "reply_broadcast": True} if where and ts else {}


def _call(method: str, said: dict[str, Any], message: Message | None) -> dict[str, Any]:
    token = settings.SLACK_BOT_TOKEN
    if not token:
        raise SendError(
            "SLACK_BOT_TOKEN must be set to page by Slack.", failure=Failure(permanent=True, code="unconfigured")
        )
    base = settings.SLACK_BASE_URL.rstrip("/")
    hidden = (token, str(said.get("channel", "")), str(said.get("user", "")))
    answer = post(
        f"{base}/api/{method}",
        headers={"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {token}"},
        body=json.dumps(said).encode(),
        hidden=hidden,
        provider=base,
    )
    read = _read(answer)
    if answer.status == 200 and read.get("ok") is True:
        return read
    raise _refused(answer, read, message, hidden)


def _read(answer: Response) -> dict[str, Any]:
    try:
        read = json.loads(answer.body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _refused(answer: Response, read: dict[str, Any], message: Message | None, hidden: tuple[str, ...]) -> SendError:
    """Slack says 200 and a word for nearly everything; a limit of rate is a 429."""
    wait = asked_to_wait(answer, message.sent_at if message else None)
    if answer.status != 200:
        failure = judge_http(answer.status, wait)
        return SendError(f"Slack answered {answer.status}.", failure=failure, http_status=answer.status)
    word = read.get("error")
    if read.get("ok") is not False or not isinstance(word, str):
        return SendError("Slack's answer makes no sense.", ambiguous=True, http_status=200)
    return SendError(redact(f"Slack answered {word}.", *hidden), failure=judge_word(word, wait), http_status=200)


def judge_word(word: str, wait_s: int = 0) -> Failure:
    """Say what Slack's word for a refusal means. One we do not know would be said again."""
    code = _SHORT.get(word, word)[:16]
    if word in AMBIGUOUS:
        return Failure(ambiguous=True, code=code)
    if word in TEMPORARY:
        return Failure(code=code, wait_s=wait_s)
    return Failure(permanent=True, blames_contact=word in OF_THE_ADDRESS, code=code)
