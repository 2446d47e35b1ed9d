"""Reading and masking a dead-man address. Standard library only."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 500


class AddressRefused(ValueError):
    """The text is no address that can be pinged; the message says what would be."""


def read_url(text: str) -> str:
    """The address as it will be called; "" for none. Raises AddressRefused with a sentence."""
    url = text.strip()
    if not url:
        return ""
    shape = "Write a web address such as https://hc.example.com/ping/…"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"{shape}. This one cannot be read.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise AddressRefused(f"{shape}. It must begin with http:// or https:// and name a host.")
    if "@" in parts.netloc:
        raise AddressRefused("Write the address without a user name or password in it.")
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise AddressRefused(f"{shape}. At most {LONGEST} characters, without blanks; letters outside ASCII as %xx.")
    return url


def mask_url(url: str) -> str:
    """`https://hc.example.com/ping/0f3…` → `hc.example.com`: the path is the secret."""
    if not url:
        return ""
    return urlsplit(url).netloc.rpartition("@")[2][:254]
