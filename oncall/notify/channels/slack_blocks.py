"""A page as Slack shows it: Block Kit. Pure: standard library only.

Free text is escaped as Slack asks, so that a title can neither mention a channel nor pose as a link of ours.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from oncall.notify.text import Facts

ACK, RESOLVE, ESCALATE = "ack", "resolve", "escalate"
VERBS = frozenset({ACK, RESOLVE, ESCALATE})
_TEXT_MAX = 2900
_BUTTONS = {ACK: "Acknowledge", RESOLVE: "Resolve", ESCALATE: "Escalate"}
# What is left to press, by what became of the incident.
_LEFT = {"": (ACK, RESOLVE, ESCALATE), "acknowledged": (RESOLVE, ESCALATE), "manual": (ACK, RESOLVE, ESCALATE)}


def escape(text: str) -> str:
    """Free text for mrkdwn: the three signs that Slack reads are written as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def blocks_of(facts: Facts, line: str, button: str) -> list[dict[str, Any]]:
    """The blocks of a page. line: its words. button: what buttons carry, "" for none."""
    if not facts.subject_id:
        return [_section(escape(line)), *_buttons((ACK,) if button else (), button)]
    if facts.origin == "stand_down":
        return [_section(escape(line)), *_context(facts)]
    head = f"*SEV{facts.severity} {escape(facts.title)}*"
    lead = "*You are asked to join.*\n" if facts.origin == "responder" else ""
    became = f"\n{escape(facts.note)}{_at(facts.at)}" if facts.origin == "update" else ""
    note = f"\n{escape(facts.note)}" if facts.note and facts.origin == "responder" else ""
    left = _LEFT.get(facts.became, ()) if button else ()
    return [_section(f"{lead}{head}{became}{note}"), *_context(facts), *_buttons(left, button)]


def _context(facts: Facts) -> list[dict[str, Any]]:
    parts = [escape(facts.service)] if facts.service else []
    parts += [f"<{facts.url}|{escape(facts.subject_id)}>", f"{facts.urgency} urgency"]
    if facts.because:
        parts.append(f"paged because of {escape(facts.because)}")
    return [{"type": "context", "elements": [_mrkdwn(" · ".join(parts))]}]


def _buttons(verbs: tuple[str, ...], token: str) -> list[dict[str, Any]]:
    if not verbs:
        return []
    made = [_button(verb, token) for verb in verbs]
    return [{"type": "actions", "block_id": "answers", "elements": made}]


def _button(verb: str, token: str) -> dict[str, Any]:
    label = {"type": "plain_text", "text": _BUTTONS[verb], "emoji": False}
    button = {"type": "button", "action_id": verb, "value": token, "text": label}
    return {**button, "style": "primary"} if verb == ACK else button


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    # verbatim: what looks like an address or a channel in a title is not made into a link
    return {"type": "mrkdwn", "text": text[:_TEXT_MAX], "verbatim": True}


def _at(at: datetime | None) -> str:
    """An instant that Slack shows in the zone of who reads; without Slack it says UTC."""
    if at is None:
        return ""
    return f" <!date^{int(at.timestamp())}^{{time}}, {{date_short_pretty}}|{at.astimezone(UTC):%H:%M} UTC>"
