"""One check for a person who looks: its whole trace, nothing stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.egress.rules import current_rules
from monitors.kinds import HEARTBEAT, KINDS
from monitors.probes.registry import compile_check, run_once
from monitors.probes.trace import Trace
from monitors.services.definition import read_check
from monitors.services.refusals import refusal

MOST_S = 10.0  # a person waits for the answer


def check_once(
    kind: str,
    target: Mapping[str, Any],
    *,
    now: datetime,
    secrets: Mapping[str, Any] | None = None,
    timeout_s: float = MOST_S,
) -> Trace:
    """Run a target of a type once and return what was seen: phases, hops, certificate, a sample of the answer.

    A target that may not be called raises ValidationError; one that fails has its sentence in the trace.
    """
    if kind == HEARTBEAT:
        raise refusal("kind", "A heartbeat is not checked: its job pings Watchbook.")
    read, held = read_check(KINDS[kind], target, secrets or {})
    check = compile_check(kind, read, held, timeout_s=min(timeout_s, MOST_S), curious=True)
    return run_once(check, current_rules(), now=now)
