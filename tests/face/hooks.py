"""The night told to other systems: one webhook that delivers, one that fails, one that said 410. Nothing is called."""

from datetime import timedelta

from django.db import transaction

from incidents.models import WebhookCursor, WebhookDelivery
from incidents.webhooks import sender
from incidents.webhooks.outcomes import end
from incidents.webhooks.planning import plan_deliveries
from incidents.webhooks.retry import Answer
from incidents.webhooks.services import create_endpoint, send_test
from ledger.link import link_entries

CAME_BACK = {
    "Ops room": (Answer(204), ""),
    "Ticket system": (Answer(502), "<html> Bad gateway, ask … in the network team"),
    "Data lake of the year before": (Answer(410), "nobody lives here any more"),
}


def told(scene, *, attempts=90):
    """Everything that happened in the scene, sent as far as `attempts` calls go; returns the webhooks by name."""
    made = {}
    for name in CAME_BACK:
        made[name] = create_endpoint(
            name=name,
            team=None if name.startswith("Data") else scene.team,
            url=f"https://hooks.{name.split()[0].lower()}.larkspur.example/in/7f31",
            events=["incident.*", "page.*"],
            now=scene.now - timedelta(hours=1),
        )
    link_entries()
    WebhookCursor.objects.update(seq=0)
    while plan_deliveries(now=scene.now):
        continue
    for n in range(attempts):
        at = scene.now + timedelta(seconds=n / 10)
        for job in sender.claim(now=at, limit=3):
            name = next(one.name for one in made.values() if one.pk == job.endpoint_id)
            answer, said = CAME_BACK[name]
            sender.finish(job, sender.Result(answer, 48 + n, said), now=at)
    tried = WebhookDelivery.objects.filter(endpoint=made["Ticket system"], attempts_made__gt=0)
    for delivery in tried.select_related("event").order_by("pk")[:3]:
        delivery.state, delivery.reason = "failed", "retries_exhausted"
        with transaction.atomic():
            end(delivery, delivery.endpoint, now=scene.now)
    send_test(made["Ops room"], now=scene.now)
    return made
