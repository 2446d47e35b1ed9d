"""Names for rows: public ids that never change, and time-ordered ids for hot tables."""

from __future__ import annotations

import itertools
import secrets
import time

ALPHABET = "abcdefghjkmnpqrstvwxyz0123456789"
PUBLIC_ID_LENGTH = 16
EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z

_counter = itertools.count(secrets.randbits(23))


def new_public_id(prefix: str) -> str:
    """Return `prefix_` and 16 random characters of a 32-letter alphabet (80 bits).

    A public id is the only id that appears in a URL, in the API and in evidence; it is never
    reused and says nothing about how many objects there are.
    """
    # five bits of each random byte are one letter: one call to the system, not sixteen
    return prefix + "_" + "".join([ALPHABET[byte & 31] for byte in secrets.token_bytes(PUBLIC_ID_LENGTH)])


def snowflake() -> int:
    """Return a 63-bit id that grows with time: 40 bits of milliseconds, 23 bits of counter.

    Hot tables have the primary key (day, id). SQLite has no sequence for the second column of a
    composite key, so the id is made here. The counter starts at a random place in each process;
    should two processes meet in one millisecond, the insert fails and is tried again.
    """
    milliseconds = int(time.time() * 1000) - EPOCH_MS
    return (milliseconds << 23) | (next(_counter) & 0x7FFFFF)
