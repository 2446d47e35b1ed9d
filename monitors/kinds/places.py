"""Fields and words that checks of a host and a port have in common. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitors.kinds.base import Field, Shape
from monitors.kinds.text import read_host


def at(host: str, port: int) -> str:
    """`shop.example:443`, `[2001:db8::1]:443`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def host_field(help: str = "A name or an address.") -> Field:
    """The host that is called."""
    return Field("host", "Host", Shape.TEXT, help=help, most=253, required=True, everyday=True)


def port_field(default: int | None = None) -> Field:
    """The port that is called."""
    return Field(
        "port", "Port", Shape.WHOLE, default=default, least=1, most=65_535, required=default is None, everyday=True
    )


def read_called(given: Mapping[str, Any]) -> str:
    """The host that is called, as `host_field` asks for it. Raises TargetError."""
    return read_host(str(given.get("host") or "").strip(), "host")
