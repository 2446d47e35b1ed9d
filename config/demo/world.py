"""The moved clock of the demo: what is to happen is put on a list, and lived in order.

Everything below the interfaces takes `now` as an argument, so a year is lived by calling the same functions as in
life with the instants of that year. Between two things on the list the engine does what is due.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from django.db.models import Min

from accounts.models import ApiToken, Team, User
from config.demo import recorder
from config.demo.sizes import Size
from incidents.ticks import intake
from ledger.actors import SYSTEM, Actor, acting_as
from ledger.link import link_entries
from monitors.models import Monitor, Service
from oncall.models import Page, Policy, Run
from oncall.notify import callbacks
from oncall.notify.hangups import hang_up_due
from oncall.notify.sender import send_due
from oncall.notify.states import PLANNED
from oncall.ticks import plan

# False says that nothing came of it that the engine would have to look at
Action = Callable[[datetime], bool | None]
INTAKE, PLAN, SEND = timedelta(milliseconds=180), timedelta(milliseconds=120), timedelta(milliseconds=150)
RECEIPTS_IN = timedelta(seconds=9)
LINK_EVERY = 200  # things lived between two rounds of the linker


@dataclass
class Demo:
    """The company as it is so far, and what is still to come. `now`: where the clock stands."""

    size: Size
    rng: Random
    start: datetime
    end: datetime
    say: Callable[[str], None] = lambda line: None
    teams: dict[str, Team] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, ApiToken] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    monitors: dict[str, Monitor] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    # by monitor: until when it fails, in which way, where it is checked from; which are being looked at just now
    failing: dict[int, datetime] = field(default_factory=dict)
    wrong: dict[int, int] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    watched: set[int] = field(default_factory=set)
    # what becomes of a call that was taken; who hears of everything that happened, after the engine
    on_call: Callable[[Demo, str, datetime], None] = lambda demo, sid, now: None
    listening: list[Callable[[datetime], None]] = field(default_factory=list)
    # spans in which the engine stood still
    stopped: list[tuple[datetime, datetime]] = field(default_factory=list)
    _coming: list[tuple[datetime, int, Action]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)
    _wake: datetime | None = None

    def at(self, when: datetime, action: Action) -> None:
        """Let something happen at an instant. What lies after the end of the demo does not happen."""
        heapq.heappush(self._coming, (when, next(self._order), action))

    def ago(self, share: float, *, hour: float = 12.0) -> datetime:
        """An instant `share` of the whole span before its end, at an hour of that day (UTC)."""
        day = (self.end - (self.end - self.start) * share).replace(hour=0, minute=0, second=0, microsecond=0)
        return day + timedelta(hours=hour)

    def play(self) -> None:
        """Live what is on the list up to the end, in order, and what comes of it. May go on after `end` was moved."""
        for lived in itertools.count(1):
            coming = self._coming[0][0] if self._coming else self.end
            if min(coming, self._wake or self.end) >= self.end:
                return
            if self._wake is not None and self._wake < coming:
                self._wake = self._engine(self._wake)
                continue
            when, _, action = heapq.heappop(self._coming)
            if action(when) is not False:
                self._wake = self._engine(when)
            for listen in self.listening:
                listen(when)
            if lived % LINK_EVERY == 0:
                chain()

    def _engine(self, now: datetime) -> datetime | None:
        """What the engine does at an instant; return when it has something to do next, None if never."""
        with acting_as(SYSTEM):
            intake(now + INTAKE)
            plan(now + INTAKE + PLAN)
            send_due(now=now + INTAKE + PLAN + SEND, slots=1)
            if recorder.ringing:
                hang_up_due(now=now + INTAKE + PLAN + SEND)
        for sid in recorder.taken:
            self.at(now + timedelta(seconds=self.rng.uniform(2, 9)), receipt(sid))
        if recorder.taken:
            self.at(now + RECEIPTS_IN, _receipts_are_read)
        recorder.taken.clear()
        for sid in recorder.dialled:
            self.on_call(self, sid, now)
        recorder.dialled.clear()
        coming = (
            Run.objects.filter(due_at__isnull=False).aggregate(at=Min("due_at"))["at"],
            Page.objects.filter(state=PLANNED).aggregate(at=Min("due_at"))["at"],
        )
        due = [max(at, now + timedelta(seconds=1)) for at in coming if at is not None]
        return min(due, default=None)


def receipt(sid: str) -> Action:
    """The provider says that a text arrived."""

    def arrives(now: datetime) -> bool:
        callbacks.store({"MessageSid": sid, "MessageStatus": "delivered"}, now=now)
        return False

    return arrives


def _receipts_are_read(now: datetime) -> bool:
    """The receipts of a round of texts are taken into account together."""
    callbacks.apply(now=now)
    return False


def chain() -> None:
    """Give all lines of the ledger that wait their place."""
    while link_entries():
        continue


@contextmanager
def doing(person: User, via: str = "screen") -> Iterator[Actor]:
    """What follows is done by a person, at a screen unless said otherwise."""
    with acting_as(actor_of(person, via)) as actor:
        yield actor


def actor_of(person: User, via: str = "screen") -> Actor:
    """The person as an actor."""
    return Actor("user", person.public_id, str(person), via)
