"""What checks over HTTP have in common, read and refused with sentences. Pure, standard library only."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from monitors.kinds.base import Field, Secrets, Settings, Shape
from monitors.kinds.text import UNSAFE, URL_MAX, TargetError, read_choice, read_text, read_url, read_whole, short

REDIRECTS_MAX = 10
HEADERS_MAX = 50
HEADER_BYTES_MAX = 8000
BODY_CAP = 1_048_576  # bytes
PEM_MAX = 64_000
AUTH = ("none", "basic", "bearer")
VERSIONS = (("any", "Any"), ("1.1", "HTTP/1.1"), ("2", "HTTP/2"))
FAMILIES = (("any", "Any"), ("4", "IPv4"), ("6", "IPv6"))
# Set by the request itself; another value would make it say something false about its own bytes.
OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection", "expect", "te", "upgrade", "trailer"})
HEADER_NAME = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")
STATUS_PART = re.compile(r"^([1-5]\d\d)(?:-([1-5]\d\d))?$")


@dataclass(frozen=True, slots=True)
class WebTarget(Settings):
    """What history keeps of any check over HTTP. accepted_status: as written, `200-299,304`. body_cap: bytes.

    client, authorities: who they are and until when, as `describe` of the probe read them.
    """

    url: str
    accepted_status: str = "200-299"
    redirects: int = 5
    http_version: str = "1.1"
    ip_family: str = "any"
    compressed: bool = False
    body_cap: int = BODY_CAP
    ca: str = ""
    header_names: tuple[str, ...] = ()
    auth: str = "none"
    client: str = ""
    authorities: str = ""

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
class WebSecrets(Secrets):
    """The write-only half: header values, credentials, and a client certificate with its key (PEM)."""

    headers: tuple[tuple[str, str], ...] = ()
    basic: tuple[str, str] | None = None
    bearer: str = ""
    client_certificate: str = ""
    client_key: str = ""

    def as_json(self) -> dict[str, Any]:
        """The form in which it is encrypted: only what is set."""
        held = Secrets.as_json(self)
        return {**held, "headers": dict(self.headers)} if self.headers else held


def read_web(given: Mapping[str, Any], secrets: WebSecrets) -> dict[str, Any]:
    """The settings of a WebTarget as a form, the API or a row gives them. Raises TargetError."""
    url = read_url(str(given.get("url") or ""))
    family = read_choice("ip_family", given.get("ip_family") or "any", dict(FAMILIES))
    _check_family(url, family)
    ca = read_pem("ca", given.get("ca"))
    if (ca or secrets.client_certificate) and not url.startswith("https:"):
        field = "ca" if ca else "client_certificate"
        raise TargetError(field, "Certificates are used with https:// only.")
    return {
        "url": url,
        "accepted_status": read_accepted(str(given.get("accepted_status") or "200-299")),
        "redirects": read_whole("redirects", given.get("redirects", 5), 0, REDIRECTS_MAX),
        "http_version": read_choice("http_version", given.get("http_version") or "1.1", dict(VERSIONS)),
        "ip_family": family,
        "compressed": bool(given.get("compressed", False)),
        "body_cap": read_whole("body_cap", given.get("body_cap") or BODY_CAP, 1, BODY_CAP),
        "ca": ca,
        "header_names": tuple(sorted(name for name, _ in secrets.headers)),
        "auth": "basic" if secrets.basic else "bearer" if secrets.bearer else "none",
        "client": str(given.get("client") or "") if secrets.client_certificate else "",
        "authorities": str(given.get("authorities") or "") if ca else "",
    }


def read_web_secrets(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of WebSecrets. Raises TargetError; its sentences never quote a value."""
    headers = _read_headers(given.get("headers") or {})
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
    certificate = read_pem("client_certificate", given.get("client_certificate"))
    key = read_pem("client_key", given.get("client_key"))
    if bool(certificate) != bool(key):
        raise TargetError("client_key" if certificate else "client_certificate", "A client certificate has a key too.")
    return {
        "headers": headers,
        "basic": (str(basic[0]), str(basic[1])) if basic else None,
        "bearer": bearer,
        "client_certificate": certificate,
        "client_key": key,
    }


def read_pem(field: str, given: Any) -> str:
    """PEM text, or "". Whether it holds what it should is for who uses it. Raises TargetError, quoting nothing."""
    text = read_text(field, given, PEM_MAX).replace("\r\n", "\n").strip()
    if text and "-----BEGIN " not in text:
        raise TargetError(field, "Paste it in PEM form: it begins with -----BEGIN.")
    return text


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


def _check_family(url: str, family: str) -> None:
    """An address of the other family can never be called."""
    try:
        version = ipaddress.ip_address(urlsplit(url).hostname or "").version
    except ValueError:
        return
    if family not in ("any", str(version)):
        raise TargetError("ip_family", f"The address is an IPv{version} address.")


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


URL = Field("url", "Address", Shape.URL, most=URL_MAX, required=True, everyday=True)
ACCEPTED = Field(
    "accepted_status", "Good answers", help="Status codes and ranges, as in 200-299, 304.", default="200-299", half=True
)
REQUEST = (
    Field(
        "redirects", "Redirects to follow", Shape.WHOLE, help="0 judges the first answer.", default=5, most=REDIRECTS_MAX,
        half=True,
    ),
    Field(
        "body_cap", "Read at most", Shape.WHOLE, help="Bytes of the answer.", default=BODY_CAP, least=1, most=BODY_CAP,
        half=True,
    ),
    Field("http_version", "HTTP version", Shape.CHOICE, default="1.1", choices=VERSIONS, half=True),
    Field("ip_family", "Address family", Shape.CHOICE, default="any", choices=FAMILIES, half=True),
    Field("compressed", "Ask for a compressed answer", Shape.YES_NO, default=False),
    Field(
        "headers", "Request headers", Shape.HEADERS, help="One a line: X-Api-Key: abc.", most=HEADERS_MAX, secret=True,
        held="header_names",
    ),
)  # fmt: skip
SIGN_IN = (
    Field("basic", "Sign in with a name", Shape.SIGN_IN, most=1000, secret=True, held="auth", instead_of="bearer"),
    Field("bearer", "Or with a bearer token", most=4000, secret=True, held="auth", instead_of="basic"),
    Field(
        "client_certificate", "Or with a client certificate", Shape.LINES, help="PEM, with the chain below it.",
        most=PEM_MAX, secret=True, held="client",
    ),
    Field("client_key", "Key of the client certificate", Shape.LINES, help="PEM, without a passphrase.", most=PEM_MAX, secret=True, held="client"),
    Field(
        "ca", "Trust these authorities", Shape.LINES, help="PEM. Empty: those the system trusts; else only these.", most=PEM_MAX,
        default="", held="authorities",
    ),
)  # fmt: skip
TOLD = (
    Field("header_names", "Headers sent", Shape.LIST),
    Field("auth", "Signs in with", Shape.CHOICE, choices=tuple((word, word) for word in AUTH)),
    Field("client", "Client certificate"),
    Field("authorities", "Authorities trusted"),
)
