"""Reading what people type about a request: addresses, status ranges, header lines. Standard library only."""

import re
from urllib.parse import urlsplit

HEADER_NAME = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
STATUS_PART = re.compile(r"^([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?$")
URL_MAX = 2000


def read_url(text: str) -> str:
    """The address, with `https://` put before a bare host. Raises ValueError with a sentence for the form."""
    url = text.strip()
    if url and "://" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
        parts = urlsplit("")
    if not good or any(c.isspace() for c in url) or len(url) > URL_MAX:
        raise ValueError(f"Write an address such as https://shop.example.com/health. You wrote {_short(text)}.")
    if parts.username or parts.password:
        raise ValueError("Leave name and password out of the address; the form has fields for them that are encrypted.")
    return url


def read_status(text: str) -> str:
    """Status codes and ranges in one form, `200-299,304`. Raises ValueError with a sentence for the form."""
    parts = []
    for part in re.split(r"[,;\s]+", re.sub(r"\s*-\s*", "-", text.strip())):
        match = STATUS_PART.match(part)
        if not match or (match[2] and int(match[2]) < int(match[1])):
            raise ValueError(f"Write codes and ranges such as 200-299, 304. You wrote {_short(text)}.")
        parts.append(part)
    return ",".join(parts)


def read_headers(text: str) -> dict[str, str]:
    """`Name: value` lines to a dict. Raises ValueError naming the line that cannot be read."""
    headers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not HEADER_NAME.match(name.strip()):
            raise ValueError(f"Line {number} is not a header. Write one a line, as in X-Api-Key: abc.")
        headers[name.strip()] = value.strip()
    return headers


def _short(text: str) -> str:
    shown = text.strip()
    return f"{shown[:80]}…" if len(shown) > 80 else shown or "nothing"
