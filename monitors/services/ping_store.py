"""Putting pings on the disk: one statement each, and on SQLite one commit for all that come at once.

A commit waits for the disk, 0.1 to 5 ms. PostgreSQL lets writers that wait together share one; SQLite has one writer,
so whoever gets its turn first writes what the others have brought meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.db import OperationalError, connection, transaction


@dataclass(eq=False, slots=True)
class Write:
    """One statement with its values, and a second one that goes with it if it wrote a row.

    done: it was tried. wrote: it wrote its row. fault: what the database said.
    """

    statement: str
    values: Sequence[Any]
    beside: tuple[str, Sequence[Any]] | None = None
    done: bool = False
    wrote: bool = False
    fault: Exception | None = None


NAP_S = 0.002
PATIENCE_S = 20.0  # as long as every other statement waits for another writer

_brought: list[Write] = []
_bringing, _writing = Lock(), Lock()


def store(write: Write) -> bool:
    """Write it; True if it wrote a row. On return it is committed. Raises what the database raises."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return _alone(write)
    with _bringing:
        _brought.append(write)
    with _writing:
        if not write.done:
            with _bringing:
                batch = [write, *(one for one in _brought if one is not write)]
                _brought.clear()
            _together(batch)
    if write.fault is not None:
        raise write.fault
    return write.wrote


def _together(batch: Sequence[Write]) -> None:
    """All in one commit. If one of them fails, each by itself, so that nobody fails for another."""
    began = time.monotonic()
    try:
        _commit(batch, until=began + PATIENCE_S)
    except Exception as fault:  # noqa: BLE001 - raised again by the thread whose ping it was
        if len(batch) > 1:
            for write in batch:
                _together([write])
            return
        batch[0].fault = fault
    for write in batch:
        write.done = True
    if _brought:
        time.sleep((time.monotonic() - began) / 4)  # a fifth of the time is other writers'


def _commit(batch: Sequence[Write], *, until: float) -> None:
    """Write the batch as soon as nobody else writes. SQLite's own waiting naps for up to 0.1 s; ours for NAP_S."""
    with _impatient():
        while True:
            try:
                with transaction.atomic():
                    for write in batch:
                        _execute(write)
                return
            except OperationalError as fault:
                if "locked" not in str(fault) or time.monotonic() >= until:
                    raise
                time.sleep(NAP_S)


@contextmanager
def _impatient() -> Iterator[None]:
    """Let this connection say at once that somebody else writes."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {int(patience)}")


def _alone(write: Write) -> bool:
    if write.beside is None:
        _execute(write)
    else:
        with transaction.atomic():
            _execute(write)
    return write.wrote


def _execute(write: Write) -> None:
    with connection.cursor() as cursor:
        cursor.execute(write.statement, write.values)
        write.wrote = cursor.rowcount == 1
        if write.wrote and write.beside is not None:
            cursor.execute(*write.beside)
