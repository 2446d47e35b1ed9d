"""The TLS probe: one handshake, verified as a browser would, with every certificate of the chain looked at."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.egress.guard import EgressRules
from monitors.probes.dialing import Call, conduct
from monitors.probes.secure import secure, verifying
from monitors.probes.trace import Place, Trace


@dataclass(frozen=True, slots=True)
class TlsCheck:
    """A certificate to look at."""

    place: Place
    timeout_s: float


async def run(check: TlsCheck, rules: EgressRules) -> Trace:
    """Look at the certificate once. Fails for a chain that is not in order; how long it still holds is not judged."""
    return await conduct(check.place, check.timeout_s, rules, _handshake)


async def _handshake(call: Call) -> None:
    async with await call.dial() as channel:
        await secure(call, channel, verifying())
