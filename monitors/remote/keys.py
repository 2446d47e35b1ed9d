"""The keys of a remote probe and of the engine: one secret of 32 bytes makes a pair to seal to and a pair to sign with.

The public half is one text that a person copies from the probe's machine to the page of its location, and back the
other way. The private half never leaves its machine. No Django here: the probe has no database.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX = "wbk1_"
SEED_BYTES = 32
ID_BYTES = 8


class UnreadableKey(ValueError):
    """A text that is no key of ours; the message is a sentence for who pasted it."""


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What others know of a party: seal to it with the first half, verify what it signed with the second."""

    seal: bytes
    sign: bytes

    @property
    def text(self) -> str:
        """As people copy it."""
        return PREFIX + base64.urlsafe_b64encode(self.seal + self.sign).decode().rstrip("=")

    @property
    def id(self) -> bytes:
        """Eight bytes that name the party in a message and its queue."""
        return hashlib.sha256(self.seal + self.sign).digest()[:ID_BYTES]

    @property
    def name(self) -> str:
        """The same as 16 hex digits."""
        return self.id.hex()

    def sealing(self) -> X25519PublicKey:
        """The half to seal to."""
        return X25519PublicKey.from_public_bytes(self.seal)

    def verifying(self) -> Ed25519PublicKey:
        """The half to verify with."""
        return Ed25519PublicKey.from_public_bytes(self.sign)


@dataclass(frozen=True, slots=True)
class PrivateKeys:
    """What only the party itself has."""

    seal: X25519PrivateKey
    sign: Ed25519PrivateKey
    public: PublicKeys


@lru_cache(maxsize=256)
def private_keys(seed: bytes) -> PrivateKeys:
    """Both pairs of a secret of 32 bytes. Raises UnreadableKey for another length."""
    if len(seed) != SEED_BYTES:
        raise UnreadableKey("A probe's key is 32 bytes in base64.")
    seal = X25519PrivateKey.from_private_bytes(_derive(seed, b"watchbook.remote.seal"))
    sign = Ed25519PrivateKey.from_private_bytes(_derive(seed, b"watchbook.remote.sign"))
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    public = PublicKeys(seal.public_key().public_bytes(*raw), sign.public_key().public_bytes(*raw))
    return PrivateKeys(seal, sign, public)


@lru_cache(maxsize=256)
def read_public(text: str) -> PublicKeys:
    """The keys in a text that somebody copied. Raises UnreadableKey with a sentence."""
    body = text.strip().removeprefix(PREFIX)
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if not text.strip().startswith(PREFIX) or len(raw) != 64:
        raise UnreadableKey(f"This is no public key of a probe: one begins with {PREFIX} and is printed by --enrol.")
    return PublicKeys(raw[:32], raw[32:])


def new_seed() -> bytes:
    """A new secret."""
    return secrets.token_bytes(SEED_BYTES)


def engine_seed(signing_key: bytes) -> bytes:
    """The engine's secret, made from the installation's signing key."""
    return _derive(signing_key, b"watchbook.remote.engine")


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=SEED_BYTES, salt=None, info=purpose).derive(secret)
