"""What the kernel says of its own clock: whether something keeps it in step, and how wrong it may be.

`adjtimex` with nothing to change may be called by anybody and asks nobody outside. It is the kernel's own estimate: it says
that a time service is at work, not that the service is right. Elsewhere than on Linux nothing is known.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass

UNSYNCHRONISED = 0x0040  # STA_UNSYNC of <sys/timex.h>


@dataclass(frozen=True, slots=True)
class KernelClock:
    """One reading. synchronised: None where the kernel cannot be asked. max_error_ms: its own bound, in milliseconds."""

    synchronised: bool | None
    max_error_ms: int | None

    @property
    def source(self) -> str:
        """Who said so."""
        return "kernel" if self.synchronised is not None else "none"


class _Time(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("fraction", ctypes.c_long)]


class _Timex(ctypes.Structure):
    """`struct timex`; the kernel fills it. The tail is longer than any of its versions, because it writes there too."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("max_error_us", ctypes.c_long),
        ("estimated_error_us", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _Time),
        ("tail", ctypes.c_long * 32),
    ]


def read_kernel_clock() -> KernelClock:
    """Ask the kernel; a machine that cannot answer says that nothing is known, and never fails."""
    if not sys.platform.startswith("linux"):
        return KernelClock(None, None)
    answer = _Timex()
    try:
        status = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(answer))
    except (AttributeError, OSError):
        return KernelClock(None, None)
    if status < 0:
        return KernelClock(None, None)
    return KernelClock(not answer.status & UNSYNCHRONISED, answer.max_error_us // 1000)
