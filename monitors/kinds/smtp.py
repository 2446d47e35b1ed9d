"""What a check of a mail server asks for. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.kinds.base import Field, Kind, Settings, Shape, no_secrets
from monitors.kinds.places import at, host_field, port_field, read_called
from monitors.kinds.text import read_choice, read_port

PORT = 25
SECURITY = {
    "starttls": "TLS after STARTTLS, its certificate verified",
    "tls": "TLS from the first byte (port 465), its certificate verified",
    "none": "Plain text",
}


@dataclass(frozen=True, slots=True)
class SmtpTarget(Settings):
    """What history keeps of a check of a mail server."""

    host: str
    port: int = PORT
    security: str = "starttls"

    @property
    def address(self) -> str:
        """What is called, as a person is shown it."""
        return at(self.host, self.port)


def read_target(given: Mapping[str, Any], secrets: Any) -> SmtpTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    return SmtpTarget(
        host=read_called(given),
        port=read_port(given.get("port"), PORT),
        security=read_choice("security", given.get("security") or "starttls", SECURITY),
    )


KIND = Kind(
    name="smtp",
    label="Mail server",
    about="Talks to a mail server as far as mail would begin, with its certificate verified. No mail is sent.",
    fields=(
        host_field(),
        port_field(PORT),
        Field("security", "Security", Shape.CHOICE, default="starttls", choices=tuple(SECURITY.items())),
    ),
    target=SmtpTarget,
    read_target=read_target,
    read_secrets=no_secrets,
)
