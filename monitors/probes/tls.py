"""The TLS probe: one handshake, verified as a browser would, with every certificate of the chain looked at."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.egress.guard import EgressRules
from monitors.kinds import Secrets
from monitors.kinds.tls import TlsTarget
from monitors.probes.dialing import Call, conduct
from monitors.probes.secure import secure, shown, verifying
from monitors.probes.trace import Place, Trace


@dataclass(frozen=True, slots=True)
class TlsCheck:
    """A certificate to look at."""

    place: Place
    timeout_s: float


def compile_check(target: TlsTarget, secrets: Secrets, *, timeout_s: float, curious: bool = False) -> TlsCheck:
    """Make the check of a target: done once for a version of a monitor, then used for each check."""
    return TlsCheck(Place(target.host, target.port, True), timeout_s)


async def run(check: TlsCheck, rules: EgressRules) -> Trace:
    """Look at the certificate once. Fails for a chain that is not in order; how long it still holds is not judged."""
    return await conduct(check.place, check.timeout_s, rules, _handshake)


async def _handshake(call: Call) -> None:
    async with await call.dial() as channel:
        try:
            await secure(call, channel, verifying())
        finally:
            call.trace.certificate = shown(call.trace.chain)
