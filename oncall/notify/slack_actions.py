"""What somebody pressed in Slack, out of the JSON that Slack posts. Pure: standard library only."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

_USER = re.compile(r"[UW][A-Z0-9]{2,30}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,30}")
_TOKEN_MAX = 200


class BadPayload(ValueError):
    """The JSON is not what Slack sends for a button; the message is a sentence."""


@dataclass(frozen=True)
class Press:
    """One press of a button. sid: the same for the same press, however often it is brought. verb: the button's id.

    token: what the button says it is about. user, channel: Slack's ids.
    """

    sid: str
    user: str
    channel: str
    verb: str
    token: str


def read(text: str, verbs: frozenset[str]) -> Press | None:
    """Return the press in a payload; None when it is about something else, such as a button that opens a page.

    verbs: ids of the buttons that mean something. Raises BadPayload.
    """
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        raise BadPayload("The payload is not JSON.") from None
    if _at(payload, "type") != "block_actions":
        return None
    action = _at(payload, "actions", 0)
    verb = _at(action, "action_id")
    if verb not in verbs:
        return None
    user, channel = _at(payload, "user", "id"), _at(payload, "channel", "id")
    if not (
        isinstance(user, str) and _USER.fullmatch(user) and isinstance(channel, str) and _CHANNEL.fullmatch(channel)
    ):
        raise BadPayload("The payload names no user and no channel.")
    token, at = _at(action, "value"), _at(action, "action_ts")
    if not isinstance(token, str) or len(token) > _TOKEN_MAX or not isinstance(at, str) or len(at) > 32:
        raise BadPayload("The action has no value, or none of ours.")
    one = f"{user}\n{channel}\n{_at(payload, 'container', 'message_ts')}\n{at}\n{verb}\n{token}"
    return Press(hashlib.sha256(one.encode("utf-8", "replace")).hexdigest(), user, channel, str(verb), token)


def _at(value: Any, *path: str | int) -> Any:
    """What stands at a path of keys and indexes; None where there is no such place."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
