"""How a receiver's answer looks where the whole of it must not be shown. Pure."""

from __future__ import annotations

import re

EXCERPT = 200
READ = 4_096
_HIDDEN = (
    re.compile(r"[^\s@\"'<>]{1,64}@[^\s@\"'<>]{1,253}"),  # e-mail addresses
    re.compile(r"\+?\d[\d ()/.-]{6,20}\d"),  # phone numbers, and other long numbers with them
    re.compile(r"[A-Za-z0-9_\-+/=]{24,}"),  # keys and tokens
)


def excerpt(body: bytes) -> str:
    """The beginning of an answer in one line of at most 200 characters, addresses, numbers and keys taken out."""
    text = body[:READ].decode("utf-8", "replace")
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    for pattern in _HIDDEN:
        text = pattern.sub("…", text)
    return text[:EXCERPT]
