"""Which networks an admin would have to allow before an address can be checked."""

import ipaddress
import socket
from urllib.parse import urlsplit

from accounts.egress.guard import PRIVATE, decide
from accounts.egress.rules import current_rules


def closed_networks(url: str) -> list[str]:
    """The narrowest networks (one address each) that hide `url`'s host and that an admin may allow.

    Empty when the host resolves to nothing, is public, or is one of those that are never called.
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    rules = current_rules()
    refusals = {str(entry[4][0]): decide(str(entry[4][0]), port, rules) for entry in found}
    closed = [address for address, refusal in refusals.items() if refusal is not None and refusal.kind == PRIVATE]
    return [str(ipaddress.ip_network(address.partition("%")[0])) for address in sorted(closed)]
