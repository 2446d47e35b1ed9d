"""The remote probe: takes plans from the broker, runs them, keeps what it saw on disk, and sends it until it is answered.

It has no database. What it knows of a check comes in the plan, sealed to its key and signed by the engine; a plan of
anybody else is refused. docs/locations.md has the rules.
"""

from __future__ import annotations

import itertools
import os
import secrets
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.db import OperationalError

from accounts.egress.guard import EgressRules
from monitors.engine.findings import Finding
from monitors.engine.prober import Prober
from monitors.remote import broker
from monitors.remote.envelope import ACK, PLAN, RESULTS, Refused, seal, unseal
from monitors.remote.keys import PrivateKeys, PublicKeys
from monitors.remote.messages import Plan, Results, Sign, Stored, job_of, read, seen_of, write
from monitors.remote.plain import NotPlain
from monitors.remote.spool import Batch, Spool

log = structlog.get_logger(__name__)

SIGN_EVERY_S = 10.0
AGAIN_AFTER_S = 30.0  # an unanswered batch is sent again
IN_FLIGHT = 32  # batches sent and not answered
LOOK_S = 0.25
REST_S = 1.0
TAKE_WAIT_S = 1
KEPT_PLANS = 5_000
# A clock that is further off would check at wrong instants and be believed.
MOST_SKEW = timedelta(seconds=5)

Clock = Callable[[], datetime]
Clients = Callable[[], Any]
Rules = Callable[[], EgressRules]


class Worker:
    """One remote probe process. `run` returns when `stop` is set."""

    def __init__(
        self, *, keys: PrivateKeys, engine: PublicKeys, folder: Path, rules: Rules, clock: Clock, clients: Clients
    ) -> None:
        """rules: this machine's own places. clock: the wall clock. clients: a client of the broker, the same each time."""
        self._keys, self._engine, self._rules = keys, engine, rules
        self._clock, self._clients = clock, clients
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(3)}"
        self.spool = Spool(folder / "spool")
        self._prober = Prober(self._keep, self._beat)
        self._taken: OrderedDict[int, None] = OrderedDict()
        self._sent: dict[str, float] = {}
        self._ring = threading.Event()
        self._number = itertools.count()
        self._lag_ms = self._skew_ms = 0
        self.refused = 0
        self.stop = threading.Event()

    def run(self) -> bool:
        """Take plans and send results until told to stop; then hand over what is finished.

        False if one of its threads ended by itself: whoever keeps the process running should start it again.
        """
        self._prober.start()
        sender = threading.Thread(target=self._send_all, name="sender", daemon=True)
        sender.start()
        while not self.stop.is_set() and sender.is_alive() and self._prober.is_alive():
            self._guard(self._take)
        told = self.stop.is_set()
        self.stop.set()
        self._prober.stop()
        self._ring.set()
        sender.join(5)
        self.spool.close()
        return told

    def accept(self, message: bytes) -> bool:
        """Start a plan; False if it is not for us, not the engine's, known, or past its time."""
        now = self._clock()
        try:
            body = unseal(message, mine=self._keys, writer=self._engine, purpose=PLAN)
            plan: Plan = read(Plan, body)
            job = job_of(plan, self._rules())
        except (Refused, NotPlain) as error:
            self.refused += 1
            log.warning("plan_refused", why=getattr(error, "why", "wrong"))
            return False
        skew = now - plan.sent_at
        if skew < -MOST_SKEW:
            self._skew_ms = skew // timedelta(milliseconds=1)
            log.error("clock_is_behind", by_s=round(-skew.total_seconds(), 1))
            return False
        if plan.plan in self._taken or now >= plan.lost_after:
            return False
        self._skew_ms = skew // timedelta(milliseconds=1)
        self._taken[plan.plan] = None
        if len(self._taken) > KEPT_PLANS:
            self._taken.popitem(last=False)
        self._prober.submit(job)
        return True

    def _take(self) -> None:
        message = broker.take_plan(self._clients(), self._keys.public.name, TAKE_WAIT_S)
        if message is not None:
            self.accept(message)

    def _keep(self, findings: list[Finding], ended_plans: list[int]) -> None:
        """One hand-over: onto the disk, then to the sender. A full disk is waited for, as a database would be."""
        batch = f"{self.name}/{next(self._number)}"
        said = Results(self.name, batch, tuple(map(seen_of, findings)), tuple(ended_plans))
        try:
            self.spool.add(Batch(batch, write(said).decode(), len(findings)))
        except OSError as error:
            raise OperationalError(f"the spool takes nothing: {error.strerror}") from error
        self._ring.set()

    def _beat(self, lag_ms: int, checks: int) -> None:
        self._lag_ms = lag_ms

    def _send_all(self) -> None:
        """Send what waits and read the answers; on the way out once more, so that a restart has little to repeat."""
        signed = 0.0
        while True:
            last = self.stop.is_set() and not self._prober.is_alive()
            if time.monotonic() - signed >= SIGN_EVERY_S and self._guard(self._sign):
                signed = time.monotonic()
            self._guard(self._send_some)
            if last:
                return
            self._ring.wait(LOOK_S)
            self._ring.clear()

    def _send_some(self) -> None:
        client, now = self._clients(), time.monotonic()
        for message in broker.take_acks(client, self._keys.public.name, self.name):
            self._answered(message)
        flying = {batch for batch, at in self._sent.items() if now - at < AGAIN_AFTER_S}
        room = IN_FLIGHT - len(flying)
        for batch in self.spool.waiting(room, but=flying) if room > 0 else ():
            try:
                said: Results = read(Results, batch.body.encode())
            except NotPlain:
                log.exception("spooled_batch_dropped", results=batch.count)
                self.spool.drop([batch.id])
                continue
            # a batch of an earlier process is answered to this one
            mine = Results(self.name, said.batch, said.seen, said.ended)
            if not broker.push_results(client, self._seal(mine)):
                return
            self._sent[batch.id] = time.monotonic()

    def _answered(self, message: bytes) -> None:
        try:
            stored: Stored = read(Stored, unseal(message, mine=self._keys, writer=self._engine, purpose=ACK))
        except (Refused, NotPlain):
            self.refused += 1
            return
        self.spool.drop(stored.batches)
        for batch in stored.batches:
            self._sent.pop(batch, None)

    def _sign(self) -> None:
        sign = Sign(self._clock(), self._lag_ms, self.spool.count, self._skew_ms)
        broker.push_results(self._clients(), self._seal(Results(self.name, sign=sign)))

    def _seal(self, said: Results) -> bytes:
        return seal(write(said), by=self._keys, to=self._engine, purpose=RESULTS)

    def _guard(self, do: Callable[[], None]) -> bool:
        """Do something with the broker; a broker that is away is waited for."""
        try:
            do()
        except (broker.Unreachable, OSError) as error:
            log.warning("broker_away", error=type(error).__name__)
            self.stop.wait(REST_S)
            return False
        return True
