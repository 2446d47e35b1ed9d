"""Every main page and API list, asked for as the demo's admin would, the clock standing where the demo ended."""

from __future__ import annotations

import json
import time
from statistics import median

from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from config.demo.customers import SLUG
from config.demo.people import ADMIN_EMAIL
from incidents.models import Incident, Route, WebhookEndpoint
from monitors.models import Monitor, Service, System
from oncall.models import Page, Policy
from oncall.notify.links import token_for
from postmortems.models import PostMortem

ROUNDS = 9


def main() -> None:
    """Ask for every page as the demo's admin would; print one JSON line: page → median milliseconds, queries."""
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(email=ADMIN_EMAIL))
    stranger = Client(HTTP_HOST="127.0.0.1")
    told = {name: _one(stranger if name == "phone page" else client, path) for name, path in _pages().items()}
    print(json.dumps(told))


def _one(client, path: str) -> dict[str, float]:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    asked = len(queries)
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        client.get(path)
        times.append((time.process_time() - began) * 1000)
    return {"ms": median(times), "queries": asked}


def _pages() -> dict[str, str]:
    """The main pages and lists by name, on the objects that have most to show."""
    # with an answer and a note, so that both demos have to look up the same kinds of things
    told = Incident.objects.filter(timeline__kind="note").filter(timeline__kind="acknowledged")
    busy = told.annotate(lines=Count("timeline")).order_by("-lines").first()
    monitor = Monitor.objects.in_force().annotate(turns=Count("intervals")).order_by("interval_s", "-turns").first()
    return {**_watched(monitor), **_worked(busy), **_told(), **_set_up(), **_lists(busy, monitor)}


def _watched(monitor) -> dict[str, str]:
    """What is watched, and what runs on what."""
    service = Service.objects.in_force().annotate(held=Count("monitors")).order_by("-held").first()
    return {
        "now": "/",
        "watchline": "/watchline/",
        "monitors": "/monitors/",
        "monitor": f"/monitors/{monitor.public_id}/",
        "monitor, week": f"/monitors/{monitor.public_id}/?span=week",
        "monitor, 90 days": f"/monitors/{monitor.public_id}/?span=quarter",
        "monitor, year": f"/monitors/{monitor.public_id}/?span=year",
        "monitor, state": f"/monitors/{monitor.public_id}/state/",
        "services": "/services/",
        "service": f"/services/{service.public_id}/",
        "systems": "/systems/",
        "system": f"/systems/{System.objects.first().public_id}/",
    }


def _worked(busy) -> dict[str, str]:
    """Incidents, the page behind the link of a text, and what was learnt."""
    still = Incident.objects.open().order_by("-pk").first()
    learnt = PostMortem.objects.filter(status="published").order_by("-pk").first()
    page = Page.objects.filter(run__subject_id=still.number, origin="step").order_by("-pk").first()
    return {
        "incidents": "/incidents/",
        "incidents, resolved": "/incidents/?state=resolved&page=2",
        "incident, open": f"/incidents/{still.number}/",
        "incident, longest": f"/incidents/{busy.number}/",
        "phone page": f"/a/{token_for(page)}/",
        "post-mortems": "/postmortems/",
        "action items": "/postmortems/action-items/",
        # three weeks may be too short for one
        **({"post-mortem": f"/postmortems/{learnt.public_id}/"} if learnt else {}),
    }


def _told() -> dict[str, str]:
    """What customers, other systems and auditors read."""
    endpoint = WebhookEndpoint.objects.in_force().order_by("pk").first()
    return {
        "status pages": "/status-pages/",
        "public page": f"/status/{SLUG}/",
        "public page, JSON": f"/status/{SLUG}/summary.json",
        "webhooks": "/webhooks/",
        **({"webhook": f"/webhooks/{endpoint.public_id}/"} if endpoint else {}),
        "ledger": "/ledger/",
        "system page": "/system/",
    }


def _set_up() -> dict[str, str]:
    """People, and where faults lead."""
    person = User.objects.annotate(paged=Count("pages")).order_by("-paged").first()
    policy = Policy.objects.annotate(used=Count("runs")).order_by("-used").first()
    return {
        "people": "/people/",
        "person": f"/people/{person.public_id}/",
        "me": "/me/",
        "organisation": "/organisation/",
        "policies": "/policies/",
        "policy": f"/policies/{policy.public_id}/",
        "routes": "/routes/",
        "route": f"/routes/{Route.objects.in_force().first().public_id}/",
    }


def _lists(busy, monitor) -> dict[str, str]:
    """The API's lists, and what hangs on the longest incident and the liveliest monitor."""
    names = (
        "incidents", "alerts", "monitors", "rules", "signals", "services", "systems", "people", "teams",
        "contact-methods", "policies", "routes", "runs", "pages", "post-mortems", "status-pages", "webhooks", "ledger",
    )  # fmt: skip
    of = f"/api/v1/monitors/{monitor.public_id}"
    return {
        **{f"API {name}": f"/api/v1/{name}/" for name in names},
        "API incident timeline": f"/api/v1/incidents/{busy.number}/timeline/",
        "API results of a monitor": f"{of}/results/",
        "API intervals of a monitor": f"{of}/intervals/",
        "API history of a monitor": f"{of}/history/",
    }
