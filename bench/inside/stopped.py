"""The clock of a database that has ended. Imported before Django is set up: nothing here may need it."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from ledger import clock


def stop_the_clock() -> None:
    """The demo ended when it was built: pages are asked for at that moment, or all of it would be silent and expired.

    Everybody imports the clock's function by name, so it has to be another one before anybody does.
    """
    with sqlite3.connect(Path(os.environ["DATA_DIR"]) / "watchbook.sqlite3") as connection:
        (last,) = connection.execute("SELECT max(recorded_at) FROM monitors_result").fetchone()
    stands = datetime.fromisoformat(last).replace(tzinfo=UTC)
    clock.now = lambda: stands
