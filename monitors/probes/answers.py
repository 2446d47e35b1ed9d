"""What databases answer: the first value of a question, and their complaints in one line that quotes no secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitors.probes.dialing import Fault
from monitors.probes.trace import Place

ROWS_MOST = 1000
WORDS = 120


def first_value(place: Place, rows: Sequence[Sequence[Any]], expected: str) -> None:
    """Compare the first value of the first row, as text, with the expected one. Raises Fault.

    expected: "" for anything, also for no row at all.
    """
    if not expected:
        return
    if not rows or not rows[0]:
        raise Fault("value", f"The query on {place} found no row, and “{expected[:WORDS]}” was expected.")
    found = as_text(rows[0][0])
    if found != expected:
        sentence = f"The query on {place} found “{found[:WORDS]}”, and “{expected[:WORDS]}” was expected."
        raise Fault("value", sentence)


def too_many(place: Place) -> Fault:
    """A question that was answered with a whole table."""
    return Fault("query", f"The query on {place} found more than {ROWS_MOST:,} rows; ask for one value.")


def as_text(value: Any) -> str:
    """A value as a person would write it: true and false in small letters, nothing for NULL."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def without_secret(words: str, secret: str) -> str:
    """A complaint in one line, short, without its last full stop, and without the secret should it quote it."""
    line = " ".join(words.split())
    if secret:
        line = line.replace(secret, "…")
    return line[:WORDS].rstrip(". ")
