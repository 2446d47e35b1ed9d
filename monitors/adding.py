"""From a pasted address to a watched one: what the form suggests, and service and monitor made together."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from accounts.models import Team
from monitors.models import Monitor, Service
from monitors.services import create_monitor, create_service


@transaction.atomic
def start_watching(
    *, service: Service | None, new_service: str, team: Team | None, definition: Mapping[str, Any], now: datetime
) -> Monitor:
    """Make a monitor of `service`, or of a new one of that name; both or none.

    definition: name, target, secrets and numbers, as `create_monitor` takes them. Raises ValidationError by field;
    one about the new service's name speaks of `new_service`.
    """
    held = service or create_service(name=new_service, team=team, now=now, reason="Made with its first monitor")
    return create_monitor(service=held, now=now, reason="New monitor", **definition)


def suggested(url: str) -> dict[str, str]:
    """A name and a service for an address: `shop.example.com/health` of `shop.example.com`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return {"url": url, "name": f"{host}{parts.path.rstrip('/')}"[:120], "new_service": host[:120]}


def next_runs(now: datetime, interval_s: int, count: int = 3) -> list[datetime]:
    """When a monitor saved now would run: at once, then every interval."""
    return [now + timedelta(seconds=interval_s * index) for index in range(count)]
