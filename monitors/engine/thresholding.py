"""Two turns of the engine: response times against their rules, and error budgets against how fast they burn.

Both read what is stored, decide by a pure module, and write only when something changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from monitors.agreed import percent_of, spelled
from monitors.agreements import intervals_of
from monitors.availability import Window
from monitors.burn import WINDOWS, Alert, Burning, Loudness, burning, loudest
from monitors.conditions import BURN, NOT_REPORTING, SLOW
from monitors.maintenance_rules import Contract
from monitors.models import SLA, ConditionState, Monitor, Rule
from monitors.models.monitors import PRIMARY
from monitors.overlays import Lying
from monitors.response_times import patience_of, timed
from monitors.services.conditions import clear_condition, ensure_rule, raise_condition
from monitors.thresholds import UNKNOWN, Level, Sample, Standing, Terms, judge
from monitors.uptime import Asked, figures_of

TICKET_SEVERITY = 3
SHORTEST_REACH = timedelta(minutes=10)
_running: dict[str, datetime] = {}  # since when this process has taken turns: its own stop is no silence of a monitor


def watch_response_times(now: datetime) -> int:
    """Judge every rule of response times on the newest samples; return how many conditions began or ended."""
    since = _running.setdefault("slow", now)
    rules = Rule.objects.in_force().filter(condition=SLOW, monitor__retired_at=None, monitor__paused_at=None)
    by_reach: dict[timedelta, list[tuple[Rule, Terms]]] = defaultdict(list)
    for rule in rules.select_related("monitor").order_by("pk"):
        terms = Terms(**rule.terms)
        by_reach[_reach(rule.monitor, terms)].append((rule, terms))
    changed = 0
    for reach, held in by_reach.items():
        seen = timed([rule.monitor_id for rule, _ in held], now - reach, now)
        states = {row.pk: row for row in ConditionState.objects.filter(rule__in=[rule for rule, _ in held])}
        for rule, terms in held:
            if now - since < patience_of(rule.monitor) and not seen.get(rule.monitor_id):
                continue
            changed += _judge_slow(rule, terms, seen.get(rule.monitor_id, []), states.get(rule.pk), now)
    return changed


def watch_budgets(now: datetime) -> int:
    """Tell of error budgets that burn too fast, and when they no longer do; return how many alerts began or ended."""
    slas = list(SLA.objects.in_force().filter(service__retired_at=None).select_related("service").order_by("pk"))
    slas = [sla for sla in slas if _in_effect(sla, now)]
    if not slas:
        return 0
    windows = [Window(now - length, now) for length in WINDOWS]
    lying = Lying(now - WINDOWS[-1], now)
    asked = [_budget_of(sla, windows, lying) for sla in slas]
    intervals = intervals_of([sla.service_id for sla in slas])
    held = _open_rules(sla.service_id for sla in slas)
    found: dict[int, list[tuple[SLA, Burning]]] = defaultdict(list)
    for sla, told in zip(slas, figures_of(asked, now=now), strict=True):
        by_length = dict(zip(WINDOWS, told, strict=True))
        interval_s = intervals.get(sla.service_id, 0)
        is_open = bool(held.get(sla.service_id))
        one = burning(by_length, target_ppm=sla.target_ppm, interval_s=interval_s, is_open=is_open)
        found[sla.service_id].append((sla, one))
    return sum(_tell_burn(service_id, theirs, held.get(service_id, []), now) for service_id, theirs in found.items())


def _budget_of(sla: SLA, windows: Sequence[Window], lying: Lying) -> Asked:
    """What its budget is spent on: as in the month's figures, planned work that qualifies spends nothing."""
    contract = Contract(notice_s=sla.notice_required_s, allowance_s=sla.maintenance_allowance_s)
    over = lying.over(sla.service, windows, contract)
    return Asked(sla.service, windows, over, degraded_is_down=sla.degraded_counts_as_down)


def _reach(monitor: Monitor, terms: Terms) -> timedelta:
    """How far back samples are read: the longest the terms ask for and a silence, in doubling steps so that few are asked."""
    wanted = timedelta(seconds=max(terms.for_s, terms.recovery_for_s) + terms.n * monitor.interval_s) + 2 * patience_of(
        monitor
    )
    reach = SHORTEST_REACH
    while reach < wanted:
        reach *= 2
    return reach


