"""Control targets: what a location calls to tell a fault of its own network from a fault of what it watches.

Pure, standard library only. The rule in words is in docs/gaps.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST = 5
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]")


class ControlError(ValueError):
    """The text is no list of control targets; the sentence says why."""


def read_controls(given: str | Sequence[str]) -> list[str]:
    """`host:port`, one a line or one an item, each once. Raises ControlError."""
    items = given.splitlines() if isinstance(given, str) else [str(one) for one in given]
    found: list[str] = []
    for text in (item.strip().lower() for item in items):
        if text and text not in found:
            split(text)
            found.append(text)
    if len(found) > MOST:
        raise ControlError(f"Name at most {MOST} control targets.")
    return found


def split(text: str) -> tuple[str, int]:
    """Host, without brackets, and port. Raises ControlError."""
    host, _, port = text.rpartition(":")
    if not HOST.fullmatch(host) or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65_536:
        raise ControlError(f"“{text[:80]}” is no host:port, such as 9.9.9.9:53.")
    return host.strip("[]"), int(port)
