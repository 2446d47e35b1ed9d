"""Chapter: other systems that are told. They came late in the year; one had a bad afternoon, one is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Min

from config.demo.world import Demo, chain, doing
from config.demo_target import PORT
from incidents.models import WebhookDelivery
from incidents.webhooks import sender
from incidents.webhooks.retry import Answer
from incidents.webhooks.sender import Job, Result
from incidents.webhooks.services import create_endpoint
from incidents.webhooks.states import PLANNED
from incidents.webhooks.ticks import webhooks
from ledger.actors import SYSTEM, acting_as

ENDS = ["incident.opened", "incident.declared", "incident.recovered", "incident.resolved"]
# name → (team, share of the year before its end when it was added, events)
RECEIVERS: dict[str, tuple[str, float, list[str]]] = {
    "Team chat": ("Platform", 0.07, [*ENDS, "incident.acknowledged"]),
    "Ticket system": ("Shop", 0.065, ENDS),
    "Wall display": ("Carriers", 0.06, ["incident.opened", "incident.resolved"]),
}
BAD_TRIES = 3  # the second event reached the ticket system only after so many tries: it was being moved


def begin(demo: Demo) -> None:
    """Each is added on its day; from the first one on, whatever happens is told."""
    for name, (team, share, events) in RECEIVERS.items():
        demo.at(demo.ago(share, hour=13.2), _added(demo, name, team, events))


def _added(demo: Demo, name: str, team: str, events: list[str]) -> Callable[[datetime], bool]:
    def add(now: datetime) -> bool:
        chain()  # what happened before is not told
        url = f"http://{name.lower().replace(' ', '-')}.localhost:{PORT}/hooks/incidents"
        with doing(demo.people["Jonas"]):
            create_endpoint(
                name=name, team=demo.teams[team], url=url, events=events, now=now, reason=f"{team} wants to know"
            )
        if not demo.listening:
            demo.listening.append(lambda moment: _tell(demo, moment))
        return False

    return add


def _tell(demo: Demo, now: datetime) -> None:
    """Make deliveries of what happened and send what is due; what has to be tried again is put on the list."""
    chain()
    at = now + timedelta(seconds=1)
    with acting_as(SYSTEM):
        if not webhooks(at) and not WebhookDelivery.objects.due(at).exists():
            return
        while jobs := sender.claim(now=at, limit=len(RECEIVERS)):
            for job in jobs:
                sender.finish(job, _answer(demo, job), now=at + timedelta(milliseconds=400))
    chain()
    waiting = WebhookDelivery.objects.filter(state=PLANNED, endpoint__paused_at__isnull=True, due_at__gt=at)
    again = waiting.aggregate(at=Min("due_at"))["at"]
    if again is not None:
        demo.at(again, lambda _: False)


def _answer(demo: Demo, job: Job) -> Result:
    """What a receiver says: mostly that it took it. The wall display was taken down after its first event."""
    delivery = WebhookDelivery.objects.select_related("endpoint").get(pk=job.delivery_id)
    name = delivery.endpoint.name
    earlier = WebhookDelivery.objects.filter(endpoint=delivery.endpoint, pk__lt=delivery.pk).count()
    ms = round(40 + demo.rng.expovariate(1 / 90))
    if name == "Ticket system" and earlier == 1 and delivery.tries <= BAD_TRIES:
        return Result(Answer(503), ms, "Service Unavailable")
    if name == "Wall display" and earlier:
        return Result(Answer(410), ms, "Gone")
    return Result(Answer(200), ms, "ok")
