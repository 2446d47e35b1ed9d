"""Reading what people write into a check: addresses, hosts, numbers. Refused with sentences. Standard library only."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

URL_MAX = 2000
LABEL = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$")
UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


class TargetError(ValueError):
    """A setting that cannot be used. field: its name in the target, the secrets or the monitor."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


def read_url(text: str) -> str:
    """The address in the form that is called: ASCII host, no fragment. Raises TargetError."""
    url = text.strip()
    if not url or len(url) > URL_MAX or UNSAFE.search(url):
        raise TargetError("url", f"Write an address such as https://shop.example.com/health. You wrote {short(text)}.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise TargetError("url", f"This is not an address that can be called: {short(text)}.") from None
    if parts.scheme not in ("http", "https"):
        raise TargetError("url", f"The address must begin with http:// or https://. You wrote {short(text)}.")
    if "@" in parts.netloc:
        sentence = "Leave name and password out of the address; there are fields for them that are encrypted."
        raise TargetError("url", sentence)
    if port == 0:
        raise TargetError("url", "Port 0 cannot be called.")
    host = read_host(parts.hostname or "")
    netloc = f"[{host}]" if ":" in host else host
    path = _quoted(parts.path) or "/"
    return urlunsplit((parts.scheme, f"{netloc}:{port}" if port else netloc, path, _quoted(parts.query), ""))


def read_host(host: str, field: str = "url") -> str:
    """A host in ASCII and lower case, as the resolver is asked for it. Raises TargetError.

    Numbers that only some parsers read as an address (0x7f.1, 2130706433) are refused, because what is
    shown must be what is called.
    """
    if ":" in host:
        return _read_ipv6(host, field)
    try:
        ascii_host = host.encode("idna").decode().lower() if not host.isascii() else host.lower()
    except UnicodeError:
        raise TargetError(field, f"{short(host)} is not a host name.") from None
    labels = ascii_host.rstrip(".").split(".")
    if len(ascii_host) > 253 or not all(LABEL.match(label) for label in labels):
        raise TargetError(field, f"{short(host)} is not a host name.")
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):
        try:
            ipaddress.IPv4Address(ascii_host)
        except ValueError:
            raise TargetError(field, f"Write an IPv4 address as four numbers. You wrote {short(host)}.") from None
    return ascii_host


def _read_ipv6(host: str, field: str) -> str:
    try:
        if "%" in host:
            raise ValueError("a zone means something on one machine only")
        return str(ipaddress.IPv6Address(host))
    except ValueError:
        raise TargetError(field, f"{short(host)} is not an IPv6 address.") from None


def _quoted(part: str) -> str:
    """Non-ASCII letters of a path or query as the bytes a browser would send."""
    if part.isascii():
        return part
    return "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in part)


def short(text: str) -> str:
    """What was written, cut to what a sentence can hold."""
    shown = text.strip()
    return f"{shown[:80]}…" if len(shown) > 80 else shown or "nothing"


def read_port(given: Any, default: int) -> int:
    """A port, as a number or as it was typed. Raises TargetError of `port`."""
    return read_whole("port", default if given in (None, "") else given, 1, 65_535)


def read_whole(field: str, given: Any, least: int, most: int) -> int:
    """A whole number within bounds. Raises TargetError."""
    text = str(given).strip()
    if isinstance(given, bool) or not re.fullmatch(r"-?\d{1,12}", text) or not least <= int(text) <= most:
        raise TargetError(field, f"Write a whole number from {least:,} to {most:,}.")
    return int(text)


def read_choice(field: str, given: Any, allowed: Iterable[str]) -> str:
    """One of a few words. Raises TargetError."""
    words = tuple(allowed)
    if given not in words:
        raise TargetError(field, f"Choose one of {', '.join(words)}.")
    return str(given)


def read_text(field: str, given: Any, most: int) -> str:
    """A text of at most `most` characters, without control characters other than tab and line ends."""
    text = str(given or "")
    if len(text) > most:
        raise TargetError(field, f"This may have {most:,} characters.")
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        raise TargetError(field, "This has a control character in it.")
    return text
