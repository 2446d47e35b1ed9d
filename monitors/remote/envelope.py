"""One form for every message over the broker: sealed to its reader, signed by its writer, bound to what it is.

magic "WBR1" | writer's id 8 | ephemeral X25519 key 32 | nonce 12 | AES-256-GCM text | Ed25519 signature 64

The signature covers everything before it and the name of the message's purpose, so a plan can never be taken for a
result. Ids of writer and reader and the purpose are the additional data of the cipher.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from monitors.remote.keys import ID_BYTES, PrivateKeys, PublicKeys

MAGIC = b"WBR1"
KEY, NONCE, TAG, SIGNATURE = 32, 12, 16, 64
HEAD = len(MAGIC) + ID_BYTES + KEY + NONCE
PLAN, RESULTS, ACK = "plan", "results", "ack"
# A plan may hold the request bodies of hundreds of monitors, and comes from the engine; results are bounded by us.
MOST_BYTES = {PLAN: 67_108_864, RESULTS: 4_194_304, ACK: 65_536}


class Refused(ValueError):
    """A message that is not taken. why: unreadable, stranger, forged or wrong; never what it holds."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def seal(body: bytes, *, by: PrivateKeys, to: PublicKeys, purpose: str) -> bytes:
    """A message that only `to` can read and only `by` can have written."""
    once = X25519PrivateKey.generate()
    shared = once.exchange(to.sealing())
    ephemeral = once.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    nonce = secrets.token_bytes(NONCE)
    bound = _bound(by.public.id, to.id, purpose)
    text = AESGCM(_key(shared, ephemeral, bound)).encrypt(nonce, body, bound)
    message = MAGIC + by.public.id + ephemeral + nonce + text
    return message + by.sign.sign(message + bound)


def writer_of(message: bytes, purpose: str) -> bytes:
    """The id of who claims to have written a message. Raises Refused for what is no message at all, or too long."""
    if not HEAD + TAG + SIGNATURE <= len(message) <= MOST_BYTES[purpose] or not message.startswith(MAGIC):
        raise Refused("unreadable")
    return message[len(MAGIC) : len(MAGIC) + ID_BYTES]


def unseal(message: bytes, *, mine: PrivateKeys, writer: PublicKeys, purpose: str) -> bytes:
    """What `writer` wrote to us. Raises Refused for a message of somebody else, for somebody else, or changed."""
    if writer_of(message, purpose) != writer.id:
        raise Refused("stranger")
    bound = _bound(writer.id, mine.public.id, purpose)
    signed, signature = message[:-SIGNATURE], message[-SIGNATURE:]
    try:
        writer.verifying().verify(signature, signed + bound)
        ephemeral = signed[len(MAGIC) + ID_BYTES : HEAD - NONCE]
        shared = mine.seal.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        return AESGCM(_key(shared, ephemeral, bound)).decrypt(signed[HEAD - NONCE : HEAD], signed[HEAD:], bound)
    except (InvalidSignature, InvalidTag, ValueError):
        raise Refused("forged") from None


def _bound(writer: bytes, reader: bytes, purpose: str) -> bytes:
    return writer + reader + purpose.encode()


def _key(shared: bytes, ephemeral: bytes, bound: bytes) -> bytes:
    info = b"watchbook.remote.message" + bound
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=ephemeral, info=info).derive(shared)
