"""The prober: one thread that starts each slot at its planned instant, one that hands the results over.

The second thread keeps the database out of the way of the first: a slow commit delays no check. Results
of a monitor leave in the order of its slots: one that is ready waits while an earlier slot is in flight.
"""

from __future__ import annotations

import heapq
import itertools
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError

from accounts.egress.guard import EgressRules
from monitors.engine.findings import Finding, Job, Slot, missed
from monitors.probes.async_loop import AsyncLoop
from monitors.probes.http import HttpRun
from monitors.probes.loop import CurlLoop
from monitors.probes.registry import RUNS
from monitors.probes.trace import HttpCheck, Outcome, Trace

log = structlog.get_logger(__name__)

# Results a hand-over. A transaction must end within 50 ms, because an acknowledge waits for it; it is far
# shorter, because while it is composed the interpreter is not free to start checks. When more wait than four such
# batches, a larger one costs less for each.
CHUNK, LARGE_CHUNK = 64, 256
HELD_MOST = 50_000  # results kept while the database is away
BEAT_S = 10.0
AGAIN_AFTER_S = 0.5
STOP_S = 5.0
SWITCH_S = 0.001

Store = Callable[[list[Finding], list[int]], None]
Beat = Callable[[int, int], None]


class _Place:
    """The place of one slot in its monitor's order."""

    __slots__ = ("finding", "plan_id", "slot")

    def __init__(self, slot: Slot, plan_id: int) -> None:
        self.slot, self.plan_id = slot, plan_id
        self.finding: Finding | None = None


