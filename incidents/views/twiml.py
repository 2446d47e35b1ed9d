"""Answers to Twilio, in its own markup."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from django.http import HttpResponse

from oncall.notify.gsm import to_gsm7

# Long enough to find the keypad of a locked phone.
KEY_WAIT_S = 8


def message(text: str) -> HttpResponse:
    """Reply with one SMS, in GSM-7; "" means no reply, which Twilio wants as an empty response."""
    return _response(f"<Message>{escape(to_gsm7(text))}</Message>" if text else "")


def say(text: str) -> HttpResponse:
    """Say something and hang up. A short pause first, since a phone is still on its way to the ear."""
    return _response(f"<Pause/><Say>{escape(text)}</Say><Hangup/>")


def ask(text: str, *, pressed: str, silent: str) -> HttpResponse:
    """Say something and wait for one key, also while speaking.

    pressed: where the key is brought. silent: where to go on when none comes. Every key is a key, the hash too.
    """
    gather = f'<Gather numDigits="1" finishOnKey="" timeout="{KEY_WAIT_S}" method="POST" action={quoteattr(pressed)}>'
    return _response(
        f'<Pause/>{gather}<Say>{escape(text)}</Say></Gather><Redirect method="POST">{escape(silent)}</Redirect>'
    )


def _response(inner: str) -> HttpResponse:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'
    return HttpResponse(body, content_type="text/xml; charset=utf-8")
