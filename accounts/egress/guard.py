"""Which address may be called: decided on the address a socket is about to be opened to.

The rules are in docs/monitoring.md. The decision is taken when the socket is opened and not when a name
is read, so a name that resolves differently a second later (rebinding), a redirect and an unusual way of
writing an address all meet it. Standard library only.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

METADATA_ADDRESSES = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google, DigitalOcean, Oracle, OpenStack
        "169.254.170.2",  # AWS container credentials
        "169.254.170.23",  # AWS pod identity
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",  # Google
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle, classic
        "168.63.129.16",  # Azure's host agent: a public address that answers only its own guests
    )
)
METADATA_NAMES = frozenset(
    {
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "metadata.azure.com",
        "metadata.azure.internal",
        "metadata.tencentyun.com",
        "instance-data",
        "instance-data.ec2.internal",
    }
)

# Neither "private" nor "not global" for the standard library, yet none of them is the public internet.
SHARED = ipaddress.ip_network("100.64.0.0/10")
SITE_LOCAL = ipaddress.ip_network("fec0::/10")
NAT64 = ipaddress.ip_network("64:ff9b::/96")
NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")  # RFC 8215: a site's own, not the internet
COMPATIBLE = ipaddress.ip_network("::/96")

METADATA, OWN, PRIVATE, UNREADABLE = "metadata", "own", "private", "unreadable"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an address may not be called. kind: metadata, own, private or unreadable."""

    kind: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, eq=False)
class EgressRules:
    """What an installation says about its outgoing calls. Compared by identity, so that a decision can be kept.

    allowed: networks an admin opened. own: (address, port) of our database and broker. own_ports: ports
    that are ours on every address of this machine, `local`. private_port: a port of a provider that the
    operator configured, reachable on a private address for this one request; 0 for none.
    """

    allowed: tuple[Network, ...] = ()
    own: frozenset[tuple[Address, int]] = frozenset()
    own_ports: frozenset[int] = frozenset()
    local: frozenset[Address] = frozenset()
    private_port: int = 0


@lru_cache(maxsize=8192)
def decide(address: str, port: int, rules: EgressRules) -> Refusal | None:
    """Return why `address`:`port` may not be called, or None if it may.

    Metadata addresses and our own database, broker and web are refused whatever an admin allowed;
    addresses outside the public internet are refused unless an allowed network covers them.
    """
    try:
        target = _parse(address)
    except ValueError:
        return Refusal(UNREADABLE, f"{address[:60]} is not an address that can be called.")
    for candidate in _meanings(target):
        refusal = _decide_one(candidate, port, rules)
        if refusal is not None:
            return refusal
    return None


def refuse_name(host: str) -> Refusal | None:
    """Return why a host name may not be called at all: the known names of metadata services."""
    if host.rstrip(".").lower() in METADATA_NAMES:
        return Refusal(METADATA, f"{host} is a cloud metadata service, which Watchbook never calls.")
    return None


def _decide_one(target: Address, port: int, rules: EgressRules) -> Refusal | None:
    if target in METADATA_ADDRESSES:
        return Refusal(METADATA, f"{target} is a cloud metadata address, which Watchbook never calls.")
    if (target, port) in rules.own or (port in rules.own_ports and _is_here(target, rules)):
        return Refusal(OWN, f"{_shown(target, port)} belongs to Watchbook itself, which it never calls.")
    if _is_public(target) or (rules.private_port and port == rules.private_port):
        return None
    if any(target in network for network in rules.allowed if network.version == target.version):
        return None
    sentence = f"{target} is not on the public internet, and no allowed network covers it. An admin can allow it."
    return Refusal(PRIVATE, sentence)


def _is_public(target: Address) -> bool:
    """The library calls multicast and some reserved ranges global; those are not for us."""
    if not target.is_global or target.is_multicast or target.is_unspecified:
        return False
    if target.version == 4:
        return not target.is_reserved and target not in SHARED
    return target not in SITE_LOCAL and (not target.is_reserved or target in NAT64)


def _is_here(target: Address, rules: EgressRules) -> bool:
    return target.is_loopback or target.is_unspecified or target in rules.local


def _meanings(target: Address) -> Iterator[Address]:
    """The address, and the IPv4 addresses that a gateway or the kernel would read in it.

    An IPv4-mapped address *is* the IPv4 address; 6to4, NAT64 and Teredo carry one, and both count.
    """
    if target.version == 4:
        yield target
        return
    mapped = target.ipv4_mapped
    if mapped is not None:
        yield mapped
        return
    yield target
    if target.sixtofour is not None:
        yield target.sixtofour
    if target.teredo is not None:
        yield target.teredo[1]
    if target in NAT64 or target in NAT64_LOCAL or (target in COMPATIBLE and int(target) > 0xFFFF):
        yield ipaddress.IPv4Address(int(target) & 0xFFFFFFFF)


def _parse(address: str) -> Address:
    """Read an address as a socket gives it; the zone of a link-local one (`%eth0`) does not matter."""
    return ipaddress.ip_address(address.partition("%")[0])


def _shown(target: Address, port: int) -> str:
    return f"[{target}]:{port}" if target.version == 6 else f"{target}:{port}"
