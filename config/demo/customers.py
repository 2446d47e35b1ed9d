"""Chapter: what customers were told. A status page, and updates beside the incidents that customers could notice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from config.demo.people import ORGANISATION, ZONE
from config.demo.world import Demo, actor_of, doing
from incidents.models import Incident
from statuspage.models import Component, StatusPage
from statuspage.services import create_component, create_page, publish_update
from statuspage.services.updates import Said

SLUG = "larkspur"
INTRO = "What you can do with Larkspur right now, as measured from outside each minute."
# service → (what customers call it, heading)
SHOWN = {
    "Checkout": ("Placing orders", "Shop"),
    "Customer portal": ("Customer portal", "Shop"),
    "Tracking API": ("Tracking parcels", "Shipping"),
    "Carrier gateway": ("Handing over to carriers", "Shipping"),
    "Label printing": ("Printing labels", "Shipping"),
}
LOOK_AGAIN, PATIENCE = timedelta(minutes=17), 60
NOTICED = 2  # customers are told of SEV1 and SEV2


def begin(demo: Demo) -> None:
    """The page is there from the first day."""
    now = demo.start + timedelta(hours=1)
    with doing(demo.people["Ingrid"]):
        page = create_page(
            name=ORGANISATION, slug=SLUG, timezone=ZONE, team=demo.teams["Shop"], is_published=True, intro=INTRO,
            now=now, reason="Customers asked where to look.",
        )  # fmt: skip
        for service, (name, heading) in SHOWN.items():
            create_component(
                page, service=demo.services[service], name=name, heading=heading, now=now, reason="What customers see"
            )


def are_told(demo: Demo, incident: Incident, now: datetime) -> bool:
    """A first update now, what was found a little later, and the last one when the incident is over."""
    page = StatusPage.objects.filter(slug=SLUG).first()
    component = Component.objects.in_force().filter(service=incident.service, page=page).first()
    if page is None or component is None or incident.severity > NOTICED:
        return False
    name = component.name
    first = f"{name} does not work for some of you. We are looking into it."
    _say(demo, page, incident, Said("investigating", first, f"{name}: errors", {component.public_id: "down"}), now)
    demo.at(now + LOOK_AGAIN / 2, _found(demo, page, incident))
    demo.at(now + LOOK_AGAIN, _last_word(demo, page, incident, PATIENCE))
    return False


def _say(demo: Demo, page: StatusPage, incident: Incident, said: Said, now: datetime) -> None:
    person = incident.acknowledged_by or demo.people["Ingrid"]
    publish_update(page, incident, said, actor=actor_of(person), person=person, how="screen", now=now)


def _found(demo: Demo, page: StatusPage, incident: Incident) -> Callable[[datetime], bool]:
    def act(now: datetime) -> bool:
        incident.refresh_from_db()
        if incident.is_open:
            _say(demo, page, incident, Said("identified", "We know what it is and are mending it."), now)
        return False

    return act


def _last_word(demo: Demo, page: StatusPage, incident: Incident, turns: int) -> Callable[[datetime], bool]:
    """Looks again until it is over; a hundredth of the last words is forgotten, as happens."""

    def act(now: datetime) -> bool:
        incident.refresh_from_db()
        if incident.is_open and turns:
            demo.at(now + LOOK_AGAIN, _last_word(demo, page, incident, turns - 1))
        elif not incident.is_open and demo.rng.random() < 0.99:
            _say(demo, page, incident, Said("resolved", "It works again. We are sorry for the trouble."), now)
        return False

    return act
