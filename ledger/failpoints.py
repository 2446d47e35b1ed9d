"""Named places where the process may be killed, to prove that nothing is lost when it is.

`WATCHBOOK_FAIL_POINT=send.after_provider_call` kills with SIGKILL the first process that reaches
the place. Off unless `FAIL_POINTS_ENABLED` is set, which only tests do.
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
    if os.environ.get("WATCHBOOK_FAIL_POINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
