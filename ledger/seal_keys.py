"""The key that signs seals and packs: ECDSA on P-256, because every openssl an auditor may have can verify it.

The private key is made from the 32 bytes of `SEAL_KEY`, which are kept like the other keys (docs/security.md). The
fingerprint is SHA-256 of the public key in DER form, which is what two commands of an outsider's shell print.
"""

from __future__ import annotations

import hashlib
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
_SHA256 = ec.ECDSA(hashes.SHA256())


def public_pem() -> str:
    """The public key of this installation, as openssl reads it."""
    return _pem(_private(settings.SEAL_KEY).public_key())


def fingerprint() -> str:
    """The fingerprint of this installation's public key, 64 hex digits: what an outsider notes before any dispute."""
    return _fingerprint(_private(settings.SEAL_KEY).public_key())


def fingerprint_of(pem: str) -> str:
    """The fingerprint of a public key. Raises ValueError for a text that is none."""
    return _fingerprint(_public(pem))


def sign(data: bytes) -> bytes:
    """The signature in DER form, as `openssl dgst -sha256 -verify` takes it. Two signatures of one text differ."""
    return _private(settings.SEAL_KEY).sign(data, _SHA256)


def holds(pem: str, signature: bytes, data: bytes) -> bool:
    """Whether this signature over the data was made with the private half of this key."""
    try:
        _public(pem).verify(signature, data, _SHA256)
    except (InvalidSignature, ValueError):
        return False
    return True


@cache
def _private(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """Any 32 bytes make a key: folded into the range that the curve allows."""
    return ec.derive_private_key(int.from_bytes(secret, "big") % (ORDER - 1) + 1, ec.SECP256R1())


def _public(pem: str) -> ec.EllipticCurvePublicKey:
    key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("This is no key on an elliptic curve.")
    return key


def _pem(key: ec.EllipticCurvePublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


def _fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, form)).hexdigest()
