"""What the address of a ping says: which key, which slug, what happened. Standard library only.

/ping/<uuid>[/start|/fail|/log|/<exit status>]     one heartbeat
/ping/<key>/<slug>[/…]                             a heartbeat by its slug
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from uuid import UUID

from monitors.heartbeats.fold import Kind

BODY_MAX = 10_000
SLUG_MAX = 100
KEY_MAX = 64
EXIT_MAX = 255
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SLUG = re.compile(r"[a-z0-9_-]{1,100}")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EXIT = re.compile(r"[0-9]{1,9}", re.ASCII)
_ACTIONS = {"start": Kind.START, "fail": Kind.FAIL, "log": Kind.LOG}


class BadAddress(ValueError):
    """An address that means nothing."""


@dataclass(frozen=True, slots=True)
class Address:
    """What an address says. slug: "" where the key is that of one heartbeat. exit_status: None where none is told."""

    key: str
    slug: str
    kind: Kind
    exit_status: int | None = None

    @property
    def digest(self) -> str:
        """What is stored instead of the key."""
        return key_digest(self.key)


def read_address(path: str) -> Address:
    """Read what stands behind `/ping/`. Raises BadAddress."""
    parts = path.removesuffix("/").split("/")
    key, *rest = parts
    if _UUID.fullmatch(key) and len(rest) <= 1 and (not rest or _is_action(rest[0])):
        kind, exit_status = _action(rest)
        return Address(key.lower(), "", kind, exit_status)
    if not _KEY.fullmatch(key) or not 1 <= len(rest) <= 2 or not _SLUG.fullmatch(rest[0]):
        raise BadAddress(path)
    kind, exit_status = _action(rest[1:])
    return Address(key, rest[0], kind, exit_status)


def read_rid(text: str) -> str:
    """A run id in its canonical form, small letters. Raises BadAddress."""
    if not _UUID.fullmatch(text):
        raise BadAddress(text)
    return text.lower()


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in its canonical form."""
    return bool(_UUID.fullmatch(text))


def is_slug(text: str) -> bool:
    """Whether the text can be a slug."""
    return bool(_SLUG.fullmatch(text))


def is_key(text: str) -> bool:
    """Whether the text can be a key that is used with a slug: long enough not to be guessed."""
    return len(text) >= 20 and bool(_KEY.fullmatch(text)) and not is_uuid(text)


def slug_of(name: str) -> str:
    """A slug made of a name: `Nightly backup (db1)` is `nightly-backup-db1`; `job` where nothing is left."""
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:SLUG_MAX].strip("-") or "job"


def key_digest(key: str) -> str:
    """SHA-256 of a key, in hex. A key has at least 100 random bits, so no salt is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


def uuid_of(raw: bytes) -> str:
    """A version-4 UUID out of 16 bytes."""
    return str(UUID(bytes=raw[:16], version=4))


def _is_action(word: str) -> bool:
    return word in _ACTIONS or bool(_EXIT.fullmatch(word))


def _action(words: list[str]) -> tuple[Kind, int | None]:
    if not words:
        return Kind.SUCCESS, None
    word = words[0]
    if word in _ACTIONS:
        return _ACTIONS[word], None
    if not _EXIT.fullmatch(word) or int(word) > EXIT_MAX:
        raise BadAddress(word)
    status = int(word)
    return (Kind.FAIL if status else Kind.SUCCESS), status
