"""Findings of the auditor: opened, seen again, raised, closed; each in one transaction with its line of the ledger."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from evidence.models import SelfCheckFinding
from incidents.own import tell_own
from ledger.promises import Breach, Promise
from ledger.record import record

# One audit may see what the next tick mends; what two audits see, one minute apart, calls somebody.
RAISED_WHEN_SEEN = 2
TITLE = "Watchbook itself: {}"


@dataclass(frozen=True)
class Verdict:
    """What an audit says of one promise. breach: what was found at first sight; mended: the repair helped."""

    promise: Promise
    breach: Breach | None
    mended: bool = False


def open_by_name() -> dict[str, SelfCheckFinding]:
    """The open findings by the name of their promise."""
    return {finding.name: finding for finding in SelfCheckFinding.objects.filter(closed_at__isnull=True)}


def settle(verdict: Verdict, known: SelfCheckFinding | None, *, now: datetime) -> bool:
    """Write a verdict down; whether it endangers paging now.

    A finding that a repair ended stays open until an audit finds the promise held at first sight: a step that only the
    auditor's repairs keep going is broken, and is raised like one.
    """
    if verdict.breach is None:
        if known is not None:
            close(known, now=now)
        return False
    with transaction.atomic():
        finding = _open(verdict, verdict.breach, now) if known is None else _seen(known, verdict, verdict.breach, now)
        again = finding.seen >= RAISED_WHEN_SEEN
        if verdict.promise.endangers and again and not verdict.promise.quiet and finding.raised_at is None:
            _raise(finding, verdict.promise, now)
    return verdict.promise.endangers and (again or not verdict.mended)


def _open(verdict: Verdict, breach: Breach, now: datetime) -> SelfCheckFinding:
    finding = SelfCheckFinding.objects.create(
        name=verdict.promise.name,
        sentence=breach.sentence[:300],
        about=list(breach.about),
        endangers=verdict.promise.endangers,
        opened_at=now,
        last_seen_at=now,
        repaired=verdict.mended,
    )
    data = {"name": finding.name, "endangers": finding.endangers, "repaired": finding.repaired, "about": finding.about}
    record("selfcheck.opened", [finding], data, now=now)
    return finding


def _seen(known: SelfCheckFinding, verdict: Verdict, breach: Breach, now: datetime) -> SelfCheckFinding:
    finding = SelfCheckFinding.objects.select_for_update().get(pk=known.pk)
    finding.sentence, finding.about = breach.sentence[:300], list(breach.about)
    finding.last_seen_at, finding.seen, finding.repaired = now, finding.seen + 1, verdict.mended
    finding.save(update_fields=["sentence", "about", "last_seen_at", "seen", "repaired"])
    return finding


def _raise(finding: SelfCheckFinding, promise: Promise, now: datetime) -> None:
    finding.raised_at = now
    finding.save(update_fields=["raised_at"])
    tell_own(
        identity=finding.name,
        opens=True,
        key=finding.public_id,
        title=TITLE.format(promise.trouble),
        reason=f"{finding.sentence} {promise.remedy}"[:300],
        effective_at=finding.opened_at,
        now=now,
    )


@transaction.atomic
def close(known: SelfCheckFinding, *, now: datetime) -> None:
    """The promise holds again; an alert that was raised for it ends."""
    finding = SelfCheckFinding.objects.select_for_update().get(pk=known.pk)
    if finding.closed_at is not None:
        return
    finding.closed_at = now
    finding.save(update_fields=["closed_at"])
    data = {"name": finding.name, "seen": finding.seen, "repaired": finding.repaired}
    record("selfcheck.closed", [finding], data, now=now)
    if finding.raised_at is not None:
        tell_own(
            identity=finding.name,
            opens=False,
            key=finding.public_id,
            title=TITLE.format(finding.name),
            reason="",
            effective_at=now,
            now=now,
        )


def close_forgotten(names: Set[str], *, now: datetime) -> None:
    """End findings of promises that this version no longer makes: nobody would ever see them held."""
    for finding in SelfCheckFinding.objects.filter(closed_at__isnull=True).exclude(name__in=names):
        close(finding, now=now)
