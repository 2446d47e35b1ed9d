"""SMS over Twilio: one segment, a limit on how long it may wait, and a place for Twilio to report to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.conf import settings
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

from oncall.notify.channels.base import Message, ProviderAnswer, SendError, redact
from oncall.notify.channels.twilio_client import LineError, NotConfigured, client
from oncall.notify.retry import Failure, judge_twilio

_E164 = re.compile(r"\+[1-9]\d{6,14}")


class SmsChannel:
    """Texts to phones."""

    kind = "sms"

    def validate(self, address: str) -> None:
        """Raise ValueError when `address` is not a phone number in E.164."""
        if not _E164.fullmatch(address):
            raise ValueError("This is not a phone number with its country code, such as +447700900080.")

    def send(self, message: Message, address: str) -> ProviderAnswer:
        """Ask Twilio to send the text. Raises SendError."""
        origin = settings.TWILIO_FROM
        sender = {"messaging_service_sid": origin} if origin.startswith("MG") else {"from_": origin}
        try:
            made = client().messages.create(
                to=address,
                body=message.body,
                validity_period=message.ttl_s,
                status_callback=message.status_url if _can_report_to(message.status_url) else None,
                **sender,
            )
        except NotConfigured as error:
            raise SendError(str(error), failure=Failure(permanent=True, code="unconfigured")) from error
        except LineError as error:
            raise SendError(_safe(error, address), ambiguous=error.ambiguous) from error
        except (TwilioRestException, TwilioServiceException) as error:
            failure = judge_twilio(int(error.status), int(error.code or 0))
            raise SendError(_safe(error, address), failure=failure, http_status=int(error.status)) from error
        except (TwilioException, ValueError) as error:
            # an answer the library cannot read: Twilio, or something on the way, may have taken the text
            raise SendError(_safe(error, address), ambiguous=True) from error
        if not made.sid:
            raise SendError("Twilio answered without an id for the text.", ambiguous=True)
        return ProviderAnswer("twilio", made.sid, made.status or "accepted", 201, origin)


def _can_report_to(url: str) -> bool:
    """A provider elsewhere refuses a text that asks for reports to this very machine; then it is polled instead."""
    return not _is_here(url) or _is_here(settings.TWILIO_BASE_URL)


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _safe(error: Exception, address: str) -> str:
    text = getattr(error, "msg", "") or getattr(error, "title", "") or str(error)
    hidden = (settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_PREVIOUS, address, address.lstrip("+"))
    return redact(text, *hidden)