class Prober:
    """Runs any number of jobs at once. `submit`, `idle` and `stop` may be called from any thread."""

    def __init__(self, store: Store, beat: Beat | None = None) -> None:
        self._loop = CurlLoop()
        self._async = AsyncLoop(self._loop.wake)
        self._submitted: deque[Job] = deque()
        self._heap: list[tuple[float, int, _Place, EgressRules]] = []
        self._count = itertools.count()
        self._in_order: dict[int, deque[_Place]] = {}
        self._left: dict[int, int] = {}
        self._jobs_taken = self._jobs_ended = 0
        self._writer = Writer(store, beat)
        self._stopping = False
        self._window_s = max(float(settings.PLAN_WINDOW_S), 1.0)
        self._thread = threading.Thread(target=self._run, name="prober", daemon=True)

    def start(self) -> None:
        """Start both threads. Asks for the interpreter often enough that a hand-over does not delay a start."""
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_S))
        self._writer.start()
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether both threads still run."""
        return self._thread.is_alive() and self._writer.is_alive()

    def submit(self, job: Job) -> None:
        """Take a job; returns at once."""
        self._jobs_taken += 1
        self._submitted.append(job)
        self._loop.wake()

    def idle(self) -> bool:
        """Whether nothing is planned, in flight or waiting to be handed over."""
        return self._jobs_taken == self._jobs_ended and not self._writer.busy()

    def stop(self) -> None:
        """Record what has not finished as missed, hand everything over and end both threads."""
        self._stopping = True
        self._loop.wake()
        if self._thread is not threading.current_thread():
            self._thread.join(STOP_S)
        self._writer.stop()

    def _run(self) -> None:
        try:
            while not self._stopping:
                while self._submitted:
                    self._accept(self._submitted.popleft())
                self._async.take()
                self._start_due()
                self._loop.step(self._until_next())
            self._give_up()
        except Exception:  # the process goes on; the sweep records what is lost, and the next plan starts anew
            log.exception("prober_ended")
        finally:
            self._async.close()
            self._loop.close()

    def _accept(self, job: Job) -> None:
        if not job.slots:
            self._writer.put(None, job.plan_id)
            self._jobs_ended += 1
            return
        self._left[job.plan_id] = len(job.slots)
        # planned instants are wall-clock; from here on only the monotonic clock counts
        offset = time.monotonic() - time.time()
        for slot in job.slots:
            entry = (slot.due + offset, next(self._count), _Place(slot, job.plan_id), job.rules)
            heapq.heappush(self._heap, entry)

    def _until_next(self) -> float | None:
        return max(self._heap[0][0] - time.monotonic(), 0.0) if self._heap else None

    def _start_due(self) -> None:
        while self._heap and self._heap[0][0] <= time.monotonic():
            due, _, place, rules = heapq.heappop(self._heap)
            self._in_order.setdefault(place.slot.monitor_id, deque()).append(place)
            lag = time.monotonic() - due
            # a late burst would measure nothing: what is this late is missed, not run
            if lag > min(place.slot.interval_s, self._window_s):
                self._found(place, missed(place.slot, "late"))
            else:
                self._start(place, rules, int(lag * 1_000_000))

    def _start(self, place: _Place, rules: EgressRules, lag_us: int) -> None:
        finished, check = partial(self._finished, place, lag_us), place.slot.check
        try:
            if isinstance(check, HttpCheck):
                HttpRun(self._loop, check, rules, finished).start()
            else:
                self._async.start(RUNS[type(check)], check, rules, finished)
        except Exception as error:  # a request that cannot be made must not end the checks of all others
            log.exception("check_not_started", monitor=place.slot.monitor_id)
            sentence = f"The request could not be made: {type(error).__name__}."
            finished(Trace(outcome=Outcome.BLOCKED, code="invalid", sentence=sentence))

    def _finished(self, place: _Place, lag_us: int, trace: Trace) -> None:
        slot = place.slot
        finding = Finding(
            slot.monitor_id, slot.monitor_version, slot.location_id, slot.planned_at, slot.retry, lag_us, trace
        )
        self._found(place, finding)

    def _found(self, place: _Place, finding: Finding) -> None:
        place.finding = finding
        waiting = self._in_order[place.slot.monitor_id]
        while waiting and waiting[0].finding is not None:
            self._release(waiting.popleft())
        if not waiting:
            del self._in_order[place.slot.monitor_id]

    def _release(self, place: _Place) -> None:
        self._left[place.plan_id] -= 1
        last = not self._left[place.plan_id]
        self._writer.put(place.finding, place.plan_id if last else 0)
        if last:
            del self._left[place.plan_id]
            self._jobs_ended += 1

    def _give_up(self) -> None:
        while self._submitted:
            self._accept(self._submitted.popleft())
        started = [place for waiting in self._in_order.values() for place in waiting if place.finding is None]
        planned = [place for _, _, place, _ in self._heap]
        for place in planned:
            self._in_order.setdefault(place.slot.monitor_id, deque()).append(place)
        for place in (*started, *planned):
            self._found(place, missed(place.slot, "stopped"))
        self._heap.clear()


class Writer:
    """Hands results over every HANDOVER_MS while there are any; sleeps otherwise."""

    def __init__(self, store: Store, beat: Beat | None) -> None:
        self._store, self._beat = store, beat
        self._held: deque[tuple[Finding | None, int]] = deque()
        self._bell, self._stopping = threading.Event(), threading.Event()
        self._storing = False
        self._lag_us = self._checks = 0
        self._thread = threading.Thread(target=self._run, name="hand-over", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def busy(self) -> bool:
        """Whether results wait or are being stored."""
        return bool(self._held) or self._storing

    def put(self, finding: Finding | None, ended_plan: int) -> None:
        """Take a result, and the plan that it ends (0: none)."""
        self._held.append((finding, ended_plan))
        if len(self._held) > HELD_MOST:
            self._held.popleft()  # the sweep records its slot as missed when the plan is lost
        if not self._bell.is_set():
            self._bell.set()

    def stop(self) -> None:
        """Store what is held and end."""
        self._stopping.set()
        self._bell.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        last_beat = time.monotonic()
        while self._held or not self._stopping.is_set():
            self._bell.wait(BEAT_S)  # an idle probe gives a sign too
            began = time.monotonic()
            if self._held:
                self._store_some()
            if not self._held:
                self._bell.clear()
                if self._held or self._stopping.is_set():
                    self._bell.set()  # one came, or the end, between the look and the clearing
            if self._beat is not None and began - last_beat >= BEAT_S:
                last_beat = began
                self._sign()
            took = time.monotonic() - began
            # under pressure at least half the time is left to other writers: SQLite's queue is not fair
            self._stopping.wait(max(took if len(self._held) >= CHUNK else settings.HANDOVER_MS / 1000 - took, 0))

    def _store_some(self) -> None:
        self._storing = True
        size = LARGE_CHUNK if len(self._held) > 4 * CHUNK else CHUNK
        batch = [self._held.popleft() for _ in range(min(size, len(self._held)))]
        findings = [finding for finding, _ in batch if finding is not None]
        try:
            self._insist(findings, [plan for _, plan in batch if plan])
        finally:
            self._storing = False
        self._checks += len(findings)
        self._lag_us = max(self._lag_us, *(finding.lag_us for finding in findings), 0)

    def _insist(self, findings: list[Finding], plans: list[int]) -> None:
        """Store a batch. A database that is away is waited for; a result it will never take is dropped, loudly."""
        while True:
            try:
                self._store(findings, plans)
                return
            except (OperationalError, InterfaceError) as error:
                log.warning("hand_over_waits", results=len(findings), error=type(error).__name__)
                if self._stopping.is_set():
                    return
                time.sleep(AGAIN_AFTER_S)
            except Exception:
                log.exception("hand_over_failed", results=len(findings))
                if len(findings) > 1:
                    for finding in findings:
                        self._insist([finding], [])
                if findings and plans:
                    self._insist([], plans)
                return

    def _sign(self) -> None:
        try:
            if self._beat is not None:
                self._beat(self._lag_us // 1000, self._checks)
        except (OperationalError, InterfaceError) as error:
            log.warning("prober_sign_lost", error=type(error).__name__)
        self._lag_us = self._checks = 0
