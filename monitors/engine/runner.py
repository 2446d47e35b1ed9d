"""The prober of this process: made when the first plan comes, shared by all plans, stopped with the process."""

from __future__ import annotations

import atexit
import os
import threading
import time
from datetime import datetime

import structlog
from django.db import close_old_connections, connection

from ledger import liveness
from ledger.clock import now as clock_now  # noqa: TID251 - an edge of the house, like a task
from ledger.failpoints import fail_point
from monitors.engine.controls import doubt
from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.engine.life import heard
from monitors.engine.plans import take
from monitors.engine.prober import Prober

log = structlog.get_logger(__name__)

_lock = threading.Lock()
# plans come ten at a time; loading them one by one, with rests, leaves the interpreter to the prober
_taking = threading.Lock()
_prober: Prober | None = None
_owner = 0


def run_plan(plan_id: int, *, now: datetime) -> bool:
    """Claim a plan and hand it to this process's prober; False if it was taken or is past its time.

    Returns at once: the prober starts each slot at its planned instant and ends the plan after its last slot
    and timeout, so a slow target holds one handle and no worker.
    """
    with _taking:
        began = time.monotonic()
        job = take(plan_id, now=now)
        if job is None:
            return False
        prober().submit(job)
        time.sleep(time.monotonic() - began)
    return True


def prober() -> Prober:
    """The prober of this process. A forked child inherits the object without its threads, and makes its own."""
    global _prober, _owner
    with _lock:
        mine = _prober if _owner == os.getpid() else None
        if mine is None or not mine.is_alive():
            if mine is not None:
                mine.stop()  # one of its threads ended: what the other still holds is stored
            mine = _prober = Prober(store, beat)
            _owner = os.getpid()
            mine.start()
        return mine


def store(findings: list[Finding], ended_plans: list[int]) -> None:
    """One hand-over, with a connection that may have been away."""
    close_old_connections()
    fail_point("probe.before_handover")
    try:
        now = clock_now()
        findings = doubt(findings, now=now)
        hand_over(findings, now=now, ended_plans=ended_plans, rest=time.sleep)
        heard(findings, now=now)
    except Exception:
        connection.close()
        raise
    fail_point("probe.after_handover")
    close_old_connections()


def beat(lag_ms: int, checks: int) -> None:
    """The prober's sign of life: its worst start lag and how many checks it ran since the last one."""
    close_old_connections()
    liveness.beat("probe", now=clock_now(), lag_ms=lag_ms, rows=checks)
    close_old_connections()


@atexit.register
def stop() -> None:
    """Hand over what is finished, record the rest as missed, and end."""
    global _prober
    with _lock:
        held, _prober = (_prober, None) if _owner == os.getpid() else (None, None)
    if held is not None:
        held.stop()
