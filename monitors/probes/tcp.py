"""The TCP probe: connect, send something, expect something; both are optional."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.egress.guard import EgressRules
from monitors.kinds import Secrets
from monitors.kinds.tcp import TcpTarget, as_bytes
from monitors.probes.channel import Channel
from monitors.probes.dialing import Call, Fault, conduct
from monitors.probes.trace import Place, Trace

SHOWN = 60  # characters of an unexpected answer that a sentence quotes


@dataclass(frozen=True, slots=True)
class TcpCheck:
    """A port to connect to. send: b"" for nothing; expect: b"" for any answer, also none."""

    place: Place
    timeout_s: float
    send: bytes = b""
    expect: bytes = b""


def compile_check(target: TcpTarget, secrets: Secrets, *, timeout_s: float, curious: bool = False) -> TcpCheck:
    """Make the check of a target: done once for a version of a monitor, then used for each check."""
    place = Place(target.host, target.port, False)
    return TcpCheck(place, timeout_s, as_bytes("send", target.send), as_bytes("expect", target.expect))


async def run(check: TcpCheck, rules: EgressRules) -> Trace:
    """Connect once, and talk if the check says so."""

    async def talk(call: Call) -> None:
        async with await call.dial() as channel:
            with call.phase("wait", "did not say what was expected"):
                if check.send:
                    await channel.send(check.send)
                if check.expect:
                    await _expect(call, channel, check.expect)

    return await conduct(check.place, check.timeout_s, rules, talk)


async def _expect(call: Call, channel: Channel, wanted: bytes) -> None:
    while wanted not in channel.held:
        if not await channel.more():
            said = _quoted(bytes(channel.held))
            sentence = f"{call.place} ended without saying {_quoted(wanted)}; it said {said}."
            raise Fault("expect", sentence)
    call.trace.body_bytes = len(channel.held)


def _quoted(data: bytes) -> str:
    text = "".join(c if c.isprintable() else "·" for c in data.decode("utf-8", "replace").strip())
    return f"“{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}”" if text else "nothing"
