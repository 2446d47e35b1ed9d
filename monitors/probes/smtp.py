"""The SMTP probe: greeting, EHLO, TLS with a certificate that is verified, and a polite end. No mail is sent."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.egress.guard import EgressRules
from monitors.kinds import Secrets
from monitors.kinds.smtp import SmtpTarget
from monitors.probes.channel import Channel
from monitors.probes.dialing import Call, Fault, conduct
from monitors.probes.secure import secure, verifying
from monitors.probes.trace import Place, Trace

STARTTLS, TLS, PLAIN = "starttls", "tls", "none"
SHOWN = 80


@dataclass(frozen=True, slots=True)
class SmtpCheck:
    """A mail server. security: TLS after STARTTLS, TLS from the first byte, or none."""

    place: Place
    timeout_s: float
    security: str = STARTTLS


def compile_check(target: SmtpTarget, secrets: Secrets, *, timeout_s: float, curious: bool = False) -> SmtpCheck:
    """Make the check of a target: done once for a version of a monitor, then used for each check."""
    place = Place(target.host, target.port, target.security == TLS)
    return SmtpCheck(place, timeout_s, target.security)


async def run(check: SmtpCheck, rules: EgressRules) -> Trace:
    """Talk to the server once, as far as mail would begin."""

    async def talk(call: Call) -> None:
        async with await call.dial() as channel:
            if check.security == TLS:
                await secure(call, channel, verifying())
            await _expect(call, channel, "220", "greeting", "did not send its greeting")
            offered = await _hello(call, channel)
            if check.security == STARTTLS:
                await _start_tls(call, channel, offered)
                await _hello(call, channel)
            await _say(call, channel, "QUIT", "221", "QUIT")

    return await conduct(check.place, check.timeout_s, rules, talk)


async def _start_tls(call: Call, channel: Channel, offered: list[str]) -> None:
    if "STARTTLS" not in offered:
        raise Fault("tls", f"{call.place} does not offer STARTTLS.")
    await _say(call, channel, "STARTTLS", "220", "STARTTLS")
    if channel.held:
        # somebody between us and the server could put words into the mouth of the encrypted session
        raise Fault("protocol", f"{call.place} went on talking in plain text after STARTTLS.")
    await secure(call, channel, verifying())


async def _hello(call: Call, channel: Channel) -> list[str]:
    """Say EHLO with our address, which needs no name; return what the server offers, in capitals."""
    host = channel.socket.getsockname()[0]
    literal = f"[IPv6:{host}]" if ":" in host else f"[{host}]"
    lines = await _say(call, channel, f"EHLO {literal}", "250", "EHLO")
    return [line.split(" ")[0].upper() for line in lines[1:]]


async def _say(call: Call, channel: Channel, words: str, code: str, about: str) -> list[str]:
    await channel.send(f"{words}\r\n".encode())
    return await _expect(call, channel, code, f"answer to {about}", f"did not answer {about}")


async def _expect(call: Call, channel: Channel, code: str, about: str, undone: str) -> list[str]:
    """Read one reply of any number of lines; return them without their codes. Raises Fault for another code."""
    lines = []
    with call.phase("wait", undone):
        while True:
            line = (await channel.line()).decode("utf-8", "replace")
            if len(line) < 3 or not line[:3].isdigit():
                said = f"“{line[:SHOWN]}”" if line else "nothing"
                raise Fault("protocol", f"{call.place} does not speak SMTP: its {about} was {said}.")
            lines.append(line[4:])
            if line[3:4] != "-":
                break
    if line[:3] != code:
        raise Fault("answer", f"The {about} of {call.place} was “{line[:SHOWN]}”, not {code}.")
    return lines
