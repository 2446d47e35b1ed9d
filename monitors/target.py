"""What an HTTP check asks for and accepts, read and refused with sentences. Pure, standard library only."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
URL_MAX = 2000
KEYWORD_MAX = 500
REDIRECTS_MAX = 10
BODY_MAX = 64_000
HEADERS_MAX = 50
HEADER_BYTES_MAX = 8000
# Set by the request itself; another value would make it say something false about its own bytes.
OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection", "expect", "te", "upgrade", "trailer"})
HEADER_NAME = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")
STATUS_PART = re.compile(r"^([1-5]\d\d)(?:-([1-5]\d\d))?$")
LABEL = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$")
UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


class TargetError(ValueError):
    """A setting that cannot be used. field: its name in the target, the secrets or the monitor."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """What history keeps of an HTTP check. accepted_status: as written, `200-299,304`."""

    url: str
    method: str = "GET"
    accepted_status: str = "200-299"
    keyword: str = ""
    keyword_present: bool = True
    redirects: int = 5
    header_names: tuple[str, ...] = ()
    body_bytes: int = 0
    auth: str = "none"

    @property
    def host(self) -> str:
        """The host of the address, in ASCII and lower case."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port that is called."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    def as_json(self) -> dict[str, Any]:
        """The form in which a monitor keeps it."""
        names = ("url", "method", "accepted_status", "keyword", "keyword_present", "redirects", "body_bytes", "auth")
        return {**{name: getattr(self, name) for name in names}, "header_names": list(self.header_names)}


@dataclass(frozen=True, slots=True)
class HttpSecrets:
    """The write-only half: header values, body and credentials."""

    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    basic: tuple[str, str] | None = None
    bearer: str = ""

    def as_json(self) -> dict[str, Any]:
        """The form in which it is encrypted: only what is set."""
        held: dict[str, Any] = {}
        if self.headers:
            held["headers"] = dict(self.headers)
        if self.body:
            held["body"] = self.body
        if self.basic:
            held["basic"] = list(self.basic)
        if self.bearer:
            held["bearer"] = self.bearer
        return held


def read_target(given: Mapping[str, Any], secrets: HttpSecrets) -> HttpTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    method = str(given.get("method") or "GET").upper()
    if method not in METHODS:
        raise TargetError("method", f"Choose one of {', '.join(METHODS)}.")
    keyword = str(given.get("keyword") or "")
    _check_keyword(keyword, method)
    if secrets.body and method in ("GET", "HEAD"):
        raise TargetError("body", f"A {method} request carries no body. Choose POST, or leave the body empty.")
    return HttpTarget(
        url=read_url(str(given.get("url") or "")),
        method=method,
        accepted_status=read_accepted(str(given.get("accepted_status") or "200-299")),
        keyword=keyword,
        keyword_present=bool(given.get("keyword_present", True)),
        redirects=_read_redirects(given.get("redirects", 5)),
        header_names=tuple(sorted(name for name, _ in secrets.headers)),
        body_bytes=len(secrets.body.encode()),
        auth="basic" if secrets.basic else "bearer" if secrets.bearer else "none",
    )


def read_secrets(given: Mapping[str, Any]) -> HttpSecrets:
    """Read the write-only half. Raises TargetError; its sentences never quote a value."""
    headers = _read_headers(given.get("headers") or {})
    body = str(given.get("body") or "")
    if len(body.encode()) > BODY_MAX:
        raise TargetError("body", f"The body may have {BODY_MAX:,} bytes, and this one has more.")
    basic = given.get("basic")
    if basic and (len(basic) != 2 or ":" in str(basic[0]) or not basic[0]):
        raise TargetError("basic", "Basic sign-in needs a name without a colon, and a password.")
    bearer = str(given.get("bearer") or "")
    if UNSAFE.search(bearer):
        raise TargetError("bearer", "A token has no spaces or line breaks.")
    if basic and bearer:
        raise TargetError("bearer", "Choose either a name and password or a token.")
    if (basic or bearer) and any(name.lower() == "authorization" for name, _ in headers):
        raise TargetError("headers", "Leave out the Authorization header: the sign-in already sends one.")
    return HttpSecrets(headers, body, (str(basic[0]), str(basic[1])) if basic else None, bearer)


