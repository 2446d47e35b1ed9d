"""What a certificate check asks for: a host and port that speak TLS from the first byte. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.kinds.base import Field, Kind, Settings, no_secrets
from monitors.kinds.places import at, host_field, port_field, read_called
from monitors.kinds.text import TargetError, read_port

PORT = 443
WARN_DAYS = "30, 14, 7, 1"
WARN_MOST = 10
DAYS_MOST = 365


@dataclass(frozen=True, slots=True)
class TlsTarget(Settings):
    """What history keeps of a certificate check. warn_days: days before the end, most first, `30, 14, 7, 1`."""

    host: str
    port: int = PORT
    warn_days: str = WARN_DAYS

    @property
    def address(self) -> str:
        """What is called, as a person is shown it."""
        return at(self.host, self.port)


def read_target(given: Mapping[str, Any], secrets: Any) -> TlsTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    return TlsTarget(
        host=read_called(given),
        port=read_port(given.get("port"), PORT),
        warn_days=_read_days(str(given.get("warn_days") or WARN_DAYS)),
    )


def thresholds(warn_days: str) -> tuple[int, ...]:
    """`30, 14, 7, 1` as numbers, most first."""
    return tuple(int(part) for part in warn_days.split(","))


def _read_days(text: str) -> str:
    parts = [part for part in re.split(r"[,;\s]+", text.strip()) if part]
    if not 1 <= len(parts) <= WARN_MOST or not all(part.isdigit() and 1 <= int(part) <= DAYS_MOST for part in parts):
        sentence = f"Write up to {WARN_MOST} numbers of days from 1 to {DAYS_MOST}, such as {WARN_DAYS}."
        raise TargetError("warn_days", sentence)
    return ", ".join(map(str, sorted({int(part) for part in parts}, reverse=True)))


KIND = Kind(
    name="tls",
    label="Certificate",
    about="Looks at the certificate of a server, and at every one it rests on: whether browsers trust it, and until when.",
    fields=(
        host_field(help="The name that the certificate must be for."),
        port_field(PORT),
        Field(
            "warn_days", "Warn before it ends", help="Days, each louder than the one before.", default=WARN_DAYS, most=100,
        ),
    ),
    target=TlsTarget,
    read_target=read_target,
    read_secrets=no_secrets,
    defaults={"interval_s": 300},
)  # fmt: skip
