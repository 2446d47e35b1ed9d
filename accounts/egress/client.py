"""A small guarded HTTP client for calls to providers: one request, no retries, no redirects.

Whether a call may have had an effect decides whether it may be made again, so every failure says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import pycurl

from accounts.egress.guard import Refusal, refuse_name
from accounts.egress.rules import current_rules
from accounts.egress.sockets import guarded_opener, prepare

ANSWER_CAP = 1_048_576
HEADERS_CAP = 65_536
PORTS = {"http": 80, "https": 443}
CONNECT_TIMEOUT_S = 5.0

KINDS = {
    pycurl.E_COULDNT_RESOLVE_HOST: "dns",
    pycurl.E_COULDNT_CONNECT: "connect",
    pycurl.E_OPERATION_TIMEDOUT: "timeout",
    pycurl.E_SSL_CONNECT_ERROR: "tls",
    pycurl.E_PEER_FAILED_VERIFICATION: "tls",
}


class EgressError(Exception):
    """The call came to no complete answer.

    kind: refused, dns, connect, tls, timeout, too_large or other. may_have_arrived: the request may have
    reached the other side, so repeating it may repeat its effect.
    """

    def __init__(self, kind: str, sentence: str, *, may_have_arrived: bool) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.may_have_arrived = may_have_arrived


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer. headers: lower-case names, the last of a name wins."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        """The body as UTF-8; bytes that are not are replaced."""
        return self.body.decode("utf-8", "replace")


def request(
    method: str,
    url: str,
    *,
    timeout: float,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
    body: bytes = b"",
    basic: tuple[str, str] | None = None,
    connect_timeout: float = CONNECT_TIMEOUT_S,
    provider: str = "",
) -> Response:
    """Send one request and return its answer whatever the status. Raises EgressError.

    timeout, connect_timeout: seconds, the first for everything. form: sent URL-encoded as the body.
    provider: a base URL that the operator configured; its host and port may be on a private address.
    """
    parts = _read(url)
    rules = current_rules(provider_port=_port(parts) if provider and _same_place(parts, urlsplit(provider)) else 0)
    refused: list[Refusal] = []
    answer = _Answer()
    handle = pycurl.Curl()
    try:
        prepare(handle)
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.OPENSOCKETFUNCTION, guarded_opener(rules, refused.append))
        handle.setopt(pycurl.TIMEOUT_MS, max(int(timeout * 1000), 1))
        handle.setopt(pycurl.CONNECTTIMEOUT_MS, max(int(min(connect_timeout, timeout) * 1000), 1))
        handle.setopt(pycurl.WRITEFUNCTION, answer.take_body)
        handle.setopt(pycurl.HEADERFUNCTION, answer.take_header)
        if basic:
            handle.setopt(pycurl.USERPWD, f"{basic[0]}:{basic[1]}".encode())
        _set_request(handle, method.upper(), headers or {}, urlencode(form).encode() if form is not None else body)
        _perform(handle, parts, refused, answer)
        return Response(handle.getinfo(pycurl.RESPONSE_CODE), answer.headers, answer.body.getvalue())
    finally:
        handle.close()


class _Answer:
    """Collects an answer and stops one that is too large."""

    def __init__(self) -> None:
        self.body = BytesIO()
        self.headers: dict[str, str] = {}
        self._header_bytes = 0

    @property
    def too_large(self) -> bool:
        return self.body.tell() > ANSWER_CAP or self._header_bytes > HEADERS_CAP

    def take_body(self, data: bytes) -> int:
        self.body.write(data)
        return 0 if self.too_large else len(data)

    def take_header(self, line: bytes) -> int:
        self._header_bytes += len(line)
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            self.headers[name.strip().lower()] = value.strip()
        return 0 if self.too_large else len(line)


def _set_request(handle: Any, method: str, headers: Mapping[str, str], body: bytes) -> None:
    lines = [b"User-Agent: Watchbook", b"Expect:", *(f"{name}: {value}".encode() for name, value in headers.items())]
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise ValueError("a header has a line break")
    handle.setopt(pycurl.HTTPHEADER, lines)
    if method == "HEAD":
        handle.setopt(pycurl.NOBODY, 1)
    elif body or method == "POST":
        handle.setopt(pycurl.POSTFIELDS, body)
    if method not in ("GET", "HEAD"):
        handle.setopt(pycurl.CUSTOMREQUEST, method)


def _perform(handle: Any, parts: SplitResult, refused: list[Refusal], answer: _Answer) -> None:
    try:
        handle.perform()
    except pycurl.error as error:
        number, message = error.args[0], str(error.args[1])
        # bytes of the request that left; libcurl sets the times also when no connection came about
        sent = handle.getinfo(pycurl.REQUEST_SIZE) > 0
        if refused and not sent:
            raise EgressError("refused", refused[-1].sentence, may_have_arrived=False) from None
        if answer.too_large:
            raise EgressError(
                "too_large", f"{parts.hostname} sent too long an answer.", may_have_arrived=True
            ) from None
        kind = KINDS.get(number, "other")
        raise EgressError(kind, f"{parts.hostname}: {message[:160]}.", may_have_arrived=sent) from None


def _read(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise EgressError("refused", "The address cannot be read.", may_have_arrived=False) from None
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc or port == 0:
        sentence = "The address must begin with http:// or https://, with a host and without a name in it."
        raise EgressError("refused", sentence, may_have_arrived=False)
    refusal = refuse_name(parts.hostname)
    if refusal is not None:
        raise EgressError("refused", refusal.sentence, may_have_arrived=False)
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or PORTS[parts.scheme]


def _same_place(one: SplitResult, other: SplitResult) -> bool:
    return other.scheme in PORTS and one.hostname == other.hostname and _port(one) == _port(other)