def read_url(text: str) -> str:
    """The address in the form that is called: ASCII host, no fragment. Raises TargetError."""
    url = text.strip()
    if not url or len(url) > URL_MAX or UNSAFE.search(url):
        raise TargetError("url", f"Write an address such as https://shop.example.com/health. You wrote {_short(text)}.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise TargetError("url", f"This is not an address that can be called: {_short(text)}.") from None
    if parts.scheme not in ("http", "https"):
        raise TargetError("url", f"The address must begin with http:// or https://. You wrote {_short(text)}.")
    if "@" in parts.netloc:
        sentence = "Leave name and password out of the address; there are fields for them that are encrypted."
        raise TargetError("url", sentence)
    if port == 0:
        raise TargetError("url", "Port 0 cannot be called.")
    host = read_host(parts.hostname or "")
    netloc = f"[{host}]" if ":" in host else host
    path = _quoted(parts.path) or "/"
    return urlunsplit((parts.scheme, f"{netloc}:{port}" if port else netloc, path, _quoted(parts.query), ""))


def read_host(host: str) -> str:
    """A host in ASCII and lower case, as the resolver is asked for it. Raises TargetError.

    Numbers that only some parsers read as an address (0x7f.1, 2130706433) are refused, because what is
    shown must be what is called.
    """
    if ":" in host:
        return _read_ipv6(host)
    try:
        ascii_host = host.encode("idna").decode().lower() if not host.isascii() else host.lower()
    except UnicodeError:
        raise TargetError("url", f"{_short(host)} is not a host name.") from None
    labels = ascii_host.rstrip(".").split(".")
    if len(ascii_host) > 253 or not all(LABEL.match(label) for label in labels):
        raise TargetError("url", f"{_short(host)} is not a host name.")
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):
        try:
            ipaddress.IPv4Address(ascii_host)
        except ValueError:
            raise TargetError("url", f"Write an IPv4 address as four numbers. You wrote {_short(host)}.") from None
    return ascii_host


def read_accepted(text: str) -> str:
    """Status codes and ranges in one form. Raises TargetError."""
    parts = [part for part in re.split(r"[,;\s]+", re.sub(r"\s*-\s*", "-", text.strip())) if part]
    for part in parts:
        match = STATUS_PART.match(part)
        if not match or (match[2] and int(match[2]) < int(match[1])):
            sentence = f"Write status codes and ranges such as 200-299, 304. You wrote {_short(text)}."
            raise TargetError("accepted_status", sentence)
    if not parts or len(parts) > 20:
        raise TargetError("accepted_status", "Write between one and twenty status codes or ranges.")
    return ",".join(parts)


def accepted_ranges(accepted: str) -> tuple[tuple[int, int], ...]:
    """`200-299,304` as inclusive pairs."""
    pairs = (part.partition("-") for part in accepted.split(","))
    return tuple((int(low), int(high or low)) for low, _, high in pairs)


def _check_keyword(keyword: str, method: str) -> None:
    if len(keyword) > KEYWORD_MAX:
        raise TargetError("keyword", f"The words to look for may have {KEYWORD_MAX} characters.")
    if keyword and method == "HEAD":
        raise TargetError("keyword", "An answer to HEAD has no body to look in. Choose GET.")


def _read_redirects(given: Any) -> int:
    try:
        count = int(given)
    except (TypeError, ValueError):
        count = -1
    if not 0 <= count <= REDIRECTS_MAX:
        raise TargetError("redirects", f"The number of redirects to follow is from 0 to {REDIRECTS_MAX}.")
    return count


def _read_headers(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    headers = tuple((str(name).strip(), str(value).strip()) for name, value in given.items())
    if len(headers) > HEADERS_MAX or sum(len(n) + len(v.encode()) for n, v in headers) > HEADER_BYTES_MAX:
        sentence = f"At most {HEADERS_MAX} headers with {HEADER_BYTES_MAX:,} bytes together can be sent."
        raise TargetError("headers", sentence)
    for name, value in headers:
        if not HEADER_NAME.match(name):
            raise TargetError("headers", f"{_short(name)} is not the name of a header.")
        if name.lower() in OWN_HEADERS:
            raise TargetError("headers", f"{name} is set by the request itself.")
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise TargetError("headers", f"The value of {name} has a line break or another control character.")
    return headers


def _read_ipv6(host: str) -> str:
    try:
        if "%" in host:
            raise ValueError("a zone means something on one machine only")
        return str(ipaddress.IPv6Address(host))
    except ValueError:
        raise TargetError("url", f"{_short(host)} is not an IPv6 address.") from None


def _quoted(part: str) -> str:
    """Non-ASCII letters of a path or query as the bytes a browser would send."""
    if part.isascii():
        return part
    return "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in part)


def _short(text: str) -> str:
    shown = text.strip()
    return f"{shown[:80]}…" if len(shown) > 80 else shown or "nothing"
