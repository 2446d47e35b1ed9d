"""What a check asks for and what it saw: plain values that may travel. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from monitors.kinds.expecting import Rule
from monitors.kinds.health_document import Dependency
from monitors.kinds.web import BODY_CAP

PHASES = ("dns", "connect", "tls", "wait", "transfer")


class Outcome(StrEnum):
    """What a slot came to. Blocked and missed slots measured nothing."""

    OK = "ok"
    FAILED = "failed"
    BLOCKED = "blocked"
    MISSED = "missed"


# What an outcome says about the target: good, bad, or nothing.
OBSERVED: dict[str, bool | None] = {
    Outcome.OK: True,
    Outcome.FAILED: False,
    Outcome.BLOCKED: None,
    Outcome.MISSED: None,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads: host in ASCII, port, and whether TLS is spoken there."""

    host: str
    port: int
    secure: bool

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class HttpCheck:
    """One HTTP request and what counts as a good answer, ready to be sent as it is.

    headers: `Name: value` lines sent everywhere; credentials: those of the first origin only. accepted:
    inclusive ranges of status codes. keyword, regex: empty for any answer. json: None if it need not be JSON.
    health: it says how its dependencies are; those in `required` must be among them. ca: trusted at home instead
    of what the system trusts. timeout_s: for all hops together. body_cap: bytes, decoded. curious: also fetch the
    certificate and keep a sample, for a person who looks.
    """

    url: str
    place: Place
    method: str
    timeout_s: float
    headers: tuple[bytes, ...] = ()
    credentials: tuple[bytes, ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    accepted: tuple[tuple[int, int], ...] = ((200, 299),)
    accepted_text: str = "200-299"
    keyword: bytes = b""
    keyword_present: bool = True
    regex: str = ""
    regex_present: bool = True
    json: Rule | None = None
    header_rules: tuple[Rule, ...] = ()
    health: bool = False
    required: tuple[str, ...] = ()
    warn_fails: bool = False
    redirects: int = 5
    http_version: str = "1.1"
    ip_family: str = "any"
    compressed: bool = False
    body_cap: int = BODY_CAP
    ca: bytes = b""
    client_certificate: bytes = field(default=b"", repr=False)
    client_key: bytes = field(default=b"", repr=False)
    curious: bool = False

    @property
    def keeps_body(self) -> bool:
        """Whether the body is looked at."""
        return bool(self.keyword or self.regex or self.json or self.health or self.curious)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate a server showed, whether or not it was trusted."""

    subject: str
    issuer: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """One certificate of a chain, the server's own at position 0.

    chain_ok, hostname_ok: None when the verification stopped before it came to that. sent: the server sent it,
    rather than that it was found among the trusted ones. key_type: `EC secp256r1`.
    """

    position: int
    subject: str
    issuer: str
    serial: str
    sha256: str
    key_type: str
    sans: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    chain_ok: bool | None = None
    hostname_ok: bool | None = None
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Answers:
    """What a resolver answered to one question. expected: whether it is what was wanted."""

    name: str
    record: str
    resolver: str
    values: tuple[str, ...]
    expected: bool


@dataclass(frozen=True, slots=True)
class Hop:
    """One request of a check that followed redirects."""

    url: str
    status: int
    address: str


@dataclass(slots=True)
class Trace:
    """One run of a check. Times in microseconds, summed over the hops; sentence: what a person reads.

    code: short name of the failure, "" for a good answer. body_bytes: read, at most the cap. dependencies: what a
    health document says of each; None of any other answer.
    """

    outcome: Outcome = Outcome.OK
    code: str = ""
    sentence: str = ""
    status: int = 0
    dns_us: int = 0
    connect_us: int = 0
    tls_us: int = 0
    wait_us: int = 0
    transfer_us: int = 0
    total_us: int = 0
    body_bytes: int = 0
    truncated: bool = False
    content_type: str = ""
    http_version: str = ""
    sample: str = ""
    hops: list[Hop] = field(default_factory=list)
    certificate: Certificate | None = None
    certificate_days: int | None = None
    chain: tuple[Link, ...] = ()
    answers: Answers | None = None
    dependencies: tuple[Dependency, ...] | None = None

    @property
    def ok(self) -> bool:
        """Whether the answer was good."""
        return self.outcome is Outcome.OK

    def phases(self) -> list[tuple[str, float]]:
        """(phase, milliseconds) in the order in which they happen."""
        return [(name, getattr(self, f"{name}_us") / 1000) for name in PHASES]


def place_of(url: str) -> Place:
    """Where an http or https address leads."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    return Place(parts.hostname or "", parts.port or (443 if secure else 80), secure)
