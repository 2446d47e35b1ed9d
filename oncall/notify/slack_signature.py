"""Whether a request really comes from Slack for our app: version 0 of its signing scheme, over the bytes that came."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from django.conf import settings

TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
# What is older was kept by somebody to be sent again.
WINDOW_S = 300


def verify(body: bytes, timestamp: str | None, signature: str | None, *, now: datetime) -> bool:
    """Return whether these bytes were signed within five minutes of `now`, with the current or the previous secret.

    No secret configured means no: a request nobody could have signed is refused.
    """
    secrets = [one for one in (settings.SLACK_SIGNING_SECRET, settings.SLACK_SIGNING_SECRET_PREVIOUS) if one]
    if not secrets or not signature or not timestamp:
        return False
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now.timestamp() - int(timestamp)) > WINDOW_S:
        return False
    given = signature.encode("utf-8", "replace")
    return any(hmac.compare_digest(sign(secret, timestamp, body).encode(), given) for secret in secrets)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body: `v0=` and the hex of an HMAC-SHA256."""
    mac = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return f"v0={mac.hexdigest()}"
