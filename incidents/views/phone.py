"""The page a signed link leads to: one incident, one thumb, no script, no sign-in. Its buttons are answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from accounts.models import Organisation, User
from incidents.access import may_respond
from incidents.models import Alert, Incident
from incidents.observed import checks_between, shown_state, standing_of
from incidents.queries import alerts_of, names_of
from incidents.states import TRIGGERED
from incidents.subjects import KIND
from incidents.views.paging import truth_of
from oncall.models import Page
from oncall.notify.links import LinkTarget, expires_at
from oncall.notify.states import AFTERWARDS, TAKEN
from oncall.queries import next_step, pages_for_subject

SHOWN = timedelta(minutes=15)
MOST_CHECKS = 36  # each is 70 bytes of a page that must load over 2G


@dataclass(frozen=True)
class Told:
    """One person who was paged: the strongest fact known, in a mark and words."""

    name: str
    you: bool
    truth: str
    words: str


def phone_page(incident: Incident, target: LinkTarget, token: str, *, now: datetime) -> dict[str, Any]:
    """What incidents/answer.html takes; the same number of queries for one alert and for forty."""
    person, page = target.person, target.page
    alerts = list(alerts_of(incident))
    firing = next((alert for alert in alerts if not alert.closed_at), alerts[0] if alerts else None)
    watched = firing.monitor if firing else None
    standing = standing_of([watched], now=now).get(watched.pk) if watched else None
    start = min(incident.opened_at - SHOWN / 3, now - SHOWN / 3)
    start = max(start, now - SHOWN * 0.75)
    return {
        "incident": incident,
        "person": person,
        "page": page,
        "now": now,
        "organisation_name": Organisation.current().name,
        "city": person.timezone.rsplit("/", 1)[-1].replace("_", " "),
        "may_respond": may_respond(person),
        "mine": incident.acknowledged_by_id == person.pk,
        "notice": page.origin == TAKEN,
        "spared": _spared(incident),
        "address": reverse("answer", args=[token]),
        "firing": firing,
        "stands": shown_state(standing) if watched else "",
        "standing": standing,
        "start": start,
        "end": start + SHOWN,
        "checks": _checks(firing, start, now),
        "told": told(list(pages_for_subject(KIND, incident.number)), person),
        "next_step": next_step(KIND, incident.number) if incident.state == TRIGGERED else None,
        "expires_at": expires_at(page),
    }


def _checks(firing: Alert | None, start: datetime, now: datetime) -> list[tuple[datetime, str]]:
    """The last checks of the monitor that failed; none when there are too many to draw in 12 kB."""
    if firing is None or firing.monitor is None:
        return []
    return checks_between([firing.monitor], start, now, most=400).get(firing.monitor_id or 0, [])[-MOST_CHECKS:]


def _spared(incident: Incident) -> list[str]:
    """Names of those who were not called because somebody acknowledged."""
    last = incident.timeline.filter(kind="acknowledged").order_by("-id").first()
    return names_of(last.data.get("spared", [])) if last else []


def told(pages: list[Page], reader: User) -> list[Told]:
    """Each person once, in the order in which they were paged, with the strongest fact of all their pages."""
    strongest: dict[int, Page] = {}
    for page in pages:
        if page.origin in AFTERWARDS:
            continue
        held = strongest.get(page.person_id)
        if held is None or truth_of(page).rank > truth_of(held).rank:
            strongest[page.person_id] = page
    return [
        Told(page.person_name, key == reader.pk, truth_of(page).mark, truth_of(page).words)
        for key, page in strongest.items()
    ]
