"""What an event means: open, attach, resolve, suppress or nothing, with the reason. Standard library only.

`correlate` sees one frozen `Event` type, whoever sent it, and the alerts that may concern it. It
decides; `incidents.intake` does. The rules in words are in docs/incidents.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

OPEN, ATTACH, RESOLVE, SUPPRESS, NOTHING = "open", "attach", "resolve", "suppress", "nothing"
FLAPPING = "flapping"  # the one condition that gathers the others of its group


@dataclass(frozen=True)
class Event:
    """One change of one condition, from our own monitors or from outside.

    source: who says so ("monitors", later an integration). identity: what of that source, unique while
    open, such as "mon_x…/down". group: what several identities may share, such as the monitor. key: the
    external id of the row behind it. opens: it began, else it ended. Severity 1 is the worst.
    reopens: the source is ours, so that the same condition soon after the end is the same incident.
    measured: an end was seen; False when it only means that nobody watches any more.
    """

    source: str
    identity: str
    group: str
    key: str
    opens: bool
    condition: str
    severity: int
    urgency: str
    service: str
    title: str
    effective_at: datetime
    reopens: bool = False
    measured: bool = True
    rule_version: int = 0
    reason: str = ""


@dataclass(frozen=True)
class KnownAlert:
    """An alert that may concern the event: open (`closed_at` None) or lately closed.

    incident: number of its incident, "" when it was suppressed. incident_open and resolved_at speak
    of that incident; severity and urgency are the incident's, as people were paged for it.
    """

    id: int
    source: str
    identity: str
    group: str
    incident: str
    incident_open: bool
    severity: int
    urgency: str
    condition: str = ""
    closed_at: datetime | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True)
class Cover:
    """A silence, a maintenance window or a parent that is down: [start, end), for a service, a group or an identity."""

    id: str
    scope: str
    start: datetime
    end: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """What to do and why. alert: the open alert it is about, if there is one. incident: the one to join."""

    action: str
    reason: str
    alert: int | None = None
    incident: str = ""
    cover: str = ""


def correlate(
    event: Event,
    alerts: Iterable[KnownAlert],
    *,
    now: datetime,
    reopen_within: timedelta,
    silences: Iterable[Cover] = (),
    maintenance: Iterable[Cover] = (),
    parents: Iterable[Cover] = (),
) -> Decision:
    """Decide about one event.

    alerts: the open ones and the lately closed ones of the event's source. parents: a cover for
    each monitor that depends on one that is down. reopen_within: for how long the end of an incident is not final.
    """
    known = [alert for alert in alerts if alert.source == event.source]
    same = [alert for alert in known if alert.identity == event.identity]
    open_one = next((alert for alert in same if alert.closed_at is None), None)
    if not event.opens:
        return _close(event, open_one)
    if open_one is not None and open_one.incident:
        return Decision(ATTACH, "repeat", alert=open_one.id, incident=open_one.incident)
    waiting = None if open_one is None else open_one.id  # suppressed so far: it has no incident yet
    for reason, covers in (("silenced", silences), ("maintenance", maintenance), ("parent_down", parents)):
        cover = covering(event, covers, now)
        if cover is not None:
            return Decision(SUPPRESS, reason, alert=waiting, cover=cover.id)
    return replace(_open(event, known, same, now, reopen_within), alert=waiting)


def _close(event: Event, open_one: KnownAlert | None) -> Decision:
    if open_one is None:
        return Decision(NOTHING, "nothing_open")
    return Decision(
        RESOLVE, "recovered" if event.measured else "unwatched", alert=open_one.id, incident=open_one.incident
    )


def _open(
    event: Event,
    known: list[KnownAlert],
    same: list[KnownAlert],
    now: datetime,
    reopen_within: timedelta,
) -> Decision:
    """A new alert: which incident does it belong to?

    It joins an open incident only if that one was paged at least as loudly; something worse gets an
    incident, and so a page, of its own. A page too many is better than one that nobody gets.
    """
    group = [alert for alert in known if event.group and alert.group == event.group]
    for reason, candidates in (
        ("flapping", [alert for alert in group if alert.condition == FLAPPING and alert.closed_at is None]),
        ("same_condition", same),
        ("same_group", group),
    ):
        for alert in candidates:
            if alert.incident_open and _as_loud(alert, event):
                return Decision(OPEN, reason, incident=alert.incident)
    if event.reopens:
        ended = [
            (alert.resolved_at, alert.incident)
            for alert in (group if event.condition == FLAPPING else same)
            if alert.incident and not alert.incident_open and alert.resolved_at
        ]
        if ended and now - max(ended)[0] < reopen_within:
            return Decision(OPEN, "reopened", incident=max(ended)[1])
    return Decision(OPEN, "new")


def _as_loud(alert: KnownAlert, event: Event) -> bool:
    """Whether the alert's incident was paged for at least as urgently as the event asks."""
    return alert.severity <= event.severity and (alert.urgency == "high" or event.urgency != "high")


def covering(event: Event, covers: Iterable[Cover], now: datetime) -> Cover | None:
    """The first cover that holds over the event at `now`; None when nothing keeps it quiet."""
    scopes = {event.service, event.group, event.identity} - {""}
    for cover in covers:
        if cover.scope in scopes and cover.start <= now and (cover.end is None or now < cover.end):
            return cover
    return None
