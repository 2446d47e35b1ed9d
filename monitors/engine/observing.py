"""After the hand-over: what checks saw of certificates and names is put into their registers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ledger.actors import SYSTEM, acting_as
from monitors.engine.findings import Finding
from monitors.models import Monitor
from monitors.services.certificates import observe_chain
from monitors.services.names import observe_answers


def observe(findings: Sequence[Finding], *, now: datetime) -> None:
    """Each in a transaction of its own, the oldest first. Seen twice is seen once, so a hand-over may be repeated.

    A finding of a monitor that was retired or changed since is left out: what it saw is no longer what is asked.
    """
    telling = [finding for finding in findings if finding.trace.chain or finding.trace.answers is not None]
    if not telling:
        return
    monitors = Monitor.objects.in_force().defer("secrets").in_bulk([finding.monitor_id for finding in telling])
    with acting_as(SYSTEM):
        for finding in sorted(telling, key=lambda one: one.planned_at):
            monitor = monitors.get(finding.monitor_id)
            if monitor is None or monitor.version != finding.monitor_version:
                continue
            if finding.trace.chain:
                observe_chain(monitor, finding.trace.chain, at=finding.planned_at, now=now)
            if finding.trace.answers is not None:
                observe_answers(monitor, finding.monitor_version, finding.trace.answers, at=finding.planned_at, now=now)
