"""The same change for many monitors: a loop over the services of one, each with its own history and its own answer.

One that is refused does not stop the others; whoever asked is told which, and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from accounts.access import require
from accounts.models import User
from ledger.tracked import StaleVersion
from monitors.models import Monitor, Rule
from monitors.queries import down_rules
from monitors.services.monitors import change_monitor, pause_monitor, resume_monitor, retire_monitor

MOST = 500
CHANGE, PAUSE, RESUME, RETIRE = "change", "pause", "resume", "retire"
ACTIONS: dict[str, str] = {
    CHANGE: "Change settings",
    PAUSE: "Pause",
    RESUME: "Resume",
    RETIRE: "Retire",
}
OF_MONITOR: dict[str, str] = {
    "team": "Team",
    "tags": "Tags",
    "interval_s": "Checked every",
    "timeout_s": "Gives up after",
}
OF_RULE: dict[str, str] = {
    "severity": "Severity", "urgency": "Urgency", "confirmation_s": "Down when failing for", "recovery_s": "Up again when good for",
}  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """What is to happen to each. changes: for CHANGE, fields of OF_MONITOR and OF_RULE with their new values.

    tag, untag: tags that each gets or loses beside those it has.
    """

    action: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    tag: Sequence[str] = ()
    untag: Sequence[str] = ()

    def changes_of(self, monitor: Monitor) -> dict[str, Any]:
        """What one monitor would be given."""
        if not self.tag and not self.untag:
            return dict(self.changes)
        return {**self.changes, "tags": sorted({*monitor.tags, *self.tag} - {*self.untag})}


@dataclass(frozen=True)
class Difference:
    """One field of one monitor, before and after."""

    label: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Planned:
    """What would happen to a monitor. refused: why it would not; no difference and no refusal: nothing would change."""

    monitor: Monitor
    differences: tuple[Difference, ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class Done:
    """What happened to a monitor. refused: why nothing did."""

    monitor: Monitor
    refused: str = ""


def preview(monitors: Sequence[Monitor], wish: Wish, *, by: User) -> list[Planned]:
    """What the wish would do to each, as they are now; nothing is changed."""
    rules = down_rules(monitors)
    return [_plan(monitor, rules.get(monitor.pk), wish, by) for monitor in monitors]


def carry_out(
    monitors: Sequence[Monitor],
    wish: Wish,
    *,
    by: User,
    now: datetime,
    reason: str,
    seen: Mapping[str, int] | None = None,
) -> list[Done]:
    """Do it to each, in order, each in a transaction of its own.

    seen: versions by public id that the person saw; a monitor that changed meanwhile is refused.
    """
    return [_one(monitor, wish, by, now, reason, (seen or {}).get(monitor.public_id)) for monitor in monitors]


def _one(monitor: Monitor, wish: Wish, by: User, now: datetime, reason: str, version: int | None) -> Done:
    try:
        _may(by, monitor, wish)
        if wish.action == PAUSE:
            pause_monitor(monitor, now=now, reason=reason, expected_version=version)
        elif wish.action == RESUME:
            resume_monitor(monitor, now=now, reason=reason, expected_version=version)
        elif wish.action == RETIRE:
            retire_monitor(monitor, now=now, reason=reason, expected_version=version)
        else:
            change_monitor(monitor, wish.changes_of(monitor), now=now, reason=reason, expected_version=version)
    except StaleVersion:
        return Done(monitor, "Somebody changed it meanwhile; look at it and try again.")
    except (ValidationError, PermissionDenied) as error:
        return Done(monitor, sentence_of(error))
    return Done(monitor)


def _may(by: User, monitor: Monitor, wish: Wish) -> None:
    require(by, "edit", monitor)
    if "team" in wish.changes:
        require(by, "edit", Monitor(team=wish.changes["team"]))


def _plan(monitor: Monitor, rule: Rule | None, wish: Wish, by: User) -> Planned:
    try:
        _may(by, monitor, wish)
    except PermissionDenied as error:
        return Planned(monitor, refused=sentence_of(error))
    if monitor.retired_at is not None:
        return Planned(monitor, refused=f"{monitor.name} was retired.")
    if wish.action == CHANGE:
        return Planned(monitor, _differences(monitor, rule, wish.changes_of(monitor)))
    if wish.action == RETIRE:
        return Planned(monitor, (Difference("In force", "yes", "no"),))
    if monitor.paused == (wish.action == PAUSE):
        return Planned(monitor, refused=f"{monitor.name} is {'paused already' if monitor.paused else 'not paused'}.")
    words = ("watched", "paused")
    return Planned(monitor, (Difference("Watched", words[monitor.paused], words[not monitor.paused]),))


def _differences(monitor: Monitor, rule: Rule | None, changes: Mapping[str, Any]) -> tuple[Difference, ...]:
    held: list[Difference] = []
    for labels, holder in ((OF_MONITOR, monitor), (OF_RULE, rule)):
        for name, label in labels.items():
            before = getattr(holder, name, None)
            if name in changes and before != changes[name]:
                held.append(Difference(label, _shown(before), _shown(changes[name])))
    return tuple(held)


def _shown(value: Any) -> Any:
    """A list as a person reads it; an empty one is none."""
    return (", ".join(value) or None) if isinstance(value, list) else value


def sentence_of(error: ValidationError | PermissionDenied) -> str:
    """A refusal as one line."""
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
