"""What an HTTP check asks for and accepts, read and refused with sentences. Pure, standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from monitors.kinds.base import Field, Kind, Secrets, Settings, Shape
from monitors.kinds.text import UNSAFE, URL_MAX, TargetError, read_url, read_whole, short

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
KEYWORD_MAX = 500
REDIRECTS_MAX = 10
BODY_MAX = 64_000
HEADERS_MAX = 50
HEADER_BYTES_MAX = 8000
# Set by the request itself; another value would make it say something false about its own bytes.
OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection", "expect", "te", "upgrade", "trailer"})
HEADER_NAME = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")
STATUS_PART = re.compile(r"^([1-5]\d\d)(?:-([1-5]\d\d))?$")
AUTH = ("none", "basic", "bearer")


@dataclass(frozen=True, slots=True)
class HttpTarget(Settings):
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
    def address(self) -> str:
        """What is called, as a person is shown it."""
        return self.url

    @property
    def host(self) -> str:
        """The host of the address, in ASCII and lower case."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port that is called."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)


@dataclass(frozen=True, slots=True)
class HttpSecrets(Secrets):
    """The write-only half: header values, body and credentials."""

    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    basic: tuple[str, str] | None = None
    bearer: str = ""

    def as_json(self) -> dict[str, Any]:
        """The form in which it is encrypted: only what is set."""
        held = Secrets.as_json(self)
        return {**held, "headers": dict(self.headers)} if self.headers else held


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
        redirects=read_whole("redirects", given.get("redirects", 5), 0, REDIRECTS_MAX),
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
    if basic and (len(basic) != 2 or ":" in str(basic[0]) or not all(basic)):
        raise TargetError("basic", "Basic sign-in needs a name without a colon, and a password.")
    bearer = str(given.get("bearer") or "")
    if UNSAFE.search(bearer):
        raise TargetError("bearer", "A token has no spaces or line breaks.")
    if basic and bearer:
        raise TargetError("bearer", "Choose either a name and password or a token.")
    if (basic or bearer) and any(name.lower() == "authorization" for name, _ in headers):
        raise TargetError("headers", "Leave out the Authorization header: the sign-in already sends one.")
    return HttpSecrets(headers, body, (str(basic[0]), str(basic[1])) if basic else None, bearer)


def read_accepted(text: str) -> str:
    """Status codes and ranges in one form. Raises TargetError."""
    parts = [part for part in re.split(r"[,;\s]+", re.sub(r"\s*-\s*", "-", text.strip())) if part]
    for part in parts:
        match = STATUS_PART.match(part)
        if not match or (match[2] and int(match[2]) < int(match[1])):
            sentence = f"Write status codes and ranges such as 200-299, 304. You wrote {short(text)}."
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


def _read_headers(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    headers = tuple((str(name).strip(), str(value).strip()) for name, value in given.items())
    if len(headers) > HEADERS_MAX or sum(len(n) + len(v.encode()) for n, v in headers) > HEADER_BYTES_MAX:
        sentence = f"At most {HEADERS_MAX} headers with {HEADER_BYTES_MAX:,} bytes together can be sent."
        raise TargetError("headers", sentence)
    for name, value in headers:
        if not HEADER_NAME.match(name):
            raise TargetError("headers", f"{short(name)} is not the name of a header.")
        if name.lower() in OWN_HEADERS:
            raise TargetError("headers", f"{name} is set by the request itself.")
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise TargetError("headers", f"The value of {name} has a line break or another control character.")
    return headers


FIELDS = (
    Field("url", "Address", Shape.URL, most=URL_MAX, required=True, everyday=True),
    Field("method", "Method", Shape.CHOICE, default="GET", choices=tuple((m, m) for m in METHODS), half=True),
    Field(
        "accepted_status", "Good answers", help="Status codes and ranges, as in 200-299, 304.", default="200-299", half=True,
    ),
    Field(
        "keyword_present", "The answer", Shape.YES_NO, default=True, half=True,
        choices=(("yes", "Must contain"), ("no", "Must not contain")),
    ),
    Field("keyword", "These words", Shape.WORDS, help="Empty: it may say anything.", most=KEYWORD_MAX, half=True),
    Field(
        "redirects", "Redirects to follow", Shape.WHOLE, help="0 judges the first answer.", default=5, most=REDIRECTS_MAX,
    ),
    Field(
        "headers", "Request headers", Shape.HEADERS, help="One a line: X-Api-Key: abc.", most=HEADERS_MAX, secret=True,
        held="header_names",
    ),
    Field("body", "Request body", Shape.LINES, most=BODY_MAX, secret=True, held="body_bytes"),
    Field("basic", "Sign in with a name", Shape.SIGN_IN, most=1000, secret=True, held="auth", instead_of="bearer"),
    Field("bearer", "Or with a bearer token", most=4000, secret=True, held="auth", instead_of="basic"),
)  # fmt: skip
TOLD = (
    Field("header_names", "Headers sent", Shape.LIST),
    Field("body_bytes", "Bytes of the body", Shape.WHOLE),
    Field("auth", "Signs in with", Shape.CHOICE, choices=tuple((word, word) for word in AUTH)),
)
KIND = Kind(
    name="http",
    label="HTTP",
    about="Asks a web address and looks at the answer.",
    fields=FIELDS,
    told=TOLD,
    target=HttpTarget,
    read_target=read_target,
    read_secrets=read_secrets,
    address_field="url",
)
