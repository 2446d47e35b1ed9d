"""What a ping asks for. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.kinds.base import Field, Kind, Settings, Shape, no_secrets
from monitors.kinds.places import host_field, read_called
from monitors.kinds.text import read_whole

PACKETS, PACKETS_MOST = 3, 10
LOST_MOST = 50


@dataclass(frozen=True, slots=True)
class IcmpTarget(Settings):
    """What history keeps of a ping. lost_most: percent of the packets that may stay unanswered."""

    host: str
    packets: int = PACKETS
    lost_most: int = LOST_MOST

    @property
    def address(self) -> str:
        """What is called, as a person is shown it."""
        return self.host

    @property
    def port(self) -> int:
        """Pings have none."""
        return 0


def read_target(given: Mapping[str, Any], secrets: Any) -> IcmpTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    return IcmpTarget(
        host=read_called(given),
        packets=read_whole("packets", given.get("packets", PACKETS), 1, PACKETS_MOST),
        lost_most=read_whole("lost_most", given.get("lost_most", LOST_MOST), 0, 99),
    )


KIND = Kind(
    name="icmp",
    label="Ping",
    about="Pings a host and counts the answers.",
    fields=(
        host_field(),
        Field(
            "packets", "Pings a check", Shape.WHOLE, help="One after the other.", default=PACKETS, least=1, most=PACKETS_MOST,
        ),
        Field(
            "lost_most", "Percent that may be lost", Shape.WHOLE, help="More than that is a failure.", default=LOST_MOST, most=99,
        ),
    ),
    target=IcmpTarget,
    read_target=read_target,
    read_secrets=no_secrets,
)  # fmt: skip
