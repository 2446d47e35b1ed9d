"""The DNS probe: one question to the system's resolver or a chosen one, and what was wanted of its answer."""

from __future__ import annotations

from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.rcode
import dns.rdata
import dns.rdtypes.ANY.TXT
import dns.resolver

from accounts.egress.guard import EgressRules
from monitors.dns_values import ANY, holds, normal
from monitors.kinds import Secrets
from monitors.kinds.dns import DnsTarget
from monitors.probes.dialing import Call, Fault, allowed, conduct
from monitors.probes.trace import Answers, Place, Trace

EDNS_PAYLOAD = 1232  # bytes of UDP that pass any network unfragmented; what is longer comes over TCP
TRY_S = 2.0
SHOWN = 4


@dataclass(frozen=True, slots=True)
class DnsCheck:
    """A question and its answer. place: the resolver; an empty host is the system's own. expected: in normal form."""

    name: str
    record: str
    place: Place
    timeout_s: float
    expected: tuple[str, ...] = ()
    match: str = ANY

    @property
    def resolver(self) -> str:
        """How the resolver is called in sentences and in the history of values."""
        return str(self.place) if self.place.host else "the system's resolver"


def compile_check(target: DnsTarget, secrets: Secrets, *, timeout_s: float, curious: bool = False) -> DnsCheck:
    """Make the check of a target: done once for a version of a monitor, then used for each check."""
    place = Place(target.host, target.port, False)
    return DnsCheck(target.domain, target.record, place, timeout_s, target.expected, target.match)


async def run(check: DnsCheck, rules: EgressRules) -> Trace:
    """Ask once."""

    async def ask(call: Call) -> None:
        resolver = _resolver(check, call)
        with call.phase("wait", f"did not answer for {check.name}"):
            found = await _ask(resolver, check, call)
        right = holds(found, check.expected, check.match)
        call.trace.answers = Answers(check.name, check.record, check.resolver, found, right)
        if not right:
            raise Fault("value" if found else "no_record", _wrong(check, found))

    return await conduct(check.place, check.timeout_s, rules, ask, called=_capital(check.resolver))


def _resolver(check: DnsCheck, call: Call) -> dns.asyncresolver.Resolver:
    """The resolver to ask. A chosen one passes the guard; the system's is the operator's own choice."""
    try:
        resolver = dns.asyncresolver.Resolver(configure=not check.place.host)
    except dns.resolver.NoResolverConfiguration:
        raise Fault("dns", "This machine has no resolver in its configuration.") from None
    if check.place.host:
        address = allowed([check.place.host], check.place.port, call.rules)[0]
        resolver.nameservers = [dns.nameserver.Do53Nameserver(address, check.place.port)]
    resolver.use_edns(0, 0, EDNS_PAYLOAD)
    resolver.timeout = min(TRY_S, check.timeout_s / 2)
    return resolver


async def _ask(resolver: dns.asyncresolver.Resolver, check: DnsCheck, call: Call) -> tuple[str, ...]:
    name = dns.name.from_text(check.name)
    try:
        answer = await resolver.resolve(name, check.record, raise_on_no_answer=False, search=False, lifetime=call.left)
    except dns.resolver.NXDOMAIN:
        call.trace.answers = Answers(check.name, check.record, check.resolver, (), False)
        raise Fault("nxdomain", f"{_capital(check.resolver)} says that {check.name} does not exist.") from None
    except dns.resolver.LifetimeTimeout:
        raise call.overdue() from None
    except dns.resolver.NoNameservers as error:
        raise Fault("dns", f"{_capital(check.resolver)} {_failure(error)} for {check.name}.") from None
    except dns.exception.DNSException as error:
        words = f"gave an answer that cannot be read ({type(error).__name__})"
        raise Fault("protocol", f"{_capital(check.resolver)} {words}.") from None
    return tuple(sorted({_value(check.record, data) for data in answer.rrset or ()}))


def _value(record: str, data: dns.rdata.Rdata) -> str:
    if isinstance(data, dns.rdtypes.ANY.TXT.TXT):
        return b"".join(data.strings).decode("utf-8", "replace")
    try:
        return normal(record, data.to_text())
    except ValueError:
        return data.to_text()  # an odd value is still what was answered


def _failure(error: dns.resolver.NoNameservers) -> str:
    responses = [entry[4] for entry in error.kwargs.get("errors", ()) if entry[4] is not None]
    if not responses:
        return "cannot be reached"
    code = responses[-1].rcode()
    return {
        dns.rcode.SERVFAIL: "could not find an answer (SERVFAIL)",
        dns.rcode.REFUSED: "refused to answer (REFUSED)",
    }.get(code, f"answered {dns.rcode.to_text(code)}")


def _wrong(check: DnsCheck, found: tuple[str, ...]) -> str:
    if not found:
        return f"{check.name} has no {check.record} record, says {check.resolver}."
    missing = sorted(set(check.expected) - set(found))
    if missing:
        return f"The {check.record} records of {check.name} lack {_some(missing)}; they are {_some(found)}."
    extra = sorted(set(found) - set(check.expected))
    return f"The {check.record} records of {check.name} hold {_some(extra)}, which nobody expected."


def _some(values: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(value[:60] for value in values[:SHOWN])
    return f"{shown} and {len(values) - SHOWN} more" if len(values) > SHOWN else shown


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
