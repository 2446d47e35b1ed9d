"""Named places where the process may be killed, to prove that nothing is lost when it is.

`WATCHBOOK_FAIL_POINT=send.after_provider_call` kills with SIGKILL every process that reaches the place.
`WATCHBOOK_FAIL_POINT_FILE=path` names a file that holds a name: the first process that reaches the place
takes the file away and dies, so that a running system can be armed again and again. Both are off unless
`FAIL_POINTS_ENABLED` is set, which only tests do.
"""

from __future__ import annotations

import os
import signal

from django.conf import settings

NAMES = (
    "probe.plan_claimed",
    "probe.before_handover",
    "probe.after_handover",
    "judge.before_commit",
    "judge.after_commit",
    "intake.claimed",
    "intake.before_commit",
    "intake.after_commit",
    "plan.before_commit",
    "plan.after_commit",
    "send.claimed",
    "send.before_sending_commit",
    "send.after_sending_commit",
    "send.after_provider_call",
    "send.before_result_commit",
    "send.after_result_commit",
    "callback.stored",
    "callback.applied",
    "answer.before_commit",
    "answer.after_commit",
    "link.before_commit",
    "link.after_commit",
)


def fail_point(name: str) -> None:
    """Die here if the environment says so. Raises ValueError for a name that is not in NAMES."""
    if not settings.FAIL_POINTS_ENABLED:
        return
    if name not in NAMES:
        raise ValueError(f"unknown fail-point {name!r}; add it to ledger.failpoints.NAMES")
    if os.environ.get("WATCHBOOK_FAIL_POINT") == name or _armed(name):
        os.kill(os.getpid(), signal.SIGKILL)


def _armed(name: str) -> bool:
    """Whether the file names this place and this process was the one to take it."""
    path = os.environ.get("WATCHBOOK_FAIL_POINT_FILE")
    if not path:
        return False
    try:
        with open(path, encoding="ascii") as file:
            if file.read().strip() != name:
                return False
        os.rename(path, f"{path}.{name}.{os.getpid()}")
    except FileNotFoundError:  # not armed, or another process was faster
        return False
    return True
