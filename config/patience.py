"""How long the web process waits for PostgreSQL: a sender must hear 503, and not wait as long as the database stands still.

The server's own statement_timeout does not help: a server that stands still counts no time, and its machine goes on
confirming what we send, so that no keepalive notices either. Only this side of the line can give up.
"""

from __future__ import annotations

from typing import Any, ClassVar

import psycopg
from django.db import connections


class Patient(psycopg.Connection[Any]):
    """A connection that waits `answer_within_s` for each answer; afterwards it is closed and OperationalError raised."""

    answer_within_s: ClassVar[float] = 15.0

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer. What comes later would be taken for the answer to another question, so the line is cut."""
        try:
            return super().wait(gen, interval, self.answer_within_s if timeout is None else timeout)
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError("The database did not answer in time.") from None


def bound_answers(seconds: float) -> None:
    """Let this process wait at most so long for a connection, and as long for each answer. Call before the first query."""
    Patient.answer_within_s = seconds
    for configured in connections.settings.values():
        options = configured.get("OPTIONS", {})
        if pool := options.get("pool"):
            options.setdefault("connect_timeout", max(2, round(seconds)))
            # a pool that doubles its pauses for five minutes would still wait when the database is long back
            pool.update(connection_class=Patient, timeout=min(pool["timeout"], seconds), reconnect_timeout=seconds)
