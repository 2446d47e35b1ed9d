"""What a TCP check asks for: a port that takes connections, and perhaps says something. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.kinds.base import Field, Kind, Settings, Shape, no_secrets
from monitors.kinds.places import at, host_field, port_field, read_called
from monitors.kinds.text import TargetError, read_port, read_text

TEXT_MOST = 500
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.?)", re.DOTALL)
HELP = r"Empty: nothing. \r, \n, \t, \0, \\ and \x41 mean single bytes."


@dataclass(frozen=True, slots=True)
class TcpTarget(Settings):
    """What history keeps of a TCP check. send, expect: as written, with their escapes."""

    host: str
    port: int
    send: str = ""
    expect: str = ""

    @property
    def address(self) -> str:
        """What is called, as a person is shown it."""
        return at(self.host, self.port)


def read_target(given: Mapping[str, Any], secrets: Any) -> TcpTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    target = TcpTarget(
        host=read_called(given),
        port=read_port(given.get("port"), 0),
        send=read_text("send", given.get("send"), TEXT_MOST),
        expect=read_text("expect", given.get("expect"), TEXT_MOST),
    )
    as_bytes("send", target.send)
    as_bytes("expect", target.expect)
    return target


def as_bytes(field: str, text: str) -> bytes:
    r"""What a text with escapes means, `PING\r\n`. Raises TargetError."""
    found, end = [], 0
    for match in ESCAPE.finditer(text):
        found.append(text[end : match.start()].encode())
        found.append(_byte(field, match[1]))
        end = match.end()
    return b"".join([*found, text[end:].encode()])


def _byte(field: str, escape: str) -> bytes:
    if len(escape) == 3:
        return bytes([int(escape[1:], 16)])
    if escape not in ESCAPES:
        raise TargetError(field, rf"\{escape} means nothing here. {HELP}")
    return ESCAPES[escape]


KIND = Kind(
    name="tcp",
    label="TCP",
    about="Connects to a port, sends something and expects something if you say so.",
    fields=(
        host_field(),
        port_field(),
        Field("send", "Send", Shape.WORDS, help=HELP, most=TEXT_MOST),
        Field("expect", "Expect in the answer", Shape.WORDS, help="Empty: a connection is enough.", most=TEXT_MOST),
    ),
    target=TcpTarget,
    read_target=read_target,
    read_secrets=no_secrets,
)
