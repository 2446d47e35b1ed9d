"""The history of names in DNS: which values a check saw from when to when, and that they changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from ledger.crypto import fingerprint
from ledger.record import instant, record
from monitors.conditions import DNS_CHANGED
from monitors.models import ConditionState, DnsObservation, Monitor, MonitorState, Rule
from monitors.probes.trace import Answers
from monitors.services.conditions import clear_condition, ensure_rule, raise_condition

RETURNS = timedelta(days=1)  # a set that comes back within this goes on in its row
SETTLES = timedelta(days=1)  # after this long the new values are the usual ones
RULE_REASON = "A DNS check tells when the values change."
SHOWN = 3


@transaction.atomic
def observe_answers(monitor: Monitor, version: int, answers: Answers, *, at: datetime, now: datetime) -> None:
    """Write down what a check of a DNS monitor was answered at `at`, and raise or clear its condition "dns_changed".

    version: of the monitor's configuration that asked.
    """
    MonitorState.objects.select_for_update().filter(pk=monitor.pk).first()
    asked = DnsObservation.objects.filter(
        monitor=monitor, name=answers.name, record=answers.record, resolver=answers.resolver
    )
    newest = asked.order_by("-last_seen_at", "-pk").first()
    if newest is not None and newest.last_seen_at >= at:
        return  # an older answer, come late: what is newer was told already
    values = list(answers.values)
    recent = list(asked.filter(last_seen_at__gte=at - RETURNS)) if newest is not None else []
    if newest is not None and newest.values == values and newest not in recent:
        recent.append(newest)  # nothing else was seen since, however long that is
    same = next((row for row in recent if row.values == values), None)
    if same is None:
        same = _first_sight(monitor, version, answers, at=at, now=now)
    else:
        same.last_seen_at, same.expected = at, answers.expected
        same.save(update_fields=["last_seen_at", "expected"])
    _judge(monitor, newest, same, at=at, now=now)


def _first_sight(monitor: Monitor, version: int, answers: Answers, *, at: datetime, now: datetime) -> DnsObservation:
    seen = DnsObservation.objects.create(
        monitor=monitor,
        monitor_version=version,
        name=answers.name,
        record=answers.record,
        resolver=answers.resolver,
        values=list(answers.values),
        expected=answers.expected,
        first_seen_at=at,
        last_seen_at=at,
    )
    # addresses stay out of the ledger; the fingerprint says that they were these
    told = {"values": len(answers.values), "set": fingerprint("\n".join(answers.values), "dns.values")}
    told |= {"record": answers.record, "expected": answers.expected, "first_seen_at": instant(at)}
    record("dns.values_seen", [monitor, seen], told, now=now)
    return seen


def _judge(
    monitor: Monitor, before: DnsObservation | None, seen: DnsObservation, *, at: datetime, now: datetime
) -> None:
    """Tell of values never seen, until they are back as they were or have become the usual ones."""
    is_new = before is not None and seen.first_seen_at == at
    told = {"observation": seen.public_id}
    if is_new and before is not None and monitor.target.get("tell_changes", True):
        rule = ensure_rule(monitor, DNS_CHANGED, now=now, reason=RULE_REASON)
        clear_condition(rule, reason="They changed again.", effective_at=at, now=now, data=told)
        reason = f"The {seen.record} records of {seen.name} changed from {_some(before)} to {_some(seen)}."
        raise_condition(rule, reason=reason, effective_at=at, now=now, data=told)
        return
    held = ConditionState.objects.filter(monitor=monitor, rule__condition=DNS_CHANGED, is_open=True).first()
    if held is None or held.since is None:
        return
    rule = Rule.objects.select_related("monitor").get(pk=held.pk)
    why = _over(before, seen, held.since, at)
    if why:
        clear_condition(rule, reason=why, effective_at=at, now=now, data=told)


def _over(before: DnsObservation | None, seen: DnsObservation, since: datetime, at: datetime) -> str:
    """Why a change is no news any more; "" while it is."""
    if before is None:
        return "Another name or record is asked for now."
    if before.pk != seen.pk and seen.first_seen_at < since:
        return "The values are back to what they were."
    if at - since >= SETTLES:
        return "The values have stayed as they are for a day."
    return ""


def _some(row: DnsObservation) -> str:
    shown = ", ".join(value[:60] for value in row.values[:SHOWN]) or "nothing"
    more = len(row.values) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
