"""How an endpoint's address and a receiver's answer look where the whole of it must not be shown. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

EXCERPT = 200
READ = 4_096
_HIDDEN = (
    re.compile(r"[^\s@\"'<>]{1,64}@[^\s@\"'<>]{1,253}"),  # e-mail addresses
    re.compile(r"\+?\d[\d ()/.-]{6,20}\d"),  # phone numbers, and other long numbers with them
    re.compile(r"[A-Za-z0-9_\-+/=]{24,}"),  # keys and tokens
)


def mask_url(url: str) -> str:
    """`https://hooks.example.com/…`: where it goes, without the path and query in which keys tend to stand."""
    parts = urlsplit(url)
    more = "…" if parts.path not in ("", "/") or parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{more}"[:300]


def excerpt(body: bytes) -> str:
    """The beginning of an answer in one line of at most 200 characters, addresses, numbers and keys taken out."""
    text = body[:READ].decode("utf-8", "replace")
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    for pattern in _HIDDEN:
        text = pattern.sub("…", text)
    return text[:EXCERPT]
