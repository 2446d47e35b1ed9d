"""Which channels an operator has set up: what is missing, in words."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from oncall.notify.names import NAMES


def missing(channel: str) -> str:
    """What the operator has not set for a channel, as a clause; "" when pages can leave over it."""
    return _MISSING[channel]() if channel in _MISSING else ""


def missing_anywhere() -> list[str]:
    """The same for the channels that every installation should have, each clause once."""
    return list(dict.fromkeys(filter(None, map(missing, _WANTED))))


def missing_options() -> set[str]:
    """Channels that an installation may have and this one has not; nobody needs to be warned of them."""
    return {channel for channel in NAMES if channel not in _WANTED and missing(channel)}


def ready() -> set[str]:
    """Channels over which pages can leave."""
    return {channel for channel in NAMES if not missing(channel)}


def any_provider() -> bool:
    """Whether the operator has set up any provider at all. Channels that need none, such as webhooks, do not count."""
    return any(channel in ready() for channel in _MISSING)


def _email() -> str:
    return "" if settings.EMAIL_URL else "EMAIL_URL, without which no e-mail leaves"


def _twilio() -> str:
    if settings.TWILIO_ACCOUNT_SID and settings.TWILIO_FROM:
        return ""
    return "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM, without which nobody is texted or called"


def _voice() -> str:
    if not _twilio() and settings.TWILIO_FROM.startswith("MG") and not settings.TWILIO_VOICE_FROM:
        return "TWILIO_VOICE_FROM, without which nobody is called: TWILIO_FROM is a messaging service"
    return _twilio()


def _slack() -> str:
    return "" if settings.SLACK_BOT_TOKEN else "SLACK_BOT_TOKEN, without which nothing is sent to Slack"


# What an installation without is warned of: mail and phones reach people whatever else they use.
_WANTED = ("email", "sms", "voice")
# Channels that need something of the operator. The others are ready as they are.
_MISSING: dict[str, Callable[[], str]] = {"email": _email, "sms": _twilio, "voice": _voice, "slack": _slack}
