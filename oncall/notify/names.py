"""What channels are called within a sentence. Pure: standard library only."""

from __future__ import annotations

NAMES: dict[str, str] = {
    "email": "e-mail",
    "sms": "SMS",
    "voice": "call",
    "webhook": "webhook",
    "pagerduty": "PagerDuty",
    "slack": "Slack",
}


def name_of(kind: str) -> str:
    """The name of a channel inside a sentence; the kind itself for one of a release that is gone."""
    return NAMES.get(kind, kind)


def title_of(kind: str) -> str:
    """The same where a sentence begins or a cell of a table."""
    name = name_of(kind)
    return name[:1].upper() + name[1:]
