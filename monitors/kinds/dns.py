"""What a DNS check asks, whom, and what it expects. Standard library only."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.dns_values import ANY, MATCHES, RECORDS, normal
from monitors.kinds.base import Field, Kind, Settings, Shape, no_secrets
from monitors.kinds.places import at
from monitors.kinds.text import TargetError, read_choice, read_host, read_port, short

PORT = 53
EXPECTED_MOST = 50
RESOLVER = "Write the address of a resolver, such as 9.9.9.9 or 192.0.2.53:5353, or leave it empty."


@dataclass(frozen=True, slots=True)
class DnsTarget(Settings):
    """What history keeps of a DNS check. resolver: `address:port`, "" for that of the system. expected: in one form.

    tell_changes: whether somebody is told when the values change.
    """

    domain: str
    record: str = "A"
    resolver: str = ""
    match: str = ANY
    expected: tuple[str, ...] = ()
    tell_changes: bool = True

    @property
    def address(self) -> str:
        """What is asked, as a person is shown it."""
        return f"{self.record} {self.domain}"

    @property
    def host(self) -> str:
        """The resolver, which is what is called; that of the system is the operator's own choice."""
        return split(self.resolver)[0] if self.resolver else ""

    @property
    def port(self) -> int:
        """The port of the resolver."""
        return split(self.resolver)[1] if self.resolver else PORT


def read_target(given: Mapping[str, Any], secrets: Any) -> DnsTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    record = read_choice("record", str(given.get("record") or "A").upper(), RECORDS)
    match = read_choice("match", given.get("match") or ANY, MATCHES)
    expected = _read_expected(record, given.get("expected") or ())
    if match != ANY and not expected:
        raise TargetError("expected", "Write the values that are expected, one a line.")
    if match == ANY and expected:
        raise TargetError("match", "Say how the expected values are compared, or leave them out.")
    return DnsTarget(
        domain=read_host(str(given.get("domain") or "").strip().rstrip("."), "domain"),
        record=record,
        resolver=_read_resolver(str(given.get("resolver") or "")),
        match=match,
        expected=expected,
        tell_changes=bool(given.get("tell_changes", True)),
    )


def split(resolver: str) -> tuple[str, int]:
    """Address and port of a resolver as a target keeps it."""
    host, _, port = resolver.rpartition(":")
    return host.strip("[]"), int(port)


def _read_expected(record: str, given: Any) -> tuple[str, ...]:
    if len(given) > EXPECTED_MOST:
        raise TargetError("expected", f"At most {EXPECTED_MOST} values can be expected.")
    try:
        return tuple(sorted({normal(record, str(one)) for one in given}))
    except ValueError as error:
        raise TargetError("expected", str(error)) from None


def _read_resolver(text: str) -> str:
    """An address with its port, in one form. A name would need a resolver to find it."""
    given = text.strip()
    if not given:
        return ""
    host, port = given, ""
    if given.startswith("["):
        host, _, port = given[1:].partition("]")
        port = port.removeprefix(":")
    elif given.count(":") == 1:
        host, _, port = given.partition(":")
    try:
        address = str(ipaddress.ip_address(host))
        return at(address, read_port(port, PORT))
    except ValueError:
        raise TargetError("resolver", f"{RESOLVER} You wrote {short(text)}.") from None


KIND = Kind(
    name="dns",
    label="DNS",
    about="Asks for a name in DNS, compares the values with those you expect, and keeps a history of them.",
    fields=(
        Field("domain", "Name", help="Such as shop.example.com.", most=253, required=True, everyday=True),
        Field(
            "record", "Record", Shape.CHOICE, default="A", choices=tuple((one, one) for one in RECORDS), everyday=True,
        ),
        Field("match", "A good answer has", Shape.CHOICE, default=ANY, choices=tuple(MATCHES.items())),
        Field("expected", "Expected values", Shape.LIST, help="One a line.", most=EXPECTED_MOST),
        Field("resolver", "Resolver", help="An address, with its port if it is not 53. Empty: that of the system.", most=80),
        Field(
            "tell_changes", "When the values change", Shape.YES_NO, default=True,
            choices=(("yes", "Tell somebody"), ("no", "Only write it down")),
        ),
    ),
    target=DnsTarget,
    read_target=read_target,
    read_secrets=no_secrets,
    address_field="resolver",
    defaults={"interval_s": 300},
)  # fmt: skip
