"""E-mail over the operator's SMTP server. Its 250 is all we ever hear, so being accepted is the end of such a page."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email

from oncall.notify.channels.base import CONNECT_S, TOTAL_S, Message, ProviderAnswer, SendError, redact
from oncall.notify.retry import Failure

log = structlog.get_logger(__name__)


class EmailChannel:
    """Plain text, our own Message-ID, and headers that keep mail robots from answering."""

    kind = "email"

    def validate(self, address: str) -> None:
        """Raise ValueError when `address` is not an e-mail address."""
        try:
            validate_email(address)
        except ValidationError as error:
            raise ValueError("This is not an e-mail address.") from error

    def send(self, message: Message, address: str) -> ProviderAnswer:
        """Hand the message to the SMTP server. Raises SendError."""
        connection = get_connection(timeout=CONNECT_S)
        with _closed_after(connection, TOTAL_S):
            try:
                connection.open()
            except (OSError, smtplib.SMTPException) as error:
                # before the first MAIL command nothing can have been taken
                raise _error(error, address, Failure(code=_code(error))) from error
            try:
                connection.send_messages([_letter(message, address)])
            except (OSError, smtplib.SMTPException) as error:
                raise _error(error, address, _judge(error)) from error
        return ProviderAnswer("smtp", message.message_id, "accepted", 250, settings.EMAIL_FROM)


def _letter(message: Message, address: str) -> EmailMessage:
    headers = {
        "Message-ID": message.message_id,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if message.thread_id:
        headers["In-Reply-To"] = headers["References"] = message.thread_id
    envelope = message.bounce_to or settings.EMAIL_FROM
    if message.bounce_to:
        # the envelope says where the letter comes back to; who reads it sees, and answers, the sender as always
        headers["From"] = settings.EMAIL_FROM
    return EmailMessage(message.subject, message.body, envelope, [address], headers=headers)


@contextmanager
def _closed_after(connection: Any, seconds: float) -> Iterator[None]:
    """Cut the line after `seconds` in all: smtplib's own limit is per command, and a tarpit answers each one late."""
    timer = threading.Timer(seconds, _cut, (connection,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        try:
            connection.close()
        except (OSError, smtplib.SMTPException) as error:
            # the letter was taken or refused already; a rude goodbye changes nothing
            log.info("smtp_goodbye_failed", error=type(error).__name__)


def _cut(connection: Any) -> None:
    client = getattr(connection, "connection", None)
    sock = getattr(client, "sock", None)
    if sock is not None:
        try:
            sock.shutdown(2)
        except OSError as error:
            log.info("smtp_line_gone", error=type(error).__name__)


def _judge(error: Exception) -> Failure:
    """Say what a refusal after the greeting means. A line that broke may have broken after the letter was taken."""
    code = _code(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        refused = all(int(reply[0]) >= 500 for reply in error.recipients.values())
        return Failure(permanent=refused, blames_contact=refused, code=code)
    if isinstance(error, smtplib.SMTPResponseException):
        return Failure(permanent=error.smtp_code >= 500, code=code)
    if isinstance(error, smtplib.SMTPServerDisconnected) or not isinstance(error, smtplib.SMTPException):
        return Failure(ambiguous=True, code=code)
    return Failure(permanent=True, code=code)


def _code(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return str(next(iter(error.recipients.values()))[0])
    if isinstance(error, smtplib.SMTPResponseException):
        return str(error.smtp_code)
    return ""


def _error(error: Exception, address: str, failure: Failure) -> SendError:
    text = redact(str(error) or type(error).__name__, address, settings.EMAIL_HOST_PASSWORD)
    return SendError(f"{type(error).__name__}: {text}", failure=failure, http_status=0)
