"""Signatures of webhooks as Standard Webhooks 1.0 has them. Pure: standard library only; told in docs/webhooks.md.

The signed text is `id.timestamp.body`; the key is what `whsec_` stands before, in base64; one signature for each
secret in force, `v1,` before each, a space between.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
KEY_BYTES = 32


def spell_secret(key: bytes) -> str:
    """The form in which a receiver gets a key."""
    return PREFIX + base64.b64encode(key).decode()


def new_secret() -> str:
    """A secret that nobody has seen, in the form in which a receiver gets it."""
    return spell_secret(secrets.token_bytes(KEY_BYTES))


def read_secret(secret: str) -> bytes:
    """The key of a secret. Raises ValueError for text that is none."""
    if not secret.startswith(PREFIX):
        raise ValueError(f"A secret begins with {PREFIX}.")
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def sign(secret: str, event: str, timestamp: int, body: bytes) -> str:
    """One signature: `v1,` and the base64 of an HMAC-SHA256. timestamp: Unix seconds of the attempt."""
    signed = f"{event}.{timestamp}.".encode() + body
    mac = hmac.new(read_secret(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


def headers(keys: Iterable[str], event: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of an attempt."""
    return {
        "webhook-id": event,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, event, timestamp, body) for secret in keys),
    }
