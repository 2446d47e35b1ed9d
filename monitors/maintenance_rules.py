"""What a maintenance window means: the state it is in, what it mutes, and whether its time is excluded. Standard library only.

Rules in words: docs/maintenance.md. Checks go on inside a window; nothing here touches what was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

PLANNED, APPROVED, ACTIVE, EXTENDED = "planned", "approved", "active", "extended"
ENDED, ENDED_EARLY, CANCELLED, SUPERSEDED, LAPSED = "ended", "ended_early", "cancelled", "superseded", "lapsed"
# how a span is over although it never began
NEVER = (CANCELLED, SUPERSEDED, LAPSED)
STATES: dict[str, str] = {
    PLANNED: "waits for approval",
    APPROVED: "approved",
    ACTIVE: "in progress",
    EXTENDED: "in progress, extended",
    ENDED: "over",
    ENDED_EARLY: "ended early",
    CANCELLED: "cancelled",
    SUPERSEDED: "replaced by a later plan",
    LAPSED: "never approved",
}


@dataclass(frozen=True)
class Window:
    """One time that a window happens, as it was recorded. part: 0, or the number of the extension it is.

    ending: how it is over, "" while it is not. approved_alone: the requester approved, because nobody else could.
    """

    planned_start: datetime
    planned_end: datetime
    recorded_at: datetime
    requested_by: str
    part: int = 0
    announced_at: datetime | None = None
    approved_at: datetime | None = None
    approved_by: str = ""
    approved_alone: bool = False
    ended_at: datetime | None = None
    ending: str = ""


@dataclass(frozen=True)
class Contract:
    """What an agreement says of maintenance. notice_s: 0 for none needed. allowance_s: a month; None for no limit."""

    notice_s: int = 0
    allowance_s: int | None = None


@dataclass(frozen=True)
class Ruling:
    """Whether time is excluded, from when to when, and why in words. seconds: of the month asked about."""

    counts: bool
    why: str
    start: datetime | None = None
    end: datetime | None = None

    @property
    def seconds(self) -> float:
        """How much is excluded."""
        return 0.0 if self.start is None or self.end is None else (self.end - self.start).total_seconds()


def muting(window: Window) -> tuple[datetime, datetime] | None:
    """`[start, end)` in which alerts are kept from paging; None if it never mutes.

    It mutes from its approval, never before. An extension mutes at once, because it is asked for at night by whoever
    does the work; it excludes nothing.
    """
    if window.ending in NEVER:
        return None
    start, end = window.planned_start, window.ended_at or window.planned_end
    if not window.part:
        if window.approved_at is None:
            return None
        start = max(start, window.approved_at, window.recorded_at)
    return (start, end) if start < end else None


def state_of(window: Window, now: datetime) -> str:
    """The word for where a window stands at an instant, also before the engine has written it down."""
    if window.ending:
        return window.ending
    span = muting(window)
    if span is None:
        return PLANNED if now < window.planned_end else LAPSED
    if now < span[0]:
        return APPROVED
    if now < span[1]:
        return EXTENDED if window.part else ACTIVE
    return ENDED


def excludes(window: Window, contract: Contract, *, used_s: float = 0.0) -> Ruling:
    """Whether a window takes its time out of an agreement, with the reason. Rule U-7 of docs/maintenance.md.

    used_s: what earlier windows have used of the allowance. A yes names `[start, end)`, shorter than the window when the
    allowance ends in it. `rulings` asks this about all windows of a month.
    """
    refusal = _refusal(window, contract)
    if refusal:
        return Ruling(False, refusal)
    start, end = window.planned_start, min(window.ended_at or window.planned_end, window.planned_end)
    if end <= start:
        return Ruling(False, "It ended before it began.")
    words = "Recorded, announced in time and approved before it began"
    if window.approved_alone:
        words += "; approved by the requester, because there was nobody else (a recorded exception)"
    return _allowed(start, end, contract, used_s, words + ".")


def rulings(windows: Sequence[Window], contract: Contract, start: datetime, end: datetime) -> list[Ruling]:
    """What each window takes out of a month `[start, end)`, in their order, the allowance spent by the earliest first.

    Time that two windows cover is excluded, and spent, once. A yes names the part that lies in the month.
    """
    found: list[Ruling | None] = [None] * len(windows)
    used, until = 0.0, start
    for at in sorted(range(len(windows)), key=lambda one: (windows[one].planned_start, windows[one].part)):
        whole = excludes(windows[at], Contract(contract.notice_s))
        if not whole.counts or whole.start is None or whole.end is None:
            found[at] = whole
            continue
        first, last = max(whole.start, until), min(whole.end, end)
        if first >= last:
            found[at] = Ruling(False, "All of it lies outside the month, or in another window.")
            continue
        ruling = _allowed(first, last, contract, used, whole.why)
        found[at] = ruling
        used += ruling.seconds
        until = max(until, last)
    return [one for one in found if one is not None]


def _allowed(first: datetime, last: datetime, contract: Contract, used: float, why: str) -> Ruling:
    if contract.allowance_s is None:
        return Ruling(True, why, first, last)
    left = contract.allowance_s - used
    if left <= 0:
        return Ruling(False, f"The month's allowance of {contract.allowance_s} s is used up.")
    if (last - first).total_seconds() <= left:
        return Ruling(True, why, first, last)
    words = f"{why.rstrip('.')}; the month's allowance of {contract.allowance_s} s ends in it."
    return Ruling(True, words, first, first + timedelta(seconds=left))


def _refusal(window: Window, contract: Contract) -> str:
    """Why nothing is excluded; "" if something may be."""
    if window.ending in NEVER:
        return f"It did not take place: {STATES[window.ending]}."
    if window.part:
        return "An extension is asked for inside the window, so it was not announced before it began."
    if window.recorded_at >= window.planned_start:
        return "It was recorded after it began."
    if window.approved_at is None or window.approved_at >= window.planned_start:
        return "Nobody had approved it when it began."
    if window.approved_by == window.requested_by and not window.approved_alone:
        return "Whoever asked for it approved it."
    if contract.notice_s:
        if window.announced_at is None:
            return "It was not announced."
        notice = int((window.planned_start - window.announced_at).total_seconds())
        if notice < contract.notice_s:
            return f"Announced {max(notice, 0)} s ahead; the agreement asks for {contract.notice_s} s."
    return ""
