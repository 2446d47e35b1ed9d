"""Answers to Twilio, in its own markup."""

from __future__ import annotations

from xml.sax.saxutils import escape

from django.http import HttpResponse

from oncall.notify.gsm import to_gsm7


def message(text: str) -> HttpResponse:
    """Reply with one SMS, in GSM-7; "" means no reply, which Twilio wants as an empty response."""
    inner = f"<Message>{escape(to_gsm7(text))}</Message>" if text else ""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'
    return HttpResponse(body, content_type="text/xml; charset=utf-8")
