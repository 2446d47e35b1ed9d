"""Chapter: other systems that are told. They came late in the year; one had a bad afternoon, one is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Min

from config.demo.world import Demo, chain, doing
from config.demo_target import PORT
from incidents.models import WebhookDelivery, WebhookEndpoint
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
    "Team chat": ("Platform", 0.035, [*ENDS, "incident.acknowledged"]),
    "Ticket system": ("Shop", 0.03, ENDS),
    "Wall display": ("Carriers", 0.025, ["incident.opened", "incident.resolved"]),
}
LOST_AFTER = 6  # deliveries, then the wall display answers that it is gone
BAD_SHARE, BAD_FOR = 0.018, timedelta(hours=30)  # when the ticket system was moved to another machine


def begin(demo: Demo) -> None:
    """Each is added on its day; from the first one on, whatever happens is told."""
    for name, (team, share, events) in RECEIVERS.items():
        demo.at(demo.ago(share, hour=13.2), _added(demo, name, team, events))


def _added(demo: Demo, name: str, team: str, events: list[str]) -> Callable[[datetime], bool]:
    def add(now: datetime) -> bool:
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
                sender.finish(job, _answer(demo, job, at), now=at + timedelta(milliseconds=400))
    chain()
    waiting = WebhookDelivery.objects.filter(state=PLANNED, endpoint__paused_at__isnull=True, due_at__gt=at)
    again = waiting.aggregate(at=Min("due_at"))["at"]
    if again is not None:
        demo.at(again, lambda _: False)


def _answer(demo: Demo, job: Job, now: datetime) -> Result:
    """What a receiver says: mostly that it took it."""
    name = WebhookEndpoint.objects.values_list("name", flat=True).get(pk=job.endpoint_id)
    ms = round(40 + demo.rng.expovariate(1 / 90))
    bad = demo.ago(BAD_SHARE, hour=7.0)
    if name == "Ticket system" and bad <= now < bad + BAD_FOR:
        return Result(Answer(503), ms, "Service Unavailable")
    if name == "Wall display" and WebhookDelivery.objects.filter(endpoint=job.endpoint_id).count() > LOST_AFTER:
        return Result(Answer(410), ms, "Gone")
    return Result(Answer(200), ms, "ok")
