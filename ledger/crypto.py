"""Keys and what is done with them: encryption at rest, keyed fingerprints, signatures, hashes.

The rules are in docs/security.md. Keys come from settings: `ENCRYPTION_KEYS` is an ordered list of
(key id, 32 bytes), the first encrypts and all decrypt; `FINGERPRINT_KEY` and `SIGNING_KEY` stay
the same when encryption keys are rotated, so that a fingerprint written last year still compares.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

VERSION = "v1"
NONCE_BYTES = 12


class DecryptionError(Exception):
    """The stored value cannot be read with the keys we have, or belongs to another column."""


def encrypt(plain: str, *, column: str) -> str:
    """Encrypt text with AES-256-GCM, bound to `table.column`; return `v1:<key id>:<base64>`.

    The column is the additional data, so a ciphertext copied into another column does not open.
    """
    key_id, key = settings.ENCRYPTION_KEYS[0]
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), column.encode())
    return f"{VERSION}:{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(stored: str, *, column: str) -> str:
    """Open what `encrypt` made. Raises DecryptionError when the key is missing or the text was moved."""
    try:
        version, key_id, body = stored.split(":", 2)
        key = dict(settings.ENCRYPTION_KEYS)[key_id]
        raw = base64.b64decode(body)
        if version != VERSION:
            raise DecryptionError(f"{column}: unknown format {version!r}")
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], column.encode()).decode()
    except KeyError as error:
        raise DecryptionError(f"{column}: no key with id {error.args[0]!r}; keep old keys for reading") from error
    except (ValueError, InvalidTag) as error:
        raise DecryptionError(f"{column}: the stored value is damaged or from another column") from error


def fingerprint(value: str, purpose: str) -> str:
    """Return 16 hex digits that change when the value changes and cannot be computed without the key.

    Stands in history and ledger for what must not be there: addresses, secrets. A plain hash would
    not do, because the space of phone numbers is small enough to be searched.
    """
    return hmac.new(settings.FINGERPRINT_KEY, f"{purpose}\n{value}".encode(), hashlib.sha256).hexdigest()[:16]


def sign(message: str, purpose: str) -> str:
    """Return a URL-safe HMAC-SHA256 of the message under the signing key, separated by purpose."""
    mac = hmac.new(settings.SIGNING_KEY, f"{purpose}\n{message}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def signature_matches(message: str, signature: str, purpose: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(sign(message, purpose).encode(), signature.encode("utf-8", "replace"))


def new_secret() -> str:
    """Return 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def token_hash(secret: str) -> str:
    """SHA-256 of a secret of 256 random bits, in hex: what we store instead of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
