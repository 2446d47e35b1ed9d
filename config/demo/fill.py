"""Fills an empty database with a year: chapters put things on the list, the list is lived, and the samples follow.

A chapter is one file and one line here: PLANNED ones say what is to happen before the clock starts, TOLD ones write
what can only be written when all has happened, LAST ones what must reach to this very moment.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from random import Random

from django.db import connection

from accounts.models import User
from config.demo import (
    calls,
    changes,
    customers,
    episodes,
    estate,
    faults,
    hooks,
    lessons,
    maintenance,
    people,
    promises,
    reaching,
    rotations,
    samples,
    seals,
    watcher,
)
from config.demo.checks import carry, next_of
from config.demo.recorder import recording
from config.demo.sizes import SIZES
from config.demo.world import Demo, chain
from ledger import demo as mark
from ledger.actors import SYSTEM, acting_as
from ledger.models import Entry
from monitors.models import Monitor, ProbeSlot

PLANNED: tuple[Callable[[Demo], None], ...] = (
    people.begin,
    people.changes,
    reaching.begin,
    estate.begin,
    customers.begin,
    changes.spread,
    faults.spread,
    episodes.tell,
    lessons.spread,
    maintenance.spread,
    promises.made,
    rotations.turn,
    hooks.begin,
    watcher.looks,
)
TOLD: tuple[Callable[[Demo], None], ...] = (samples.packs, seals.of_packed_days)
LAST: tuple[Callable[[Demo], None], ...] = (samples.rows, seals.of_the_last_days)

# nothing waits for the disk, half a gigabyte of pages stays in memory, and the log is carried over in large pieces
QUICK = ("synchronous=OFF", "cache_size=-500000", "wal_autocheckpoint=50000")


class NotEmpty(Exception):
    """The demo goes only into an empty database; the message says what is there."""


def refuse_unless_empty() -> None:
    """Raise NotEmpty for a database that has people or a record in it."""
    if User.objects.exists():
        people_here = User.objects.count()
        raise NotEmpty(
            f"This database has {people_here} people in it, and the demo goes only into an empty one. "
            "Give it a folder of its own with DATA_DIR."
        )
    if Entry.objects.exists():
        raise NotEmpty("This database has a record already, and the demo goes only into an empty one.")


def fill(size: str, *, seed: int, clock: Callable[[], datetime], say: Callable[[str], None]) -> Demo:
    """Write the demo that ends now, when it is done. Raises NotEmpty. Nothing is sent anywhere meanwhile.

    clock: asked at the beginning, and again when most is written, so that the engine finds no hole when it starts.
    """
    refuse_unless_empty()
    chosen = SIZES[size]
    end = clock().replace(microsecond=0)
    start = (end - timedelta(days=chosen.days)).replace(hour=6, minute=0, second=0)
    demo = Demo(size=chosen, rng=Random(seed), start=start, end=end, say=say, on_call=calls.lives)  # noqa: S311 - no secret
    with _quickly(), recording():
        mark.begin(size=size, seed=seed, now=start)
        for chapter in PLANNED:
            chapter(demo)
        _timed(demo, f"{chosen.days} days of incidents", demo.play)
        _until_now(demo)
        for chapter in TOLD:
            _timed(demo, _name(chapter), partial(chapter, demo))
        demo.end = clock().replace(microsecond=0)
        demo.play()
        _until_now(demo)
        for chapter in LAST:
            _timed(demo, _name(chapter), partial(chapter, demo))
        mark.finish(now=demo.end)
        chain()
    return demo


def _name(chapter: Callable[[Demo], None]) -> str:
    return f"{chapter.__module__.rpartition('.')[2]}, {chapter.__name__}"


def _until_now(demo: Demo) -> None:
    """Every monitor that is well has been checked until this moment, and its next check is planned."""
    with acting_as(SYSTEM):
        for monitor in Monitor.objects.in_force().filter(paused_at__isnull=True).defer("secrets"):
            carry(monitor, demo.end)
            slots = ProbeSlot.objects.filter(monitor=monitor)
            slots.update(next_due_at=next_of(monitor, demo.end), extra=False, skipped_at=None)


def _timed(demo: Demo, what: str, do: Callable[[], None]) -> None:
    began = time.monotonic()
    do()
    demo.say(f"  {what}: {time.monotonic() - began:.1f} s")


@contextmanager
def _quickly() -> Iterator[None]:
    """SQLite need not wait for the disk after each of a hundred thousand steps: a demo cut short is deleted."""
    gc.disable()  # rows come and go by the million, and none of them is part of a circle
    try:
        with _without_the_disk():
            yield
    finally:
        gc.enable()


@contextmanager
def _without_the_disk() -> Iterator[None]:
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        for pragma in QUICK:
            cursor.execute(f"PRAGMA {pragma}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA optimize")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()  # the next one has the ordinary settings
