"""The channels, each loaded when the first page goes over it: the Twilio library alone takes a second to import."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.utils.module_loading import import_string

from oncall.notify.channels.base import Canceller, Channel, Inquirer, Standing, Whisperer

CHANNELS: dict[str, str] = {
    "email": "oncall.notify.channels.email.EmailChannel",
    "sms": "oncall.notify.channels.sms.SmsChannel",
    "voice": "oncall.notify.channels.voice.VoiceChannel",
    "pagerduty": "oncall.notify.channels.pagerduty.PagerDutyChannel",
    "slack": "oncall.notify.channels.slack.SlackChannel",
    "webhook": "oncall.notify.channels.webhook.WebhookChannel",
}

# Providers that can be asked what became of a page. A channel without one is never asked.
INQUIRERS: dict[str, str] = {
    "sms": "oncall.notify.channels.sms_inquiry.SmsInquirer",
    "voice": "oncall.notify.channels.voice_inquiry.VoiceInquirer",
}

# Channels whose messages can be taken back while they are on their way.
CANCELLERS: dict[str, str] = {
    "voice": "oncall.notify.channels.voice_inquiry.VoiceCanceller",
}


# Channels that can say something to one member of a chat alone: to whom, where, what.
WHISPERERS: dict[str, str] = {
    "slack": "oncall.notify.channels.slack.whisper",
}


# Providers that say how our account stands.
ACCOUNTS: dict[str, str] = {
    "twilio": "oncall.notify.channels.twilio_client.account",
    "slack": "oncall.notify.channels.slack.account",
}


@cache
def account(provider: str) -> Callable[[], Standing]:
    """Return what asks a provider for our account; raise KeyError for a provider that cannot be asked."""
    return import_string(ACCOUNTS[provider])  # type: ignore[no-any-return]


@cache
def channel(kind: str) -> Channel:
    """Return the channel of a kind; raise KeyError for one nobody wrote."""
    return import_string(CHANNELS[kind])()


@cache
def inquirer(kind: str) -> Inquirer | None:
    """Return who can be asked about pages of a channel; None when nobody can."""
    return import_string(INQUIRERS[kind])() if kind in INQUIRERS else None


@cache
def canceller(kind: str) -> Canceller:
    """Return who takes back messages of a channel; raise KeyError for a channel whose messages cannot be."""
    return import_string(CANCELLERS[kind])()


@cache
def whisperer(kind: str) -> Whisperer:
    """Return what says something to one member alone; raise KeyError for a channel that cannot."""
    return import_string(WHISPERERS[kind])
