"""The register of certificates: what TLS checks saw, what replaced what, and the warning before one ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from ledger.record import instant, record
from monitors.conditions import CERTIFICATE
from monitors.expiry import days_left, remaining, warning
from monitors.kinds.tls import thresholds
from monitors.models import Certificate, Monitor, MonitorState
from monitors.probes.trace import Link
from monitors.services.conditions import clear_condition, ensure_rule, raise_condition

RULE_REASON = "A certificate check warns before the end."


@transaction.atomic
def observe_chain(monitor: Monitor, chain: Sequence[Link], *, at: datetime, now: datetime) -> None:
    """Write down what a check saw at `at`; of a certificate check, raise or clear its condition "certificate"."""
    MonitorState.objects.select_for_update().filter(pk=monitor.pk).first()
    host, port = monitor.target["host"], monitor.target["port"]
    known = Certificate.objects.filter(host=host, port=port, sha256__in=[link.sha256 for link in chain])
    old = {certificate.sha256 for certificate in known}
    newest = {
        "monitor": monitor,
        "last_seen_at": at,
        "chain_ok": chain[0].chain_ok,
        "hostname_ok": chain[0].hostname_ok,
    }
    known.filter(last_seen_at__lt=at).update(**newest)
    for link in chain:
        if link.sha256 not in old:
            old.add(link.sha256)
            _first_sight(monitor, link, host, port, at=at, now=now)
    if "warn_days" in monitor.target:
        _judge(monitor, chain, at=at, now=now)


def _first_sight(monitor: Monitor, link: Link, host: str, port: int, *, at: datetime, now: datetime) -> None:
    seen = Certificate(
        monitor=monitor,
        host=host,
        port=port,
        position=link.position,
        subject=link.subject,
        issuer=link.issuer,
        serial=link.serial[:64],
        sha256=link.sha256,
        key_type=link.key_type,
        sans=list(link.sans),
        not_before=link.not_before,
        not_after=link.not_after,
        chain_ok=link.chain_ok,
        hostname_ok=link.hostname_ok,
        first_seen_at=at,
        last_seen_at=at,
    )
    before = _in_its_place(seen)
    try:
        with transaction.atomic():
            seen.save()
    except IntegrityError:
        return  # another monitor of the same host saw it at this very moment, and has told
    told = {"sha256": link.sha256, "position": link.position, "not_after": instant(link.not_after)}
    record("certificate.seen", [monitor, seen], {**told, "first_seen_at": instant(at)}, now=now)
    if before is not None:
        _renew(monitor, before, seen, now=now)


def _in_its_place(seen: Certificate) -> Certificate | None:
    """The server's own certificate that this one follows; those it rests on have no successor."""
    if seen.position:
        return None
    held = Certificate.objects.select_for_update().filter(host=seen.host, port=seen.port, position=0)
    return held.filter(renewed_at=None, first_seen_at__lt=seen.first_seen_at).order_by("-last_seen_at", "-pk").first()


def _renew(monitor: Monitor, before: Certificate, after: Certificate, *, now: datetime) -> None:
    before.renewed_at = after.first_seen_at
    before.days_left = days_left(before.not_after, after.first_seen_at)
    before.save(update_fields=["renewed_at", "days_left"])
    told = {"by": after.public_id, "renewed_at": instant(after.first_seen_at), "days_left": before.days_left}
    record("certificate.renewed", [monitor, before, after], told, now=now)


def _judge(monitor: Monitor, chain: Sequence[Link], *, at: datetime, now: datetime) -> None:
    """Warn of the certificate that ends first; each threshold is told anew, and a renewal ends it."""
    first = min(chain, key=lambda link: link.not_after)
    rule = ensure_rule(monitor, CERTIFICATE, now=now, reason=RULE_REASON)
    days = thresholds(monitor.target["warn_days"])
    due = warning(first.not_after, at, days, severity=rule.severity, urgency=rule.urgency)
    told = {"sha256": first.sha256, "not_after": instant(first.not_after)}
    whose = "The certificate" if first.position == 0 else f"{first.subject}, which the certificate rests on,"
    if due is None:
        reason = f"{whose} {remaining(first.not_after, at)}."
        clear_condition(rule, reason=reason, effective_at=at, now=now, data=told)
        return
    raise_condition(
        rule,
        reason=f"{whose} {remaining(first.not_after, at)}: it is good until {first.not_after:%Y-%m-%d %H:%M} UTC.",
        effective_at=at,
        now=now,
        severity=due.severity,
        urgency=due.urgency,
        data={**told, "threshold_days": due.threshold},
    )
