"""The egress rules in force: what an admin allowed, and where our own database, broker and web are."""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import replace
from functools import lru_cache
from urllib.parse import urlsplit

import psutil
from django.conf import settings

from accounts.egress.guard import Address, EgressRules, Network
from accounts.models import AllowedNetwork

PLACES_KEPT_S = 60  # our database may move to another address; asking the resolver each time would be waste
DEFAULT_PORTS = {"postgres": 5432, "postgresql": 5432, "redis": 6379, "rediss": 6379}


def current_rules(*, provider_port: int = 0) -> EgressRules:
    """Return the rules of this moment: one small query, and our own places as of the last minute.

    provider_port: the port of a provider that the operator configured, which may be reached on a private
    address for one request; metadata addresses and our own places stay closed.
    """
    rows = AllowedNetwork.objects.in_force().order_by("cidr").values_list("cidr", flat=True)
    own = _own_places(int(time.monotonic() // PLACES_KEPT_S))
    return _rules(own, tuple(rows), provider_port)


def own_places() -> EgressRules:
    """What is ours as seen from a machine without the database: the broker, where this machine reaches it."""
    own = _own_places(int(time.monotonic() // PLACES_KEPT_S))
    return replace(own, own_ports=own.own_ports - {int(settings.PORT)})


@lru_cache(maxsize=8)
def _rules(own: EgressRules, cidrs: tuple[str, ...], provider_port: int) -> EgressRules:
    """The same rules are the same object, for which the guard keeps its decisions."""
    allowed = tuple(network for network in map(_network, cidrs) if network is not None)
    return replace(own, allowed=allowed, private_port=provider_port)


def _network(cidr: str) -> Network | None:
    """A row that cannot be read opens nothing; the form refuses to save one."""
    try:
        return ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=2)
def _own_places(minute: int) -> EgressRules:
    local = _local_addresses()
    own: set[tuple[Address, int]] = set()
    own_ports = {int(settings.PORT)}
    for url in (settings.DATABASE_URL, settings.REDIS_URL):
        host, port = _place(url)
        if not port:
            continue
        addresses = _resolve(host)
        own.update((address, port) for address in addresses)
        if any(address.is_loopback or address in local for address in addresses):
            own_ports.add(port)  # the same server answers on every address of this machine
    return EgressRules(own=frozenset(own), own_ports=frozenset(own_ports), local=local)


def _place(url: str) -> tuple[str, int]:
    """Host and port of a database or broker URL; port 0 when it is not reached over the network."""
    parts = urlsplit(url or "")
    if parts.scheme not in DEFAULT_PORTS:
        return "", 0
    return parts.hostname or "localhost", parts.port or DEFAULT_PORTS[parts.scheme]


def _resolve(host: str) -> set[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {_address(str(entry[4][0])) for entry in found}


def _local_addresses() -> frozenset[Address]:
    families = (socket.AF_INET, socket.AF_INET6)
    links = (link for links in psutil.net_if_addrs().values() for link in links)
    return frozenset(_address(link.address) for link in links if link.family in families)


def _address(text: str) -> Address:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
