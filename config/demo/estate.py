"""Chapter: what Larkspur runs, who is called for it, and what watches it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from accounts.services.organisation import allow_network
from config.demo.checks import watch
from config.demo.world import Demo, doing
from config.demo_target import PORT
from incidents.services.routes import create_route
from monitors.services.inventory import create_service, create_system, set_systems
from monitors.services.monitors import create_monitor
from oncall.services import change_catch_all, create_policy

WIKI = "https://wiki.larkspur.example/runbooks"
# service → (team, owner, systems it runs on)
SERVICES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "Checkout": ("Shop", "Ingrid", ("Shop cluster", "Orders database")),
    "Customer portal": ("Shop", "Ingrid", ("Shop cluster",)),
    "Tracking API": ("Carriers", "Lena", ("Edge proxies", "Tracking store")),
    "Carrier gateway": ("Carriers", "Lena", ("Carrier links",)),
    "Label printing": ("Carriers", "Lena", ("Warehouse network", "Carrier links")),
    "Warehouse": ("Platform", "Jonas", ("Warehouse network", "Orders database")),
    "Sign-in": ("Platform", "Jonas", ("Identity provider",)),
    "Internal tools": ("Platform", "Jonas", ("Office services",)),
}
SYSTEMS = {
    "Shop cluster": "Application cluster",
    "Orders database": "Database",
    "Edge proxies": "Network",
    "Tracking store": "Database",
    "Carrier links": "Third-party connection",
    "Warehouse network": "Network",
    "Identity provider": "Software as a service",
    "Office services": "Software as a service",
}


@dataclass(frozen=True)
class Watched:
    """One monitor to be: name, service, path, severity, urgency, and the share of the year after which it was added."""

    name: str
    service: str
    path: str
    severity: int = 2
    urgency: str = "high"
    born: float = 0.0


# the first six are those the episodes speak of, so that the smallest demo has them too
WATCHED = (
    Watched("Place order", "Checkout", "orders/health", 1),
    Watched("Label request", "Label printing", "labels/health", 2),
    Watched("Portal home", "Customer portal", "home", 4, "low"),
    Watched("Nightly export", "Warehouse", "export/health", 3),
    Watched("Parcel by number", "Tracking API", "parcels/health", 2),
    Watched("Carrier status feed", "Carrier gateway", "feed/health", 3),
    Watched("Basket", "Checkout", "basket/health", 1),
    Watched("Payment form", "Checkout", "payment/health", 1),
    Watched("Invoice download", "Checkout", "invoices/health", 3, "low", 0.31),
    Watched("Voucher check", "Checkout", "vouchers/health", 3, "low", 0.44),
    Watched("Portal search", "Customer portal", "search/health", 3),
    Watched("Address book", "Customer portal", "addresses/health", 3),
    Watched("Portal messages", "Customer portal", "messages/health", 3, "low", 0.2),
    Watched("Return label", "Customer portal", "returns/health", 3),
    Watched("Claims form", "Customer portal", "claims/health", 4, "low", 0.52),
    Watched("Parcel events", "Tracking API", "events/health", 2),
    Watched("Delivery window", "Tracking API", "window/health", 3),
    Watched("Tracking map", "Tracking API", "map/health", 3, "low"),
    Watched("Webhook sender", "Tracking API", "webhooks/health", 2, "high", 0.38),
    Watched("Rate lookup", "Carrier gateway", "rates/health", 2),
    Watched("Pickup booking", "Carrier gateway", "pickups/health", 2),
    Watched("Customs forms", "Carrier gateway", "customs/health", 3),
    Watched("Dispatch manifest", "Carrier gateway", "manifest/health", 3),
    Watched("Carrier sandbox", "Carrier gateway", "sandbox/health", 4, "low", 0.6),
    Watched("Label archive", "Label printing", "archive/health", 3, "low"),
    Watched("Printer fleet", "Label printing", "printers/health", 2),
    Watched("Label preview", "Label printing", "preview/health", 3, "low", 0.25),
    Watched("Stock levels", "Warehouse", "stock/health", 2),
    Watched("Pick lists", "Warehouse", "picks/health", 2),
    Watched("Scanner gateway", "Warehouse", "scanners/health", 1),
    Watched("Inbound booking", "Warehouse", "inbound/health", 3),
    Watched("Forklift terminals", "Warehouse", "forklifts/health", 3, "low", 0.47),
    Watched("Sign-in page", "Sign-in", "login", 1),
    Watched("Token endpoint", "Sign-in", "token/health", 1),
    Watched("Second factor", "Sign-in", "factor/health", 2),
    Watched("Password reset", "Sign-in", "reset/health", 3, "low"),
    Watched("Wiki", "Internal tools", "wiki/health", 4, "low"),
    Watched("Build server", "Internal tools", "builds/health", 4, "low"),
    Watched("Chat bridge", "Internal tools", "chat/health", 3, "low", 0.15),
    Watched("Expense reports", "Internal tools", "expenses/health", 4, "low", 0.7),
)


def begin(demo: Demo) -> None:
    """Systems, services, policies and routes of the first afternoon, and every monitor on its day."""
    now = demo.start + timedelta(hours=1)
    with doing(demo.people["Mara"]):
        for cidr in ("127.0.0.0/8", "::1/128"):
            allow_network(cidr=cidr, now=now, reason="The demo watches a small server on this very machine")
    _inventory(demo, now + timedelta(minutes=5))
    _policies(demo, now + timedelta(minutes=20))
    span = demo.end - demo.start
    for number, one in zip(range(demo.size.monitors), in_order(), strict=False):
        added = now + timedelta(minutes=25, seconds=20 * number) + one.born * span
        _add(demo, one, 60 if number < demo.size.fast else 300, added)


def _inventory(demo: Demo, now: datetime) -> None:
    with doing(demo.people["Jonas"]):
        systems = {
            name: create_system(
                name=name,
                system_class=kind,
                environment="production",
                team=demo.teams["Platform"],
                owner=demo.people["Jonas"],
                scope_from=demo.start.date(),
                now=now,
                reason="Inventory for the audit",
            )
            for name, kind in SYSTEMS.items()
        }
        for name, (team, owner, on) in SERVICES.items():
            service = create_service(
                name=name, team=demo.teams[team], owner=demo.people[owner], now=now, reason="First list of services"
            )
            set_systems(service, [systems[one] for one in on], now=now, reason="What it runs on")
            demo.services[name] = service


def _policies(demo: Demo, now: datetime) -> None:
    ladder = {
        "Shop, any hour": ("Shop", 1, (("Ana",), ("Ben",), ("Ingrid",))),
        "Carriers, any hour": ("Carriers", 2, (("Tomas",), ("Priya", "Lena"))),
        "Platform, any hour": ("Platform", 1, (("Kofi",), ("Noor",), ("Jonas",))),
        "Working day, no hurry": ("Platform", 0, (("Noor", "Ben"),)),
    }
    with doing(demo.people["Jonas"]):
        for name, (team, repeat, steps) in ladder.items():
            rungs = [{"delay_s": 300, "people": [demo.people[who].public_id for who in step]} for step in steps]
            demo.policies[name] = create_policy(
                name=name, team=demo.teams[team], repeat=repeat, steps=rungs, now=now, reason="First set of policies"
            )
        people = [demo.people["Mara"].public_id, demo.people["Jonas"].public_id]
        change_catch_all(people=people, now=now, reason="Two admins, so that one may sleep")
        for name, (team, _, _) in SERVICES.items():
            slug = name.lower().replace(" ", "-")
            # the gateway is led to the wrong people at first; a change of this year mends it
            policy = "Platform" if name == "Carrier gateway" else team
            create_route(
                service=demo.services[name],
                severity=None,
                policy=demo.policies[f"{policy}, any hour"],
                runbook_url=f"{WIKI}/{slug}",
                now=now,
                reason="First set of routes",
            )
        for name in ("Customer portal", "Carrier gateway", "Internal tools"):
            create_route(
                service=demo.services[name],
                severity=4,
                policy=demo.policies["Working day, no hurry"],
                now=now,
                reason="SEV4 wakes nobody",
            )


def in_order() -> list[Watched]:
    """The named ones first, then as many branches of the warehouse as anybody asks for."""
    names = list(SERVICES)
    branches = (
        Watched(f"Branch {number:03d} terminal", names[number % len(names)], f"branch-{number:03d}/health", 3)
        for number in count(1)
    )
    return [*WATCHED, *(next(branches) for _ in range(1_000))]


def _tags(one: Watched) -> list[str]:
    """Who feels it, and in a branch that it is one."""
    felt_by = "internal" if one.service in ("Internal tools", "Warehouse") else "customers"
    return [felt_by, *(["branch"] if one.path.startswith("branch-") else [])]


def _add(demo: Demo, one: Watched, interval_s: int, when: datetime) -> None:
    def added(now: datetime) -> None:
        host = one.service.lower().replace(" ", "-")
        with doing(demo.people[SERVICES[one.service][1]]):
            monitor = create_monitor(
                service=demo.services[one.service],
                name=one.name,
                target={"url": f"http://{host}.localhost:{PORT}/{one.path}"},
                now=now,
                reason="To be watched",
                interval_s=interval_s,
                severity=one.severity,
                urgency=one.urgency,
                tags=_tags(one),
                confirmation_s=60,
                recovery_s=60,
            )
        demo.monitors[one.name] = monitor
        watch(demo, monitor.pk, now + timedelta(seconds=1), extra=True)

    demo.at(when, added)