def _judge_slow(rule: Rule, terms: Terms, seen: Sequence[Sample], row: ConditionState | None, now: datetime) -> int:
    before = Standing(_level(rule, row), row.since if row else None)
    after = judge(terms, seen, now, before, max_age=patience_of(rule.monitor))
    changed = _tell_silence(rule, terms, after, now)
    at = min(after.since or now, now)
    if after.level is Level.OK and before.level is not Level.OK:
        return changed + _counted(
            clear_condition(rule, reason=f"Good again, {_value(after)}.", effective_at=at, now=now)
        )
    if after.level is Level.OK:
        return changed
    loud = after.level is Level.ALERT
    limit = terms.value if loud else terms.warn
    said = f"Answers are slow: {_value(after)}, the limit is {limit:g} {terms.unit}."
    severity, urgency = (rule.severity, rule.urgency) if loud else _milder(rule)
    raised = raise_condition(rule, reason=said, effective_at=at, now=now, severity=severity, urgency=urgency)
    return changed + _counted(raised)


def _tell_silence(rule: Rule, terms: Terms, after: Standing, now: datetime) -> int:
    """Where the terms ask for it, that nothing reports is a condition of its own; the rule's own stays as it is."""
    if terms.missing != UNKNOWN:
        return 0
    if after.missing:
        silent = ensure_rule(rule.monitor, NOT_REPORTING, now=now, reason="A rule of response times asks for it")
        said = "No answer has been timed for longer than three intervals."
        return _counted(raise_condition(silent, reason=said, effective_at=now, now=now))
    held = Rule.objects.in_force().filter(monitor=rule.monitor, condition=NOT_REPORTING, standing__is_open=True)
    return sum(
        _counted(clear_condition(one, reason="Answers are timed again.", effective_at=now, now=now))
        for one in held.select_related("monitor")
    )


def _level(rule: Rule, row: ConditionState | None) -> Level:
    """The level that was told: an alert is as loud as its rule, a warning milder."""
    if row is None or not row.is_open:
        return Level.OK
    milder = _milder(rule)
    told = (row.severity, row.urgency)
    return Level.WARN if told == milder and told != (rule.severity, rule.urgency) else Level.ALERT


def _milder(rule: Rule) -> tuple[int, str]:
    return min(rule.severity + 1, 4), "low"


def _value(standing: Standing) -> str:
    if standing.value is None:
        return "nothing was timed"
    return (
        "the newest check timed out" if standing.value == float("inf") else f"the newest took {standing.value:,.0f} ms"
    )


def _in_effect(sla: SLA, now: datetime) -> bool:
    today = now.astimezone(sla.zone).date()
    return sla.effective_from <= today and (sla.effective_until is None or today < sla.effective_until)


def _open_rules(service_ids: Iterable[int]) -> dict[int, list[Rule]]:
    found: dict[int, list[Rule]] = defaultdict(list)
    rules = Rule.objects.in_force().filter(
        condition=BURN, standing__is_open=True, monitor__service__in=set(service_ids)
    )
    for rule in rules.select_related("monitor"):
        found[rule.monitor.service_id].append(rule)
    return found


def _tell_burn(service_id: int, theirs: Sequence[tuple[SLA, Burning]], held: Sequence[Rule], now: datetime) -> int:
    told = loudest([one for _, one in theirs])
    if told.alert is None:
        if told.frozen:
            return 0
        reason = "The budget is no longer spent faster than it lasts."
        return sum(_counted(clear_condition(rule, reason=reason, effective_at=now, now=now)) for rule in held)
    sla = next(sla for sla, one in theirs if one is told)
    rule = held[0] if held else _rule_of(service_id, now)
    if rule is None:
        return 0
    pages = told.alert.loudness is Loudness.PAGE
    severity = rule.severity if pages else max(rule.severity, TICKET_SEVERITY)
    urgency = rule.urgency if pages else "low"
    data = {"sla": sla.public_id, "burn": f"{float(told.burn):.1f}", "window_s": int(told.alert.long.total_seconds())}
    raised = raise_condition(
        rule,
        reason=_burn_words(sla, told.alert, told.burn),
        effective_at=now,
        now=now,
        severity=severity,
        urgency=urgency,
        data=data,
    )
    return _counted(raised)


def _rule_of(service_id: int, now: datetime) -> Rule | None:
    """The rule that speaks for a service: that of its oldest primary monitor."""
    monitors = Monitor.objects.in_force().filter(service_id=service_id, role=PRIMARY).order_by("pk")
    oldest = monitors.select_related("service").first()
    return ensure_rule(oldest, BURN, now=now, reason="Its service has an agreement") if oldest else None


def _burn_words(sla: SLA, alert: Alert, burn: Fraction) -> str:
    over = spelled(int(alert.long.total_seconds() * 1000))
    return (
        f"{sla.service.name}, {sla.name} ({percent_of(sla.target_ppm)} %): the error budget was spent "
        f"{float(burn):.1f} times too fast over the last {over}."
    )


def _counted(signal: object) -> int:
    return int(signal is not None)
