"""How each type of check is run: one line a type. curl's checks have no `run`; all others are coroutines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from accounts.egress.guard import EgressRules
from monitors.kinds import Secrets, Target
from monitors.probes import async_loop, dns, http, icmp, mysql, postgresql, redis, requests, smtp, tcp, tls
from monitors.probes.async_loop import Run
from monitors.probes.secure import days_left
from monitors.probes.trace import HttpCheck, Trace


class Check(Protocol):
    """A check ready to be run as it is: a frozen dataclass, whose type says how."""

    @property
    def timeout_s(self) -> float:
        """Within which it ends."""


@dataclass(frozen=True, slots=True)
class Probe:
    """compile(target, secrets, *, timeout_s, curious) makes a `check`; run(check, rules) runs it, None for libcurl.

    refusal: why this machine cannot run such checks at all, "" if it can.
    describe(target, secrets): the target with what only a library can read of certificates in it.
    """

    check: type
    compile: Callable[..., Check]
    run: Run | None = None
    refusal: Callable[[], str] = str
    describe: Callable[[Any, Any], Target] | None = None


PROBES: dict[str, Probe] = {
    "http": Probe(HttpCheck, requests.compile_check, describe=requests.describe),
    "health": Probe(HttpCheck, requests.compile_health, describe=requests.describe),
    "tls": Probe(tls.TlsCheck, tls.compile_check, tls.run),
    "dns": Probe(dns.DnsCheck, dns.compile_check, dns.run),
    "tcp": Probe(tcp.TcpCheck, tcp.compile_check, tcp.run),
    "icmp": Probe(icmp.IcmpCheck, icmp.compile_check, icmp.run, icmp.refusal),
    "smtp": Probe(smtp.SmtpCheck, smtp.compile_check, smtp.run),
    "postgresql": Probe(postgresql.PostgresqlCheck, postgresql.compile_check, postgresql.run),
    "mysql": Probe(mysql.MysqlCheck, mysql.compile_check, mysql.run),
    "redis": Probe(redis.RedisCheck, redis.compile_check, redis.run),
}
RUNS: dict[type, Run] = {probe.check: probe.run for probe in PROBES.values() if probe.run is not None}


def compile_check(kind: str, target: Target, secrets: Secrets, *, timeout_s: float, curious: bool = False) -> Check:
    """Make the check of a target: done once for a version of a monitor, then run again and again.

    curious: for a person who looks, so keep what is too much for every check.
    """
    return PROBES[kind].compile(target, secrets, timeout_s=timeout_s, curious=curious)


def described(kind: str, target: Target, secrets: Secrets) -> Target:
    """The target as it is to be kept. Raises TargetError for what only a library can tell is wrong."""
    probe = PROBES.get(kind)
    if probe is None:
        return target  # it reports by itself
    probe.compile(target, secrets, timeout_s=1.0, curious=False)
    return probe.describe(target, secrets) if probe.describe else target


def run_once(check: Check, rules: EgressRules, *, now: datetime) -> Trace:
    """Run one check by itself and return its trace, with the certificate's days left counted from `now`."""
    if isinstance(check, HttpCheck):
        trace = http.run_alone(check, rules)
    else:
        trace = async_loop.run_alone(RUNS[type(check)], check, rules)
    if trace.chain:
        trace.certificate_days = days_left(trace.chain, now)
    elif trace.certificate is not None:
        trace.certificate_days = (trace.certificate.not_after - now) // timedelta(days=1)
    return trace
