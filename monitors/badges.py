"""What a badge shows at an instant: the state its pages show, and the one availability function. Reads only."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max, QuerySet

from ledger.crypto import token_hash
from monitors.availability import Figures, Window, digits_for, percent
from monitors.badge_drawing import Shown
from monitors.models import Monitor, Service
from monitors.models.badges import UPTIME, Badge
from monitors.overlays import Lying
from monitors.queries import monitor_state, monitors_in_force, service_states
from monitors.states import State
from monitors.uptime import Asked, figures_of, of_monitors

LATELY = timedelta(days=30)
MEANINGS = {State.UP: "success", State.DEGRADED: "important", State.DOWN: "critical"}
GOOD, FAIR = 9990, 9900  # hundredths of a percent from which uptime is shown as success and as important


def badges_in_force() -> QuerySet[Badge]:
    """Badges by label, with what they are about."""
    held = Badge.objects.in_force().select_related("monitor__service", "service", "team")
    return held.order_by("label", "pk")


def badge_by_key(key: str) -> Badge | None:
    """The badge a key opens; None for a key of none, of a retired badge or of a retired subject."""
    badge = badges_in_force().filter(key_hash=token_hash(key)).first()
    return None if badge is None or badge.subject.retired_at is not None else badge


def shown_by(badge: Badge, *, now: datetime) -> Shown:
    """What it says at `now`. What nobody watched is said to be unknown, and no uptime is made up for it."""
    return _uptime(badge, now) if badge.shows == UPTIME else _state(badge, now)


def _state(badge: Badge, now: datetime) -> Shown:
    if badge.monitor is not None:
        state = monitor_state(badge.monitor, now).state
    else:
        state = next(one.state for one in service_states(now) if one.service.pk == badge.service_id)
    return Shown(badge.label, state.value, MEANINGS.get(state, "inactive"))


def _uptime(badge: Badge, now: datetime) -> Shown:
    figures = _figures(badge, Window(now - LATELY, now), now)
    if figures.measured is None:
        return Shown(badge.label, "not measured", "inactive")
    hundredths = int(figures.measured * 10_000)
    meaning = "success" if hundredths >= GOOD else "important" if hundredths >= FAIR else "critical"
    digits = digits_for(_slowest(badge.subject), figures.total_ms)
    return Shown(badge.label, f"{percent(figures.measured, digits)} % up, 30 days", meaning)


def _slowest(subject: Monitor | Service) -> int:
    """Seconds between the checks of its slowest monitor: what they resolve is as much as the figure may say."""
    if isinstance(subject, Monitor):
        return subject.interval_s
    return monitors_in_force(subject).aggregate(slowest=Max("interval_s"))["slowest"] or 1


def _figures(badge: Badge, window: Window, now: datetime) -> Figures:
    subject = badge.subject
    if isinstance(subject, Monitor):
        return of_monitors([subject], [window], now=now)[subject.pk][0]
    over = Lying(window.start, window.end).over(subject, [window], None)
    return figures_of([Asked(subject, [window], over)], now=now)[0][0]
