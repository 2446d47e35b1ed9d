"""A Slack that is ours: a workspace with members and channels, a bot's token, messages with buttons, presses that are signed.

`chat.postMessage`, `chat.update` and `chat.postEphemeral` answer 200 and a word for what is wrong, as the real ones do, and 429
with Retry-After when a limit is scripted. Blocks are held against Block Kit's rules. `slack.press(message, "ack", user)` gives the
headers and the body of the post that Slack would make. Imports nothing of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.fakes.server import FakeServer, in_json

TOKEN, SECRET = "xoxb-fake-bot-token", "8f742231b10e8888abcd99yyyzzz85a5"
STYLES = (None, "primary", "danger")


@dataclass
class Said:
    """One message. `versions` are its texts and blocks, the newest last."""

    channel: str
    ts: str
    request: dict
    versions: list = field(default_factory=list)
    expected: bool = False

    @property
    def text(self):
        return self.versions[-1]["text"]

    @property
    def blocks(self):
        return self.versions[-1]["blocks"]

    @property
    def shown(self):
        """Everything a member reads."""
        parts = []
        for block in self.blocks:
            texts = [block["text"]] if "text" in block else block["elements"]
            parts += [one["text"] for one in texts if one["type"] == "mrkdwn"]
        return "\n".join(parts)

    @property
    def buttons(self):
        """The ids of its buttons."""
        return [one["action_id"] for one in self._elements()]

    def button(self, action):
        return next(one for one in self._elements() if one["action_id"] == action)

    def _elements(self):
        return [one for block in self.blocks if block["type"] == "actions" for one in block["elements"]]


class FakeSlack(FakeServer):
    """`members` are ids, each with a conversation of its own with the bot; `channels` those it is in.

    `away`: methods that answer 503.
    """

    def __init__(self, members=(), channels=()):
        super().__init__()
        self.token, self.secret = TOKEN, SECRET
        self.members, self.channels, self.archived = set(members), set(channels), set()
        self.messages, self.whispers, self.away = [], [], set()
        self.suspended = False
        self._ts, self._presses = itertools.count(247), itertools.count(1)

    # what Slack does

    def answer(self, asked):
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return wrong("invalid_auth")
        if self.suspended:
            return wrong("account_inactive")
        if "charset=utf-8" not in asked.headers.get("content-type", ""):
            return in_json(200, {"ok": False, "error": "invalid_post_type"})
        said, method = asked.json, asked.path.removeprefix("/api/")
        if method == "auth.test":
            return in_json(200, {"ok": True, "team_id": "T024BE7LD", "user_id": "U0BOT"})
        if method not in ("chat.postMessage", "chat.update", "chat.postEphemeral"):
            return wrong("unknown_method")
        if method in self.away:
            return in_json(503, {"ok": False, "error": "service_unavailable"})
        if not said.get("text"):
            return wrong("no_text")
        if "blocks" in said and (fault := fault_of(said["blocks"])):
            return in_json(200, {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": [fault]}})
        return {"chat.postMessage": self._post, "chat.update": self._update}.get(method, self._whisper)(said)

    def _conversation(self, address):
        """Where a message to an address goes: to a member, into the conversation with the bot."""
        if address in self.archived:
            return "", "is_archived"
        if address in self.members:
            return f"D{address[1:]}", ""
        known = address in self.channels or f"U{address[1:]}" in self.members
        return (address, "") if known else ("", "channel_not_found")

    def _post(self, said):
        channel, fault = self._conversation(said.get("channel", ""))
        if fault:
            return wrong(fault)
        thread = said.get("thread_ts")
        if thread and not any((one.channel, one.ts) == (channel, thread) for one in self.messages):
            return wrong("thread_not_found")
        made = Said(channel, f"1773716400.{next(self._ts):06d}", said)
        made.versions.append({"text": said["text"], "blocks": said.get("blocks", [])})
        self.messages.append(made)
        return in_json(200, {"ok": True, "channel": channel, "ts": made.ts, "message": {"text": said["text"]}})

    def _update(self, said):
        for one in self.messages:
            if (one.channel, one.ts) == (said.get("channel"), said.get("ts")):
                one.versions.append({"text": said["text"], "blocks": said.get("blocks", [])})
                return in_json(200, {"ok": True, "channel": one.channel, "ts": one.ts, "text": said["text"]})
        return wrong("message_not_found")

    def _whisper(self, said):
        channel, fault = self._conversation(said.get("channel", ""))
        if fault:
            return wrong(fault)
        self.whispers.append((channel, said["user"], said["text"]))
        return in_json(200, {"ok": True, "message_ts": "1773716400.000001"})

    # expectations

    def expect(self, words, *, to=""):
        """The newest message with these words that nobody expected yet; fails if there is none."""
        for one in reversed(self.messages):
            if not one.expected and words in one.text and to in ("", one.channel, f"U{one.channel[1:]}"):
                one.expected = True
                return one
        raise AssertionError(f"No message with {words!r}. There are: {[(m.channel, m.text) for m in self.messages]}")

    # what a member does

    def press(self, message, action, user, *, at=None, secret=None, payload=None, **changed):
        """The headers and the body of the post about a pressed button. secret "": unsigned; payload: in place of the real one."""
        said = self.payload(message, action, user, **changed) if payload is None else payload
        return self.signed(
            urlencode({"payload": said if isinstance(said, str) else json.dumps(said)}), at=at, secret=secret
        )

    def payload(self, message, action, user, **changed):
        button = message.button(action)
        n = next(self._presses)
        return {
            "type": "block_actions",
            "user": {"id": user, "username": "somebody", "name": "somebody", "team_id": "T9TK3CUKW"},
            "api_app_id": "AABA1ABCD",
            "token": "Shh_its_a_seekrit",
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel,
                "is_ephemeral": False,
            },
            "trigger_id": f"12321423423.333649436676.d8c1bb837935619ccad0f624c448{n:04d}",
            "team": {"id": "T9TK3CUKW", "domain": "larkspur"},
            "channel": {"id": message.channel, "name": "directmessage"},
            "message": {"bot_id": "BAH5CA16Z", "type": "message", "text": message.text, "ts": message.ts},
            "response_url": "https://hooks.slack.example/actions/AABA1ABCD/1232321423432/D09sSasdasdAS9091209",
            "actions": [{**button, "block_id": "answers", "action_ts": f"1773716500.{n:06d}"}],
            **changed,
        }

    def signed(self, body, *, at=None, secret=None):
        stamp = str(int(time.time() if at is None else at.timestamp()))
        key = self.secret if secret is None else secret
        headers = {"X-Slack-Request-Timestamp": stamp, "Content-Type": "application/x-www-form-urlencoded"}
        if key:
            mac = hmac.new(key.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
            headers["X-Slack-Signature"] = f"v0={mac}"
        return headers, body


def wrong(word, **headers):
    """What Slack says of a call that it does not do."""
    return in_json(200, {"ok": False, "error": word}, **headers)


def fault_of(blocks):
    """The first thing in which blocks break the rules of Block Kit, or ""."""
    if not 0 < len(blocks) <= 50:
        return "between 1 and 50 blocks"
    for block in blocks:
        if block["type"] == "section" and not 0 < len(block["text"]["text"]) <= 3000:
            return "the text of a section has 1 to 3000 characters"
        if block["type"] == "context" and not 0 < len(block["elements"]) <= 10:
            return "a context has 1 to 10 elements"
        for button in block["elements"] if block["type"] == "actions" else ():
            fits = len(button["text"]["text"]) <= 75 and len(button["action_id"]) <= 255
            if not fits or not 0 < len(button["value"]) <= 2000 or button.get("style") not in STYLES:
                return "a button breaks the rules"
    return ""
