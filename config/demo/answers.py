"""What people do with a page: answer by SMS, by the link, at the screen or through the API, write down what they found.

Every way goes through the function that its interface calls in life.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from accounts.models import User
from config.demo.world import Demo, actor_of, doing
from incidents.models import Alert, Incident
from incidents.services import sms
from incidents.services.answers import ACK, RESOLVE, Answer, by_link
from incidents.services.transitions import acknowledge, resolve
from incidents.services.work import add_note, add_person, escalate
from incidents.states import TRIGGERED
from incidents.subjects import KIND
from ledger.actors import Actor
from oncall.models import Page
from oncall.notify.services import answered
from oncall.queries import pages_for_subject

WAYS = ("sms", "sms", "sms", "link", "link", "screen", "api")
NOTES = (
    "The deploy of this morning halved the connection pool. Rolled back.",
    "Disk of the primary is full: old exports were never deleted. Deleted them, and opened a ticket for the clean-up.",
    "The carrier says that they have trouble themselves and look into it.",
    "Restarted the workers. Two of four came back by themselves, the others needed a hand.",
    "Certificate of the internal proxy ran out. Renewed it; the reminder went to somebody who left.",
    "Traffic of the spring sale. Added two more machines.",
    "Nothing to be found on our side. It went away with the provider's maintenance.",
    "A switch in hall 3 lost power. Facility management is on its way.",
)
# False says that no page comes of it, so that the engine has nothing to do
Do = Callable[[Demo, Incident, datetime], bool | None]


def later(demo: Demo, name: str, when: datetime, do: Do) -> None:
    """Let somebody do something with the open incident of a monitor, if there is one by then."""

    def act(now: datetime) -> bool:
        monitor = demo.monitors.get(name)
        alert = Alert.objects.filter(monitor=monitor, closed_at__isnull=True, incident__isnull=False).first()
        if alert is None or alert.incident is None or not alert.incident.is_open:
            return False
        return do(demo, alert.incident, now) is not False

    demo.at(when, act)


def anybody_has_it(demo: Demo, incident: Incident, now: datetime) -> bool:
    """Whoever was paged last takes it, by a way that chance decides; not if somebody has it already."""
    if incident.state == TRIGGERED:
        page = _newest_page(incident)
        if page is not None:
            take(demo, incident, page, demo.rng.choice(WAYS), now)
    return False


def take(demo: Demo, incident: Incident, page: Page, way: str, now: datetime) -> None:
    """Acknowledge by one way. A text needs a phone that was paged; without one the link does."""
    person = page.person
    number = demo.phones.get(str(person).split()[0], "")
    if way == "sms" and page.kind == "sms" and number:
        body = f"4 {page.short_code}" if page.short_code else "4"
        sms.receive(sid="SM" + secrets.token_hex(16), sender=number, body=body, now=now)
    elif way in ("sms", "link"):
        answered(page, now=now - timedelta(seconds=9))
        by_link(Answer(page, ACK, "link"), incident, now=now)
    else:
        actor, how = _actor(demo, person, way)
        acknowledge(incident, actor=actor, person=person, how=how, now=now)


def note(demo: Demo, incident: Incident, now: datetime) -> bool:
    """Who has it writes down what they know; some of it happened a while ago."""
    person = incident.acknowledged_by or demo.people["Ingrid"]
    ago = timedelta(minutes=demo.rng.choice((0, 0, 3, 8)))
    happened = max(incident.opened_at, now - ago) if ago else None
    add_note(
        incident, demo.rng.choice(NOTES), actor=actor_of(person), person=person, how="screen", now=now,
        occurred_at=happened,
    )  # fmt: skip
    return False


def ask_for_help(demo: Demo, incident: Incident, now: datetime) -> None:
    """Who has it wants the next person called."""
    person = incident.acknowledged_by
    if person is not None:
        escalate(incident, actor=actor_of(person), person=person, how="screen", now=now)


def bring_in(first: str) -> Do:
    """Who has it asks one more person to join."""

    def ask(demo: Demo, incident: Incident, now: datetime) -> None:
        person = incident.acknowledged_by or demo.people["Ingrid"]
        added = demo.people[first]
        if added.pk != person.pk:
            add_person(incident, added, actor=actor_of(person), person=person, how="screen", now=now)

    return ask


def say_over(demo: Demo, incident: Incident, now: datetime) -> None:
    """Who has it says that it is over, before the monitor does."""
    person = incident.acknowledged_by
    if person is None:
        return
    page = pages_for_subject(KIND, incident.number).filter(person=person, kind="sms").last()
    if page is not None and demo.rng.random() < 0.4:
        by_link(Answer(page, RESOLVE, "link"), incident, now=now)
        return
    with doing(person):
        resolve(incident, actor=actor_of(person), person=person, how="screen", now=now, note=demo.rng.choice(NOTES))


def _newest_page(incident: Incident) -> Page | None:
    pages = pages_for_subject(KIND, incident.number).filter(origin="step", accepted_at__isnull=False)
    newest = pages.order_by("-run", "-loop", "-step", "kind").first()
    if newest is None:
        return None
    same = list(pages.filter(run=newest.run, loop=newest.loop, step=newest.step, person=newest.person))
    return next((page for page in same if page.kind == "sms"), newest)


def _actor(demo: Demo, person: User, way: str) -> tuple[Actor, str]:
    token = demo.tokens.get(str(person).split()[0])
    if way == "api" and token is not None:
        return Actor("token", token.public_id, token.label, "API"), "API"
    return actor_of(person), "screen"
