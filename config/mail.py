"""The mail backend of an installation that has no mail server: it fails aloud."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class NoMailServer(BaseEmailBackend):
    """Refuses every message. A backend that dropped them would turn a missing setting into silence."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Raise SMTPException with the sentence the operator needs."""
        raise smtplib.SMTPException("EMAIL_URL is not set, so no e-mail can be sent.")
