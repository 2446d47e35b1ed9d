"""The Redis probe: a login where there is one, then PING, or GET of a key with the value it should have.

The few commands are written out here, because a client library resolves names and connects again by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.egress.guard import EgressRules
from monitors.kinds.logins import Password
from monitors.kinds.redis import RedisTarget
from monitors.probes.channel import READ_CAP, Channel, TooMuch
from monitors.probes.dialing import Call, Fault, conduct
from monitors.probes.secure import secure, verifying
from monitors.probes.trace import Place, Trace

SHOWN = 80


@dataclass(frozen=True, slots=True)
class RedisCheck:
    """A server to log in to. key: "" for PING; expected: "" for any value."""

    place: Place
    timeout_s: float
    user: str = ""
    password: str = field(default="", repr=False)
    database: int = 0
    key: str = ""
    expected: str = ""


def compile_check(target: RedisTarget, secrets: Password, *, timeout_s: float, curious: bool = False) -> RedisCheck:
    """Make the check of a target: done once for a version of a monitor, then used for each check."""
    return RedisCheck(
        place=Place(target.host, target.port, target.security == "tls"),
        timeout_s=timeout_s,
        user=target.user,
        password=secrets.password,
        database=target.database,
        key=target.key,
        expected=target.expected,
    )


async def run(check: RedisCheck, rules: EgressRules) -> Trace:
    """Log in and ask once."""

    async def talk(call: Call) -> None:
        async with await call.dial() as channel:
            if check.place.secure:
                await secure(call, channel, verifying())
            with call.phase("wait", "did not answer"):
                await _enter(call, channel, check)
                await _ask(call, channel, check)

    return await conduct(check.place, check.timeout_s, rules, talk)


async def _enter(call: Call, channel: Channel, check: RedisCheck) -> None:
    if check.password:
        names = (check.user, check.password) if check.user else (check.password,)
        if await _command(call, channel, "AUTH", *names) != b"OK":
            raise Fault("login", f"{call.place} did not accept the login.")
    if check.database:
        await _command(call, channel, "SELECT", str(check.database))


async def _ask(call: Call, channel: Channel, check: RedisCheck) -> None:
    if not check.key:
        said = await _command(call, channel, "PING")
        if said != b"PONG":
            raise Fault("protocol", f"{call.place} answered PING with “{_text(said)}”.")
        return
    value = await _command(call, channel, "GET", check.key)
    if value is None:
        raise Fault("value", f"The key {check.key} of {call.place} is not there.")
    if check.expected and value != check.expected.encode():
        raise Fault("value", f"The key {check.key} of {call.place} is not “{check.expected[:SHOWN]}”.")


async def _command(call: Call, channel: Channel, *words: str) -> bytes | None:
    """Send one command and return its answer, None for a missing value. Raises Fault for an error."""
    parts = [word.encode() for word in words]
    pieces = (b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
    await channel.send(b"*%d\r\n" % len(parts) + b"".join(pieces))
    line = await channel.line()
    kind, rest = line[:1], line[1:]
    if kind == b"-":
        raise _refused(call, words[0], rest.decode("utf-8", "replace"))
    if kind in (b"+", b":"):
        return rest
    if kind != b"$" or not rest.lstrip(b"-").isdigit():
        said = f"“{_text(line)}”" if line else "nothing"
        raise Fault("protocol", f"{call.place} does not speak the protocol of Redis: it said {said}.")
    return await _bulk(call, channel, int(rest))


async def _bulk(call: Call, channel: Channel, length: int) -> bytes | None:
    if length < 0:
        return None
    if length > READ_CAP - 2:
        raise TooMuch
    value = await channel.take(length + 2)
    if len(value) < length + 2:
        raise Fault("reset", f"{call.place} ended its answer before it was complete.")
    return value[:-2]


def _refused(call: Call, command: str, words: str) -> Fault:
    code = words.split(" ")[0]
    if code in ("NOAUTH", "WRONGPASS", "NOPERM") or command == "AUTH":
        return Fault("login", f"{call.place} did not accept the login: {words[:SHOWN]}.")
    return Fault("query", f"{call.place} refused {command}: {words[:SHOWN]}.")


def _text(said: bytes | None) -> str:
    return (said or b"").decode("utf-8", "replace")[:SHOWN]
