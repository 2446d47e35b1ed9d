"""The organisation, and the private networks its checks may reach."""

import ipaddress
from datetime import datetime

from accounts.models import AllowedNetwork, Organisation

WIDEST_V4, WIDEST_V6 = 8, 32


class NetworkRefused(ValueError):
    """The text is no network, is too wide, or is allowed already; the message says which."""


def change_organisation(
    organisation: Organisation, *, name: str, timezone: str, now: datetime, reason: str, expected_version: int
) -> None:
    """Change name and zone. Days already counted keep the zone they were counted in. Raises StaleVersion."""
    organisation.name, organisation.timezone = name, timezone
    organisation.save(now=now, reason=reason, expected_version=expected_version or None)


def read_network(text: str) -> str:
    """The network in its one spelling: `10.0.0.7` becomes `10.0.0.7/32`. Raises NetworkRefused with a sentence."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError as error:
        wrote = text.strip()[:60] or "nothing"
        raise NetworkRefused(f"Write a network such as 10.20.0.0/24 or one address. You wrote {wrote}.") from error
    widest = WIDEST_V4 if network.version == 4 else WIDEST_V6
    if network.prefixlen < widest:
        raise NetworkRefused(f"{network} is too wide. Write /{widest} or narrower: the part your services live in.")
    return str(network)


def allow_network(*, cidr: str, now: datetime, reason: str) -> AllowedNetwork:
    """Let outgoing calls reach a private network. Addresses that are never called stay so (docs/security.md).

    Raises NetworkRefused.
    """
    spelled = read_network(cidr)
    if AllowedNetwork.objects.in_force().filter(cidr=spelled).exists():
        raise NetworkRefused(f"{spelled} is allowed already.")
    network = AllowedNetwork(cidr=spelled)
    network.save(now=now, reason=reason)
    return network


def disallow_network(network: AllowedNetwork, *, now: datetime, reason: str) -> None:
    """Close a network again; checks that need it fail from their next run and say why."""
    network.retire(now=now, reason=reason)
