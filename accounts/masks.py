"""Masks: how an address looks where the whole of it must not be shown or kept."""

from __future__ import annotations

from urllib.parse import urlsplit


def mask_email(address: str) -> str:
    """`alice.m@example.com` → `a…@example.com`; the domain stays, since it is the company's."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}…@{domain}" if domain else "…"


def mask_phone(number: str) -> str:
    """`+447700900080` → `+44 … 80`: the start of the country code and the last two digits."""
    return f"{number[:3]} … {number[-2:]}" if len(number) > 6 else "…"


def mask_key(key: str) -> str:
    """`R0A1…9ZK4` → `… 9ZK4`: enough to tell two keys apart."""
    return f"… {key[-4:]}" if len(key) > 8 else "…"


def mask_member(member: str) -> str:
    """`U024BE7LH` → `U … 7LH`: a member (U, W) or a channel (C, G) of Slack, and the end of its id."""
    return f"{member[:1]} … {member[-3:]}" if len(member) > 6 else "…"


def mask_name(name: str) -> str:
    """Initials: `Ben Okafor` → `B. O.`"""
    return " ".join(f"{word[0]}." for word in name.split() if word)


def mask_url(url: str) -> str:
    """`https://hooks.example.com/…`: where it goes, without the path and query in which keys tend to stand."""
    parts = urlsplit(url)
    more = "…" if parts.path not in ("", "/") or parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{more}"[:300]
