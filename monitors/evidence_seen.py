"""What a pack tells of the outside: certificates (CT-1), values of names (CT-2) and dependencies that checks saw in its window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db.models import QuerySet

from ledger.evidence import threaded
from ledger.tables import Row, Scope, Table
from monitors.conditions import CERTIFICATE
from monitors.evidence_health import health_ids, health_table
from monitors.models import Certificate, DnsObservation, Monitor, Signal

CERTIFICATES = (
    "certificate_id", "monitor_id", "domain", "port", "position", "serial", "issuer", "sans", "not_before", "not_after",
    "first_seen_at", "last_seen_at", "key_type", "sha256", "chain_ok", "hostname_ok", "renewed_at", "days_left_at_renewal",
    "signal_ids",
)  # fmt: skip
NAMES = (
    "observation_id", "monitor_id", "monitor_version", "name", "type", "value_set", "resolver", "first_seen_at",
    "last_seen_at", "expected",
)  # fmt: skip


def seen_tables(scope: Scope, monitors: Sequence[Monitor]) -> list[Table]:
    """Certificates, values and dependencies that these monitors saw in the scope's window."""
    return [_certificates(scope, monitors), _names(scope, monitors), health_table(scope, monitors)]


def seen_ids(scope: Scope, monitors: Sequence[Monitor]) -> list[tuple[str, str]]:
    """(kind, public id) of all: what ledger lines may speak of."""
    certificates = _certificates_of(scope, monitors).values_list("public_id", flat=True)
    names = _names_of(scope, monitors).values_list("public_id", flat=True)
    return [
        *(("certificate", one) for one in certificates),
        *(("dnsobservation", one) for one in names),
        *health_ids(scope, monitors),
    ]


def _certificates(scope: Scope, monitors: Sequence[Monitor]) -> Table:
    def rows() -> Iterator[Row]:
        held = list(_certificates_of(scope, monitors).select_related("monitor"))
        warned = _warnings(scope, held)
        cells = (
            (
                c.public_id, c.monitor.public_id, c.host, c.port, c.position, c.serial, c.issuer, c.sans, c.not_before,
                c.not_after, c.first_seen_at, c.last_seen_at, c.key_type, c.sha256, c.chain_ok, c.hostname_ok,
                c.renewed_at, c.days_left, warned.get(c.pk, []),
            )
            for c in held
        )  # fmt: skip
        return threaded(cells, "certificate", [c.public_id for c in held])

    words = (
        "Every certificate that those monitors saw in the window, and those it rests on; days_left_at_renewal is negative "
        "where one was replaced after its end. signal_ids: warnings told while a server's own certificate was in use."
    )
    return Table("14_certificates_dns/certificates", CERTIFICATES, rows, "certificates", words, scope.window)


def _warnings(scope: Scope, held: Sequence[Certificate]) -> dict[int, list[str]]:
    """The signals "certificate" that opened while each of the servers' own certificates was in use."""
    signals = defaultdict(list)
    found = Signal.objects.filter(monitor__in={c.monitor_id for c in held}, condition=CERTIFICATE, opens=True)
    for signal in found.filter(effective_at__lt=scope.end).order_by("pk"):
        signals[signal.monitor_id].append(signal)
    return {
        c.pk: [
            signal.public_id
            for signal in signals[c.monitor_id]
            if c.first_seen_at <= signal.effective_at and (c.renewed_at is None or signal.effective_at < c.renewed_at)
        ]
        for c in held
        if not c.position
    }


def _names(scope: Scope, monitors: Sequence[Monitor]) -> Table:
    def rows() -> Iterator[Row]:
        held = list(_names_of(scope, monitors).select_related("monitor"))
        cells = (
            (
                d.public_id, d.monitor.public_id, d.monitor_version, d.name, d.record, d.values, d.resolver,
                d.first_seen_at, d.last_seen_at, d.expected,
            )
            for d in held
        )  # fmt: skip
        return threaded(cells, "dnsobservation", [d.public_id for d in held])

    words = (
        "Sets of values that those monitors were answered in the window, changes only. Whether a set was expected follows "
        "the version of the monitor that asked. A set that came back within a day goes on in its row."
    )
    return Table("14_certificates_dns/dns_observations", NAMES, rows, "dns_observations", words, scope.window)


def _certificates_of(scope: Scope, monitors: Sequence[Monitor]) -> QuerySet[Certificate]:
    rows = Certificate.objects.filter(monitor__in=[one.pk for one in monitors])
    return rows.filter(first_seen_at__lt=scope.end, last_seen_at__gte=scope.start).order_by("host", "port", "pk")


def _names_of(scope: Scope, monitors: Sequence[Monitor]) -> QuerySet[DnsObservation]:
    rows = DnsObservation.objects.filter(monitor__in=[one.pk for one in monitors])
    return rows.filter(first_seen_at__lt=scope.end, last_seen_at__gte=scope.start).order_by("name", "record", "pk")
