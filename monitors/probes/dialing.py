"""One check on its way: names resolved, each address guarded before it is called, phases timed, faults in words.

The address that the guard has seen is the address that is connected to: nothing resolves the name again.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from accounts.egress.guard import EgressRules, Refusal, decide, refuse_name
from monitors.probes.channel import READ_CAP, Channel, TooMuch
from monitors.probes.sentences import CONNECT_ERRORS, seconds
from monitors.probes.threads import in_thread
from monitors.probes.trace import Outcome, Place, Trace

# Between two addresses of a name: what one that swallows packets may take, so that the next still gets its turn.
SHARE_LEAST_S = 0.25


class Fault(Exception):
    """What was found, as a check says it. outcome: failed, or blocked when nothing was measured."""

    def __init__(self, code: str, sentence: str, *, outcome: Outcome = Outcome.FAILED) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.outcome = code, sentence, outcome


class Call:
    """The run of one check: where it goes, by which rules, how much time is left, and what it has measured."""

    def __init__(self, place: Place, timeout_s: float, rules: EgressRules, called: str = "") -> None:
        self.place, self.rules, self.timeout_s = place, rules, timeout_s
        self.called = called or str(place)
        self.trace = Trace()
        self.address = ""
        self._deadline = time.monotonic() + timeout_s
        self._undone = "did not answer"

    @property
    def left(self) -> float:
        """Seconds until the time is over, never less than a millisecond."""
        return max(self._deadline - time.monotonic(), 0.001)

    @contextmanager
    def phase(self, name: str, undone: str) -> Iterator[None]:
        """Add the time the block takes to a phase. undone: the rest of "shop:25 …" if time runs out in it."""
        self._undone = undone
        began = time.monotonic()
        try:
            yield
        finally:
            column = f"{name}_us"
            setattr(self.trace, column, getattr(self.trace, column) + _microseconds(began))

    def overdue(self) -> Fault:
        """What is said when the time is over."""
        within = seconds(self.timeout_s)
        if self._undone == RESOLVING:
            return Fault("timeout", f"The name {self.place.host} was not resolved to an address within {within}.")
        return Fault("timeout", f"{self.called} {self._undone} within {within}.")

    async def addresses(self) -> list[str]:
        """The addresses of the host that may be called, as the resolver orders them. Raises Fault."""
        refusal = refuse_name(self.place.host)
        if refusal is not None:
            raise blocked(refusal)
        return allowed(await self._resolve(), self.place.port, self.rules)

    async def dial(self) -> Channel:
        """Connect to the first address that takes the connection. Raises Fault."""
        addresses = await self.addresses()
        error: OSError | None = None
        with self.phase("connect", "did not take the connection"):
            for turn, address in enumerate(addresses):
                try:
                    # the last address may take all that is left
                    share = max(self.left / (len(addresses) - turn), SHARE_LEAST_S)
                    channel = Channel(await asyncio.wait_for(_connect(address, self.place.port), share))
                except OSError as refused:
                    error = refused
                else:
                    self.address = address
                    return channel
        if isinstance(error, TimeoutError):
            raise self.overdue()
        raise unreachable(self.place, error)

    async def _resolve(self) -> list[str]:
        host = self.place.host
        if _is_address(host):
            return [host]
        with self.phase("dns", RESOLVING):
            try:
                found = await in_thread(lambda: socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM), name="resolve")
            except (socket.gaierror, UnicodeError):
                raise Fault("dns", f"The name {host} could not be resolved to an address.") from None
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))


RESOLVING = "was not resolved"


async def conduct(
    place: Place, timeout_s: float, rules: EgressRules, work: Callable[[Call], Awaitable[None]], called: str = ""
) -> Trace:
    """Run `work` within its time and return what it measured; a Fault it raises becomes the trace's outcome.

    called: how the place is named in sentences, if not by host and port.
    """
    call = Call(place, timeout_s, rules, called)
    began = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s):
            await work(call)
    except Fault as fault:
        _end(call.trace, fault)
    except TooMuch:
        _end(call.trace, Fault("too_large", f"{place} sent more than {READ_CAP:,} bytes before it was done."))
    except TimeoutError:
        _end(call.trace, call.overdue())
    except OSError as error:
        _end(call.trace, broken(place, error))
    call.trace.total_us = _microseconds(began)
    return call.trace


def allowed(addresses: list[str], port: int, rules: EgressRules) -> list[str]:
    """Those of the addresses that the guard lets through; an IPv4-mapped one as what it is. Raises Fault if none."""
    refusals = {address: decide(address, port, rules) for address in addresses}
    open_ones = [_unmapped(address) for address, refusal in refusals.items() if refusal is None]
    if not open_ones:
        raise blocked(next(refusal for refusal in refusals.values() if refusal is not None))
    return open_ones


def blocked(refusal: Refusal) -> Fault:
    """A check that the guard forbids: nothing was measured."""
    return Fault("blocked", refusal.sentence, outcome=Outcome.BLOCKED)


def unreachable(place: Place, error: OSError | None) -> Fault:
    """Why no connection came about."""
    number = error.errno if error is not None else None
    known = CONNECT_ERRORS.get(number or 0)
    if known:
        return Fault(known[0], known[1].format(place=place))
    why = os.strerror(number) if number else "no address of it took the connection"
    return Fault("unreachable", f"{place} cannot be reached: {why}.")


def broken(place: Place, error: OSError) -> Fault:
    """A connection that was there and went."""
    if isinstance(error, ConnectionError):
        return Fault("reset", f"{place} broke the connection.")
    return Fault("other", f"{place}: {error.strerror or type(error).__name__}.")


async def _connect(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


def _end(trace: Trace, fault: Fault) -> None:
    trace.outcome, trace.code, trace.sentence = fault.outcome, fault.code, fault.sentence


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _unmapped(address: str) -> str:
    mapped = getattr(ipaddress.ip_address(address), "ipv4_mapped", None)
    return str(mapped) if mapped else address


def _microseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1_000_000)
