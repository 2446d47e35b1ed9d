"""The ICMP probe: echo requests, and how many may go unanswered. Offered where this machine may send them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import icmplib

from accounts.egress.guard import EgressRules
from monitors.kinds import Secrets
from monitors.kinds.icmp import IcmpTarget
from monitors.probes.dialing import Call, Fault, conduct
from monitors.probes.trace import Outcome, Place, Trace

GAP_S = 0.2
WAIT_LEAST_S = 0.1
SELF_TEST_S = 1.0


@dataclass(frozen=True, slots=True)
class IcmpCheck:
    """A host to ping. packets: sent one after the other; lost_most: percent of them that may stay unanswered."""

    place: Place
    timeout_s: float
    packets: int = 3
    lost_most: int = 50


@lru_cache(maxsize=1)
def self_test() -> bool | None:
    """Whether pings need privileges here: False, True, or None when this process cannot ping at all.

    One ping of this machine, once in the life of a process.
    """
    for privileged in (False, True):
        try:
            if icmplib.ping("127.0.0.1", count=1, timeout=SELF_TEST_S, privileged=privileged).is_alive:
                return privileged
        except (icmplib.ICMPLibError, OSError):
            continue
    return None


def refusal() -> str:
    """Why this machine cannot ping, with the remedy; "" if it can."""
    if self_test() is not None:
        return ""
    return "This machine may not send pings. Give the process CAP_NET_RAW, or widen net.ipv4.ping_group_range, and restart it."


def compile_check(target: IcmpTarget, secrets: Secrets, *, timeout_s: float, curious: bool = False) -> IcmpCheck:
    """Make the check of a target: done once for a version of a monitor, then used for each check."""
    return IcmpCheck(Place(target.host, 0, False), timeout_s, target.packets, target.lost_most)


async def run(check: IcmpCheck, rules: EgressRules) -> Trace:
    """Ping once as often as the check says; its time is the mean of the answers."""

    async def ping(call: Call) -> None:
        address = (await call.addresses())[0]
        reason = refusal()
        if reason:
            raise Fault("not_offered", reason, outcome=Outcome.BLOCKED)
        with call.phase("wait", "did not answer a ping"):
            host = await icmplib.async_ping(
                address,
                count=check.packets,
                interval=GAP_S,
                timeout=_wait(check, call.left),
                privileged=bool(self_test()),
            )
        _judge(call, check, host)

    place = check.place
    return await conduct(place, check.timeout_s, rules, ping, called=place.host)


def _judge(call: Call, check: IcmpCheck, host: icmplib.Host) -> None:
    lost = check.packets - host.packets_received
    if not host.packets_received:
        raise Fault("timeout", f"{check.place.host} answered none of {check.packets} pings.")
    call.trace.wait_us = round(host.avg_rtt * 1000)
    if lost * 100 > check.lost_most * check.packets:
        sentence = f"{check.place.host} lost {lost} of {check.packets} pings; at most {check.lost_most} % may be lost."
        raise Fault("loss", sentence)


def _wait(check: IcmpCheck, left: float) -> float:
    """Seconds that each answer may take, so that all of them fit into the check's time."""
    gaps = GAP_S * (check.packets - 1)
    return max((left * 0.95 - gaps) / check.packets, WAIT_LEAST_S)
