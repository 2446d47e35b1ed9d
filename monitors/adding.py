"""From a pasted address to a watched one: what the form suggests, and service and monitor made together."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from accounts.models import Team
from monitors.kinds import KINDS
from monitors.models import Monitor, Service
from monitors.services import create_monitor, create_service


@dataclass(frozen=True)
class Companion:
    """A check that is proposed beside one of a web address. words: what it looks at."""

    kind: str
    name: str
    target: dict[str, Any]
    words: str


@transaction.atomic
def start_watching(
    *,
    service: Service | None,
    new_service: str,
    team: Team | None,
    definition: Mapping[str, Any],
    now: datetime,
    beside: Sequence[Companion] = (),
) -> Monitor:
    """Make a monitor of `service`, or of a new one of that name, and those beside it; all or none.

    definition: name, kind, target, secrets, tags and numbers, as `create_monitor` takes them. Raises ValidationError by
    field; one about the new service's name speaks of `new_service`.
    """
    held = service or create_service(name=new_service, team=team, now=now, reason="Made with its first monitor")
    made = create_monitor(service=held, now=now, reason="New monitor", **definition)
    for one in beside:
        reason = f"Made beside {made.name}"
        create_monitor(
            service=held, name=one.name, kind=one.kind, target=one.target, tags=made.tags, now=now, reason=reason
        )  # fmt: skip
    return made


def companions(url: str) -> list[Companion]:
    """What else of a web address is worth a check: its certificate and its name, unless they are checked already."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    found = []
    if parts.scheme == "https":
        words = "its certificate: chain, name, and how long it still holds"
        found.append(Companion("tls", f"Certificate of {host}"[:120], {"host": host, "port": parts.port or 443}, words))
    if "." in host and not _is_address(host):
        words = "its name: that it resolves, and when its addresses change"
        found.append(Companion("dns", f"Name {host}"[:120], {"domain": host, "record": "A"}, words))
    return [one for one in found if one.kind in KINDS and not _watched(one)]


def _watched(one: Companion) -> bool:
    same = {f"target__{name}": value for name, value in one.target.items()}
    return Monitor.objects.in_force().filter(kind=one.kind, **same).exists()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def suggested(address: str) -> dict[str, str]:
    """A name and a service for what is checked: `shop.example.com/health` of `shop.example.com`."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if not host:
        return {"name": address[:120], "new_service": address[:120]}
    return {"name": f"{host}{parts.path.rstrip('/')}"[:120], "new_service": host[:120]}


def next_runs(now: datetime, interval_s: int, count: int = 3) -> list[datetime]:
    """When a monitor saved now would run: at once, then every interval."""
    return [now + timedelta(seconds=interval_s * index) for index in range(count)]
