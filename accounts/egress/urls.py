"""Reading addresses that people want called: refused with sentences, or in the form that is called. Standard library only."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

URL_MAX = 2000
LABEL = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$")
UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


class BadUrl(ValueError):
    """The text is no address that can be called; the message quotes it and says what would do."""


def read_url(text: str) -> str:
    """The address in the form that is called: ASCII host, no fragment. Raises BadUrl."""
    url = text.strip()
    if not url or len(url) > URL_MAX or UNSAFE.search(url):
        raise BadUrl(f"Write an address such as https://shop.example.com/health. You wrote {short(text)}.")
    parts = _split(url)
    if parts.scheme not in ("http", "https"):
        raise BadUrl(f"The address must begin with http:// or https://. You wrote {short(text)}.")
    if "@" in parts.netloc:
        raise BadUrl("Leave name and password out of the address; there are fields for them that are encrypted.")
    if parts.port == 0:
        raise BadUrl("Port 0 cannot be called.")
    host = read_host(parts.hostname or "")
    netloc = f"[{host}]" if ":" in host else host
    path = _quoted(parts.path) or "/"
    return urlunsplit(
        (parts.scheme, f"{netloc}:{parts.port}" if parts.port else netloc, path, _quoted(parts.query), "")
    )


def read_host(host: str) -> str:
    """A host in ASCII and lower case, as the resolver is asked for it. Raises BadUrl.

    Numbers that only some parsers read as an address (0x7f.1, 2130706433) are refused, because what is
    shown must be what is called.
    """
    if ":" in host:
        return _read_ipv6(host)
    try:
        ascii_host = host.encode("idna").decode().lower() if not host.isascii() else host.lower()
    except UnicodeError:
        raise BadUrl(f"{short(host)} is not a host name.") from None
    labels = ascii_host.rstrip(".").split(".")
    if len(ascii_host) > 253 or not all(LABEL.match(label) for label in labels):
        raise BadUrl(f"{short(host)} is not a host name.")
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):
        try:
            ipaddress.IPv4Address(ascii_host)
        except ValueError:
            raise BadUrl(f"Write an IPv4 address as four numbers. You wrote {short(host)}.") from None
    return ascii_host


def short(text: str) -> str:
    """What was written, cut to what a sentence can hold."""
    shown = text.strip()
    return f"{shown[:80]}…" if len(shown) > 80 else shown or "nothing"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it is what refuses one that is no number
    except ValueError:
        raise BadUrl(f"This is not an address that can be called: {short(url)}.") from None
    return parts


def _read_ipv6(host: str) -> str:
    try:
        if "%" in host:
            raise ValueError("a zone means something on one machine only")
        return str(ipaddress.IPv6Address(host))
    except ValueError:
        raise BadUrl(f"{short(host)} is not an IPv6 address.") from None


def _quoted(part: str) -> str:
    """Non-ASCII letters of a path or query as the bytes a browser would send."""
    if part.isascii():
        return part
    return "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in part)
