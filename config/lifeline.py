"""A pipe from the supervisor that ends when it does. Standard library only.

A supervisor killed with SIGKILL cannot stop its children; without this they would keep the port and
the database to themselves, and the next start would fail.
"""

from __future__ import annotations

import os
import signal
import threading

VARIABLE = "WATCHBOOK_LIFELINE"


def hold() -> None:
    """Stop this process with SIGTERM when the supervisor is gone. Does nothing without a supervisor."""
    named = os.environ.pop(VARIABLE, "")
    if not named:
        return
    fd = int(named)

    def wait() -> None:
        os.read(fd, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
