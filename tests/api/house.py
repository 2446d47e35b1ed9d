"""One of everything that the API speaks of, and every call that it knows."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import URLResolver, get_resolver

from accounts.models import Membership
from accounts.services.holds import place_hold
from accounts.services.organisation import allow_network
from evidence.models import AuditHour, Pack, SelfCheckFinding
from evidence.services.anchors import add_anchor
from evidence.services.deadman import change_dead_man
from evidence.services.seals import seal_due_days
from incidents.models import Alert, Incident
from incidents.services.rows import next_serial
from incidents.services.story import tell
from incidents.services.work import declare
from incidents.webhooks.services import create_endpoint, send_test
from ledger import clock
from ledger.actors import SYSTEM
from ledger.link import link_entries
from ledger.models import Seal
from monitors.gaps import GapCause, Scope
from monitors.heartbeats.address import read_address
from monitors.models import Location, MonitorLocation, Ping, PingKey, Rule, ServiceSystem
from monitors.services import create_badge, create_system, set_systems
from monitors.services.gaps import record_gap
from monitors.services.ping_keys import plain_key
from monitors.services.pinging import Call as PingCall
from monitors.services.pinging import receive
from oncall.models import Notice, Page, Run
from oncall.notify.services import ask_for_test
from oncall.ticks import plan
from postmortems.services.actions import create_action, today
from postmortems.services.documents import start_postmortem
from statuspage.services import publish_update
from statuspage.services.updates import Said
from tests import builders
from tests.api import cast


@dataclass(frozen=True)
class Call:
    """One method of one address."""

    route: str
    method: str
    operation: Any

    @property
    def noun(self) -> str:
        return self.route.split("/")[0]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.route}"


@dataclass
class House:
    """The objects by noun, as addresses name them."""

    people: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    team: Any = None
    service: Any = None
    system: Any = None
    monitor: Any = None
    policy: Any = None
    incident: Any = None
    page: Any = None
    update: Any = None
    postmortem: Any = None

    def url(self, route: str) -> str:
        """The address of a route with the ids of this house in it."""
        noun = route.split("/")[0]
        for name in ("<pid:public_id>", "<number:number>", "<pm:number>", "<act:number>", "<seq:seq>"):
            route = route.replace(name, self.ids.get(noun, ""))
        route = route.replace("<slug:section>", "impact")
        return f"/api/v1/{route}"


def calls() -> list[Call]:
    """Every call of the API, read from its addresses."""
    return list(_walk(get_resolver("config.api.urls").url_patterns))


def _walk(patterns: Any, prefix: str = "") -> Any:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, prefix + str(pattern.pattern))
            continue
        view = getattr(pattern.callback, "cls", None)
        for method in ("get", "post", "put", "patch", "delete"):
            told = getattr(getattr(view, method, None), "operation", None)
            if told is not None:
                yield Call(prefix + str(pattern.pattern), method, told)


@transaction.atomic
def _over(house: House, now: Any) -> Incident:
    """An incident that is over and woke nobody."""
    year, serial, number = next_serial(now)
    over = Incident.objects.create(
        number=number, year=year, serial=serial, title="Refunds failed", severity=2, severity_initial=2, urgency="low",
        service=house.service, state="resolved", opened_at=now, recorded_at=now, resolved_at=now,
    )  # fmt: skip
    tell(over, "declared", actor=SYSTEM, person=house.people["admin"], now=now, data={"severity": 2})
    return over


def build() -> House:
    """A small organisation with an open incident that has paged somebody."""
    now = clock.now()
    house = House()
    house.ids["organisation"] = builders.organisation(now=now).public_id
    house.team = builders.team("Payments", now=now)
    for role in ("viewer", "auditor", "responder", "manager"):
        house.people[role] = cast.person(role, team=house.team)
    house.people["admin"] = cast.person("admin", phone="+447700900080")
    admin = house.people["admin"]
    house.service = builders.service(team=house.team, now=now)
    house.system = create_system(name="Database", team=house.team, now=now, reason="Test")
    set_systems(house.service, [house.system], now=now, reason="Test")
    house.monitor = builders.monitor(service=house.service, now=now)
    sla = builders.sla(house.service, now=now)
    house.policy = builders.policy(admin, team=house.team, now=now)
    catch_all = builders.catch_all(admin, now=now)
    schedule = builders.schedule(admin, team=house.team, now=now)
    override = builders.override(schedule, by=admin, now=now)
    correction = builders.duty_correction(schedule, by=admin, now=now)
    route = builders.route(house.policy, now=now)
    network = allow_network(cidr="10.20.0.0/24", now=now, reason="Test")
    token, _ = cast.token_for(admin)
    house.incident = declare(
        title="Payments fail", severity=2, service=house.service, actor=SYSTEM, person=admin, how="API", now=now
    )
    plan(now)
    house.postmortem = start_postmortem(_over(house, now), actor=SYSTEM, person=admin, how="API", now=now)
    action = create_action(
        house.postmortem, text="Alert sooner", kind="detect", owner=admin, due_on=today(now), actor=SYSTEM, now=now
    )
    alert = Alert.objects.create(
        source="watchbook", identity="x", condition="down", severity=2, urgency="high", title="Down",
        incident=house.incident, monitor=house.monitor, service=house.service, opened_at=now, recorded_at=now,
        last_seen_at=now, opened_by_key="x",
    )  # fmt: skip
    AuditHour.objects.create(hour=now.replace(minute=0, second=0, microsecond=0), audited=3)
    finding = SelfCheckFinding.objects.create(
        name="config.disk_has_room", sentence="The disk fills up.", opened_at=now, last_seen_at=now
    )
    dead_man = change_dead_man(url="https://hc.example.com/ping/x", now=now, reason="Test")
    house.page = builders.status_page(team=house.team, now=now)
    component = builders.component(house.page, house.service, now=now)
    house.update = publish_update(
        house.page, house.incident, Said("investigating", "We look into it.", "Payments fail"), actor=SYSTEM, person=admin,
        how="API", now=now,
    )  # fmt: skip
    webhook = create_endpoint(
        name="Ops room", team=house.team, url="https://ops.example/hooks/1", events=["incident.*"], now=now
    )
    anchor = add_anchor(name="Dana Reyes", address="dana@hollis.example", now=now, reason="Test")
    pack = Pack.objects.create(
        kind="incident", subject=house.incident.number, folder="evidence", as_of=now, made_at=now, made_by_kind="command",
        files=1, rows=1, sums_sha256="0" * 64, key_fingerprint="0" * 64,
    )  # fmt: skip
    window = builders.window(house.service, team=house.team, by=house.people["manager"], now=now)
    job = builders.heartbeat(service=house.service, now=now)
    ping_key = PingKey.objects.get(monitor=job)
    receive(read_address(plain_key(ping_key)), PingCall("POST", body=b"done"), create=False, now=now)
    gap = record_gap(
        scope=Scope.ALL, cause=GapCause.CRASH, started_at=now, ended_at=now + timedelta(minutes=1), now=now
    )
    link_entries()
    seal_due_days(now + timedelta(days=1, hours=1))
    house.ids |= {
        "webhooks": webhook.public_id,
        "webhook-deliveries": send_test(webhook, now=now).public_id,
        "people": house.people["viewer"].public_id,
        "teams": house.team.public_id,
        "memberships": Membership.objects.first().public_id,
        "contact-methods": admin.contact_methods.first().public_id,
        "contact-tests": ask_for_test(admin, by=admin, now=now)[0].public_id,
        "canary": builders.canary(admin, now=now).public_id,
        "removal-effects": house.policy.public_id,
        "exercises": builders.drill(house.policy, by=admin, now=now).public_id,
        "contact-rules": builders.contact_rules(
            admin, (admin.contact_methods.first(), 0), urgency="low", now=now
        ).public_id,
        "tokens": token.public_id,
        "allowed-networks": network.public_id,
        "monitoring-gaps": gap.public_id,
        "services": house.service.public_id,
        "slas": sla.public_id,
        "systems": house.system.public_id,
        "service-systems": ServiceSystem.objects.get().public_id,
        "monitors": house.monitor.public_id,
        "certificates": builders.certificate(house.monitor, now=now).public_id,
        "dns-observations": builders.values_seen(house.monitor, "192.0.2.1", now=now).public_id,
        "health-dependencies": builders.dependency(house.monitor, now=now).public_id,
        "ping-keys": ping_key.public_id,
        "pings": str(Ping.objects.get().id),
        "rules": Rule.objects.get(monitor=house.monitor).public_id,
        "locations": Location.objects.get().public_id,
        "monitor-locations": MonitorLocation.objects.get().public_id,
        "policies": house.policy.public_id,
        "catch-all": catch_all.public_id,
        "schedules": schedule.public_id,
        "schedule-layers": schedule.layers.get().public_id,
        "layer-members": schedule.layers.get().lists.get().public_id,
        "overrides": override.public_id,
        "on-call-corrections": correction.public_id,
        "on-call-intervals": schedule.intervals.first().public_id,
        "absence-calendars": builders.absences(person=admin, now=now).public_id,
        "swaps": builders.swap(schedule, admin, asked=house.people["manager"], now=now).public_id,
        "notices": Notice.objects.get().public_id,
        "calendar-feeds": builders.calendar_feed(admin, now=now).public_id,
        "runs": Run.objects.get(subject_kind="incident").public_id,
        "pages": Page.objects.first().public_id,
        "incidents": house.incident.number,
        "alerts": alert.public_id,
        "routes": route.public_id,
        "self-checks": finding.public_id,
        "dead-man": dead_man.public_id,
        "status-pages": house.page.public_id,
        "components": component.public_id,
        "status-updates": house.update.public_id,
        "maintenance-windows": window.public_id,
        "maintenance-spans": window.spans.first().public_id,
        "adjustments": builders.adjustment(house.monitor, now=now).public_id,
        "monthly-availability": builders.month(house.service, now=now).public_id,
        "legal-holds": place_hold(name="Case 12", by=admin, now=now, reason="Test").public_id,
        "purge-records": builders.purge_record("x", now=now).public_id,
        "badges": create_badge(house.monitor, now=now).public_id,
        "signals": builders.signal(house.monitor, at=now).public_id,
        "post-mortems": house.postmortem.number,
        "action-items": action.number,
        "ledger": "1",
        "seals": Seal.objects.first().public_id,
        "anchors": anchor.public_id,
        "packs": pack.public_id,
    }
    return house
