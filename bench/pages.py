"""Pages: server time of every main page and API list with a year of history, and the number of their queries.

    python -m bench pages

Server time is the processor time of the request, the database's included, since SQLite runs inside the process:
what a shared machine does meanwhile is left out. The database is the demo at `--size bench` (500 monitors, a year, 1,000 incidents), built once in .bench/ and used again
until the code that makes it changes. The number of queries is compared with a demo of six monitors and three weeks:
a page whose queries grow with its rows has more of them here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.figures import Figure, at_most, show

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".bench"
BAR_MS = 200
ROUNDS = 9


def run() -> Iterator[Figure]:
    """Yield the median of each page, then how many pages take more queries than on a small database."""
    big, small = (_measured(size) for size in ("bench", "tiny"))
    for name, told in big.items():
        yield at_most("pages", name, told["ms"], "ms", BAR_MS)
    few, many = most_queries(small), most_queries(big)
    worse = [name for name in many if many[name] > few.get(name, many[name])]
    for name in worse:
        sys.stderr.write(f"pages: {name} takes {few[name]} queries on the small demo and {many[name]} on the big one\n")
    yield at_most("pages", "pages whose queries grow with the rows", len(worse), "", 0)


def most_queries(told: dict[str, dict[str, float]]) -> dict[str, float]:
    """The most queries that any page of a kind takes; the kind is what stands before the comma of its name.

    One incident has a note to look up and another one has not: it is the same page all the same.
    """
    most: dict[str, float] = {}
    for name, one in told.items():
        kind = name.partition(",")[0]
        most[kind] = max(most.get(kind, 0), one["queries"])
    return most


def built(size: str) -> Path:
    """The folder of a demo of this size, made if it is not there yet."""
    folder = CACHE / f"{size}-{_mark()}"
    if (folder / "done").exists():
        return folder
    for old in CACHE.glob(f"{size}-*"):
        shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(parents=True)
    sys.stderr.write(f"pages: building the {size} demo in {folder}\n")
    began = time.monotonic()
    for command in (["demo", "--size", size], ["prepare"]):
        subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *command], env=_environment(folder), stdout=sys.stderr, check=True
        )
    (folder / "done").write_text(f"{time.monotonic() - began:.0f} s\n")
    return folder


def _mark() -> str:
    """Stands for the code that makes the demo and the tables it goes into."""
    digest = hashlib.sha256()
    for path in sorted([*(ROOT / "config" / "demo").glob("*.py"), *ROOT.glob("*/migrations/*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return {**kept, "DATA_DIR": str(folder), "WATCHBOOK_ENV_FILE": "", "LOG_LEVEL": "error"}


def _measured(size: str) -> dict[str, dict[str, float]]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.pages", "measure"],
        cwd=ROOT,
        env=_environment(built(size)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


# In the child, which has Django ---------------------------------------------------------------------


def _measure() -> None:
    """Ask for every page as the demo's admin would; print one JSON line: page → median milliseconds, queries."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    _stop_the_clock(Path(os.environ["DATA_DIR"]) / "watchbook.sqlite3")
    import django

    django.setup()
    from django.test import Client

    from accounts.models import User
    from config.demo.people import ADMIN_EMAIL

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(email=ADMIN_EMAIL))
    stranger = Client(HTTP_HOST="127.0.0.1")
    told = {name: _one(stranger if name == "phone page" else client, path) for name, path in _pages().items()}
    print(json.dumps(told))


def _stop_the_clock(database: Path) -> None:
    """The demo ended when it was built: pages are asked for at that moment, or all of it would be silent and expired."""
    from ledger import clock

    with sqlite3.connect(database) as connection:
        (last,) = connection.execute("SELECT max(recorded_at) FROM monitors_result").fetchone()
    stands = datetime.fromisoformat(last).replace(tzinfo=UTC)
    clock.now = lambda: stands


def _one(client, path: str) -> dict[str, float]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

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
    from django.db.models import Count

    from incidents.models import Incident
    from monitors.models import Monitor

    # with an answer and a note, so that both demos have to look up the same kinds of things
    told = Incident.objects.filter(timeline__kind="note").filter(timeline__kind="acknowledged")
    busy = told.annotate(lines=Count("timeline")).order_by("-lines").first()
    monitor = Monitor.objects.in_force().annotate(turns=Count("intervals")).order_by("interval_s", "-turns").first()
    return {**_watched(monitor), **_worked(busy), **_told(), **_set_up(), **_lists(busy, monitor)}


def _watched(monitor) -> dict[str, str]:
    """What is watched, and what runs on what."""
    from django.db.models import Count

    from monitors.models import Service, System

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
    from incidents.models import Incident
    from oncall.models import Page
    from oncall.notify.links import token_for
    from postmortems.models import PostMortem

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
    from config.demo.customers import SLUG
    from incidents.models import WebhookEndpoint

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
    from django.db.models import Count

    from accounts.models import User
    from incidents.models import Route
    from oncall.models import Policy

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


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        _measure()
    else:
        bad = [figure for figure in run() if not show(figure)]
        sys.exit(1 if bad else 0)
