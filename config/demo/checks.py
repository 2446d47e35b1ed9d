"""Checks of the demo, from the moment something fails until it has been well again for as long as its rule asks.

They go through the hand-over and the judge one by one, with their retries, as a probe would bring them. The quiet
weeks between are not judged check by check: `carry` tells the judge of the last good check before.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from config.demo.latency import SHAPES, Shape, phases_us
from config.demo.world import Demo
from ledger.actors import SYSTEM, acting_as
from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.judge import Observation, Terms, judge, retry_gap
from monitors.models import Monitor, MonitorState, ProbeSlot, Rule, StateInterval
from monitors.models.monitors import DOWN
from monitors.probes.trace import Outcome, Trace
from monitors.samples import hour_of
from monitors.services.transitions import remember, standing_of
from monitors.slots import next_slot, phase_of
from monitors.states import State

MS = timedelta(milliseconds=1)
WRONG = (
    Trace(
        Outcome.FAILED, "status", "Answered 502 Bad Gateway, expected 200-299.", 502,
        dns_us=4_000, connect_us=9_000, wait_us=147_000, transfer_us=1_000, total_us=161_000,
    ),
    Trace(
        Outcome.FAILED, "status", "Answered 503 Service Unavailable, expected 200-299.", 503,
        dns_us=4_000, connect_us=9_000, wait_us=34_000, transfer_us=1_000, total_us=48_000,
    ),
    Trace(
        Outcome.FAILED, "status", "Answered 500 Internal Server Error, expected 200-299.", 500,
        dns_us=4_000, connect_us=9_000, wait_us=2_296_000, transfer_us=1_000, total_us=2_310_000,
    ),
    Trace(
        Outcome.FAILED, "timeout", "No answer within 10 s.",
        dns_us=4_000, connect_us=9_000, wait_us=9_987_000, total_us=10_000_000,
    ),
    Trace(Outcome.FAILED, "refused", "The connection was refused.", dns_us=1_100, connect_us=800, total_us=1_900),
)  # fmt: skip
_shapes: dict[tuple[int, int], Shape] = {}


def shape_of(monitor_id: int, interval_s: int) -> Shape:
    """The kind of service a monitor watches, by its key."""
    key = monitor_id * 7 % SHAPES, max(1, 3600 // interval_s)
    return _shapes.setdefault(key, Shape(*key))


def watch(demo: Demo, pk: int, when: datetime, *, extra: bool = False) -> None:
    """Check a monitor at an instant, and again until nothing is in doubt any more."""

    def check(now: datetime) -> bool:
        later = next((end for start, end in demo.stopped if start <= now < end), None)
        monitor = Monitor.objects.only("public_id", "interval_s", "timeout_s", "version", "paused_at").get(pk=pk)
        if monitor.paused_at is not None:
            demo.watched.discard(pk)
            return False
        if later is not None:
            watch(demo, pk, next_of(monitor, later))
            return False
        turned = _deliver(demo, monitor, now, extra=extra)
        following = _following(demo, monitor, now)
        if following is None:
            demo.watched.discard(pk)
        else:
            watch(demo, pk, following[0], extra=following[1])
        return turned > 0

    demo.watched.add(pk)
    demo.at(when, check)


def fail(demo: Demo, name: str, when: datetime, lasting: timedelta) -> None:
    """Let what a monitor watches fail for a while."""

    def begins(now: datetime) -> bool:
        held = demo.monitors.get(name)
        monitor = Monitor.objects.filter(pk=held.pk, paused_at__isnull=True).first() if held else None
        if monitor is None:
            return False
        demo.failing[monitor.pk] = now + lasting
        demo.wrong[monitor.pk] = demo.rng.randrange(len(WRONG))
        if monitor.pk not in demo.watched:
            carry(monitor, now)
            watch(demo, monitor.pk, next_of(monitor, now))
        return False

    demo.at(when, begins)


def next_of(monitor: Monitor, after: datetime) -> datetime:
    """The first slot of a monitor after an instant."""
    return next_slot(after, monitor.interval_s, phase_of(monitor.public_id, monitor.interval_s))


@transaction.atomic
def carry(monitor: Monitor, until: datetime) -> None:
    """Take every slot before `until` as run and good: the judge is told of the last one, and that none was silent."""
    slot = next_of(monitor, until - MS) - timedelta(seconds=monitor.interval_s)
    row = MonitorState.objects.select_related("interval").get(pk=monitor.pk)
    if row.state != State.UP or row.last_at is None or slot <= row.last_at:
        return
    heard = standing_of(row)._replace(silent_at=slot)
    standing, changes = judge(terms_of(monitor), heard, [Observation(slot, True)])
    if changes:
        raise AssertionError(f"{monitor} changed its state while it was well")
    remember(row, standing)
    row.seen_at, row.seen_outcome, row.seen_detail, row.seen_code = slot, "ok", "", ""
    row.save()
    open_one = StateInterval.objects.filter(pk=row.interval_id, ended_at__isnull=True)
    open_one.update(covered_until=standing.covered_until)


def terms_of(monitor: Monitor) -> Terms:
    """What the judge asks of a monitor."""
    rules = Rule.objects.in_force().filter(monitor=monitor, condition=DOWN)
    confirmation_s, recovery_s = rules.values_list("confirmation_s", "recovery_s").get()
    return Terms(
        confirmation=timedelta(seconds=confirmation_s),
        recovery=timedelta(seconds=recovery_s),
        interval=timedelta(seconds=monitor.interval_s),
        timeout=timedelta(seconds=monitor.timeout_s),
    )


def good_trace(monitor_id: int, interval_s: int, at: datetime) -> tuple[int, Trace]:
    """Lag in microseconds and trace of a good check at an instant, by the shape of its service."""
    shape = shape_of(monitor_id, interval_s)
    hour = shape.hour(hour_of(at), monitor_id)
    index = min(shape.count - 1, (at.minute * 60 + at.second) * shape.count // 3600)
    total = hour.totals[index]
    dns, connect, tls, wait, transfer = phases_us(total)
    trace = Trace(
        status=200, dns_us=dns, connect_us=connect, tls_us=tls, wait_us=wait, transfer_us=transfer,
        total_us=total * 100, body_bytes=412,
    )  # fmt: skip
    return hour.lags[index] * 1000, trace


def place_of(demo: Demo, pk: int) -> int:
    """Where a monitor is checked from."""
    if pk not in demo.places:
        demo.places[pk] = ProbeSlot.objects.values_list("location_id", flat=True).get(monitor_id=pk)
    return demo.places[pk]


def _deliver(demo: Demo, monitor: Monitor, at: datetime, *, extra: bool) -> int:
    failing = demo.failing.get(monitor.pk, demo.start) > at
    lag, trace = 1_400, WRONG[demo.wrong.get(monitor.pk, 0)]
    if not failing:
        lag, trace = good_trace(monitor.pk, monitor.interval_s, at)
    place = place_of(demo, monitor.pk)
    found = Finding(monitor.pk, monitor.version, place, at, extra, lag, trace)
    with acting_as(SYSTEM):
        return hand_over([found], now=at + timedelta(microseconds=trace.total_us + lag + 90_000))


def _following(demo: Demo, monitor: Monitor, at: datetime) -> tuple[datetime, bool] | None:
    """The next check worth living through, and whether it is off the grid; None when all is quiet again."""
    standing = standing_of(MonitorState.objects.get(pk=monitor.pk))
    failing = demo.failing.get(monitor.pk, demo.start)
    if standing.state is State.UP and not standing.run and failing <= at:
        return None
    slot = next_of(monitor, at)
    gap = retry_gap(terms_of(monitor), standing)
    if gap is not None and standing.last_at is not None and standing.last_at + gap < slot:
        return standing.last_at + gap, True
    return slot, False
