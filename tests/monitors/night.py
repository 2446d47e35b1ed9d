"""A night with a moved clock: the real timetable, judge and sweep, a probe that knows when the world is broken.

Ticks come every half minute. Slots lie on whole minutes, so that every figure can be computed by hand.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ledger import liveness
from ledger.models import Liveness
from monitors.engine import ticks, witness
from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.engine.plans import slot_instant
from monitors.engine.watch import leave, watch
from monitors.gaps import COMPONENTS, Reading
from monitors.models import Monitor, ProbePlan, ProbeSlot, StateInterval
from monitors.probes.trace import Outcome, Trace
from monitors.queries import intervals

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
TICK_S = 30
FAILED = Trace(outcome=Outcome.FAILED, code="status", status=503, sentence="Answered 503, expected 200-299.")


def minutes(number):
    return timedelta(minutes=number)


class Night:
    """`wall` is what our clock says, `real` what goes by. broken: spans of `real` in which the world is down."""

    def __init__(self, monkeypatch, settings, broken=()):
        settings.PLAN_WINDOW_S, settings.WATCHDOG_AFTER_S = 60, 20
        self.real = self.wall = T0
        self.broken, self.boot, self.process = list(broken), "boot-1", 1
        self.monkeypatch = monkeypatch
        monkeypatch.setattr(ticks, "dispatch", lambda plan_id, place: None)
        monkeypatch.setattr(witness, "boot_id", lambda: self.boot)
        monkeypatch.setattr(witness, "_boot_seconds", self._seconds)
        monkeypatch.setattr(witness, "read_clocks", lambda now: Reading(now, self._seconds(), self._seconds()))
        monkeypatch.setattr(liveness, "instance_name", lambda: f"here:{self.process}")
        self._new_eyes()
        self.due = []

    def _seconds(self):
        return (self.real - T0).total_seconds()

    def _new_eyes(self):
        self.eyes = witness.Eyes()
        self.monkeypatch.setattr(witness, "eyes", self.eyes)

    def lay_on_minutes(self):
        """Slots on whole minutes from now on."""
        ProbeSlot.objects.update(phase_ms=0, next_due_at=self.wall, extra=False)

    def run(self, until):
        """Tick until `until` minutes of real time have gone by since the beginning."""
        while self.real < T0 + minutes(until):
            self.tick()
            self.pass_by(timedelta(seconds=TICK_S))

    def tick(self):
        """One tick: watch, hand over what ran, sweep, claim, sign."""
        now = self.wall
        watch(now)
        self.hand_over_what_ran(now)
        ticks.sweep(now)
        ticks.claim(now)
        self.due += [
            (self.real + (slot_instant(ms) - now), plan.pk, int(pk), slot_instant(ms), bool(retry), plan.location_id)
            for plan in ProbePlan.objects.filter(claimed_at__isnull=True)
            for pk, slots in plan.slots.items()
            for ms, retry in slots
        ]
        ProbePlan.objects.filter(claimed_at__isnull=True).update(claimed_at=now)
        for sign in {sign for signs in COMPONENTS.values() for sign in signs}:
            liveness.beat(sign, now=now)

    def hand_over_what_ran(self, now):
        """The probe's results so far, each as the world was at its real instant."""
        ran = [one for one in self.due if one[0] < self.real]
        self.due = [one for one in self.due if one[0] >= self.real]
        versions = dict(Monitor.objects.values_list("pk", "version"))
        found = [
            Finding(pk, versions[pk], place, planned, retry, 500, self.probe(real))
            for real, _, pk, planned, retry, place in ran
        ]
        waiting = {plan for _, plan, *_ in self.due}
        hand_over(found, now=now, ended_plans={plan for _, plan, *_ in ran} - waiting)

    def probe(self, real):
        """What a check at a real instant shows."""
        down = any(T0 + minutes(start) <= real < T0 + minutes(end) for start, end in self.broken)
        return FAILED if down else Trace(outcome=Outcome.OK, total_us=1000, status=200)

    def pass_by(self, span):
        """Time goes by, and our clock with it."""
        self.real, self.wall = self.real + span, self.wall + span

    def put_clock(self, by):
        """Somebody puts the clock."""
        self.wall += by

    def stop(self, *, in_order=False):
        """The engine ends; what its probe held is lost."""
        if in_order:
            leave(COMPONENTS, now=self.wall)
        self.due = []

    def start(self, *, new_boot=False):
        """Another process, later."""
        self.process += 1
        self.boot = "boot-2" if new_boot else self.boot
        self._new_eyes()


def told(monitor, now, start=T0):
    """`up 3-10`: spans as they are read, in minutes since the beginning, with the cause of what is unknown."""
    spans = intervals(monitor, start, now, now)
    at = lambda moment: f"{(moment - T0).total_seconds() / 60:g}"  # noqa: E731
    return [f"{s.state} {at(s.start)}-{at(s.end)}{f' {s.cause}' if s.state == 'unknown' else ''}" for s in spans]


def must_tile(monitor, begun=T0):
    """Intervals without a hole or an overlap, from the beginning of the monitor's life."""
    rows = list(StateInterval.objects.filter(monitor=monitor).order_by("started_at"))
    assert rows[0].started_at == begun
    for row, following in pairwise(rows):
        assert row.ended_at == following.started_at
    assert rows[-1].ended_at is None


def signs():
    """How many processes have ever given a sign."""
    return Liveness.objects.values("instance").distinct().count()
