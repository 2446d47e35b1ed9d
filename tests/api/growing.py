"""How each list of the API grows: rows for every route, made as the product makes them where it can."""

from datetime import timedelta

from django.db import connection

from accounts.models import User
from accounts.services.holds import place_hold
from accounts.services.organisation import allow_network
from accounts.services.teams import create_team, rename_team
from evidence.kernel_clock import KernelClock
from evidence.models import AuditHour, Pack, SelfCheckFinding
from evidence.services.anchors import add_anchor
from evidence.services.clocks import read_clocks
from incidents.models import Alert, WebhookEndpoint
from incidents.services.transitions import resolve
from incidents.services.work import add_note, declare
from incidents.webhooks.services import create_endpoint, send_test
from ledger import clock
from ledger.actors import SYSTEM
from ledger.ids import snowflake
from ledger.link import link_entries
from ledger.models import Entry, Seal, SealKey
from monitors.gaps import GapCause, Scope
from monitors.heartbeats.address import read_address
from monitors.models import (
    ContinuityDay,
    ControlMeasurement,
    DailyAvailability,
    HeartbeatRun,
    LifeSpan,
    Location,
    PingKey,
    Result,
    StateInterval,
)
from monitors.services import create_badge, create_system
from monitors.services.gaps import explain_gap, record_gap
from monitors.services.ping_keys import create_project_key, plain_key
from monitors.services.pinging import Call as PingCall
from monitors.services.pinging import receive
from oncall.models import Attempt, Callback, Page, Schedule
from oncall.notify.services import ask_for_test
from oncall.ticks import plan
from postmortems.models import Publication
from postmortems.services.actions import create_action, today
from postmortems.services.documents import save_section, start_postmortem
from statuspage.services import publish_update
from statuspage.services.updates import Said
from tests import builders
from tests.api import cast


def grow(house, route, count):
    """Add rows to the list of a route."""
    for _ in range(count):
        GROW[route](house, User.objects.count() + 7 * len(connection.queries_log) + next(numbers), clock.now())


def counter():
    number = 0
    while True:
        yield number
        number += 1


numbers = counter()


def _result(house, n, now):
    at = now - timedelta(seconds=n + 1)
    place = Location.objects.get()
    Result.objects.create(
        day=at.date(), id=snowflake(), monitor=house.monitor, location=place, planned_at=at, recorded_at=at,
        monitor_version=1, outcome="ok",
    )  # fmt: skip


def _reading(house, n, now):
    at = now - timedelta(hours=n + 1)
    read_clocks(at, offset_ms=lambda: 0, ask=lambda: KernelClock(True, 5))


def _interval(house, n, now):
    start = now - timedelta(days=1, minutes=n)
    StateInterval.objects.create(
        monitor=house.monitor, state="up", started_at=start, ended_at=start + timedelta(seconds=1), recorded_at=now
    )


def _incident(house, n, now):
    declare(
        title=f"{n}", severity=2, service=house.service, actor=SYSTEM, person=house.people["admin"], how="API", now=now
    )
    plan(now)


def _page(house, n, now):
    page = Page.objects.first()
    page.pk = None
    page.public_id = f"ntf_{n:016d}"
    page.key = f"{n}"
    page.save(force_insert=True)


def _alert(house, n, now):
    Alert.objects.create(
        source="watchbook", identity=f"{n}", condition="down", severity=2, urgency="high", title="Down",
        incident=house.incident, monitor=house.monitor, service=house.service, opened_at=now, recorded_at=now,
        last_seen_at=now, opened_by_key="x",
    )  # fmt: skip


def _note(house, n, now):
    add_note(house.incident, f"{n}", actor=SYSTEM, person=house.people["admin"], how="API", now=now)


def _rename(house, n, now):
    house.team.refresh_from_db()
    rename_team(house.team, name=f"Team {n}", now=now, reason=f"Because {n}", expected_version=house.team.version)


def _location(house, n, now):
    Location(name=f"place {n}").save(now=now, reason="Test")


def _entry(house, n, now):
    create_team(name=f"Team {n}", now=now, reason="Test")
    link_entries()


def _monitor(house, n, now):
    service = builders.service(f"Service {n}", team=builders.team(f"Team {n}", now=now), now=now)
    builders.monitor(f"Monitor {n}", service=service, now=now)


def _member(house, n, now):
    builders.person(f"p{n}", team=builders.team(f"Team {n}", now=now), now=now)


def _rules(house, n, now):
    person = builders.person(f"p{n}", phone=f"+4477009{n:05}", now=now)
    mail, phone = person.contact_methods.order_by("kind")
    builders.contact_rules(person, (mail, n), leave_out=[phone], now=now)


def _test(house, n, now):
    person = builders.person(f"p{n}", now=now)
    ask_for_test(person, by=house.people["admin"], now=now)


def _finding(house, n, now):
    SelfCheckFinding.objects.create(name=f"test.{n}", sentence="It is broken.", opened_at=now, last_seen_at=now)


def _hour(house, n, now):
    AuditHour.objects.create(hour=now - timedelta(hours=n + 1), audited=1)


def _told(house, n, now):
    publish_update(
        house.page, house.incident, Said("identified", f"Word {n}", f"Title {n}"), actor=SYSTEM,
        person=builders.person(f"p{n}", now=now), how="API", now=now,
    )  # fmt: skip


def _callback(house, n, now):
    page = Page.objects.get(public_id=house.ids["pages"])
    attempt, _ = Attempt.objects.get_or_create(
        page=page, n=1, defaults={"provider": "twilio", "text_fingerprint": "0" * 16, "begun_at": now, "deadline": now}
    )
    Callback.objects.create(
        day=now.date(), source="push", provider="twilio", sid=f"SM{n}", status="sent", received_at=now,
        attempt_id=attempt.pk,
    )  # fmt: skip


def _webhook(house, n, now):
    create_endpoint(
        name=f"Room {n}",
        team=builders.team(f"Team {n}", now=now),
        url="https://ops.example/",
        events=["page.*"],
        now=now,
    )


def _delivery(house, n, now):
    send_test(WebhookEndpoint.objects.get(public_id=house.ids["webhooks"]), now=now)


def _over(house, n, now):
    admin = house.people["admin"]
    made = declare(title=f"{n}", severity=3, service=None, actor=SYSTEM, person=admin, how="API", now=now)
    resolve(made, actor=SYSTEM, person=admin, how="API", now=now)
    return start_postmortem(made, actor=SYSTEM, person=admin, how="API", now=now)


def _text(house, n, now):
    save_section(
        house.postmortem, "lessons", f"{n}", expected_version=None, actor=SYSTEM, person=house.people["admin"], how="API",
        now=now,
    )  # fmt: skip


def _promise(house, n, now):
    create_action(
        house.postmortem, text=f"{n}", kind="detect", owner=house.people["admin"], due_on=today(now), actor=SYSTEM, now=now
    )  # fmt: skip


def _published(house, n, now):
    first = Publication.objects.filter(postmortem=house.postmortem).order_by("-revision").first()
    entry = Entry.objects.order_by("pk").first()
    Publication.objects.create(
        postmortem=house.postmortem, revision=first.revision + 1 if first else 1, root_cause_category="change",
        runbook_changed=False, sha256="0" * 64, approved_by=house.people["admin"], published_at=now, second_person=True,
        entry=entry,
    )  # fmt: skip


def _seal(house, n, now):
    day = Seal.objects.order_by("-day").first()
    day.pk, day.day, day.public_id, day.sha256 = None, day.day + timedelta(days=1), f"sea_{n:016d}", f"{n:064d}"
    day.save(force_insert=True)


def _day(house, n, now):
    ContinuityDay.objects.create(
        day=now.date() + timedelta(days=n),
        monitors=1,
        checks_expected=1440,
        checks_executed=1440,
        checks_late=0,
        recorded_at=now,
    )


def _life(house, n, now):
    LifeSpan.objects.create(component="web", started_at=now, seen_at=now, ended_at=now)


def _measured(house, n, now):
    ControlMeasurement.objects.create(location=Location.objects.get(), taken_at=now, answered=0, results=[])


def _gap(house, n, now):
    start = now - timedelta(hours=n + 1)
    gap = record_gap(scope=Scope.ALL, cause=GapCause.CRASH, started_at=start, ended_at=now, now=now)
    explain_gap(gap, text=f"Because {n}", person=house.people["admin"], now=now)


def _seal_key(house, n, now):
    SealKey.objects.create(fingerprint=f"{n:064d}", pem="none", first_used_at=now)


def _anchor(house, n, now):
    add_anchor(name=f"Anchor {n}", address=f"a{n}@hollis.example", now=now, reason="Test")


def _schedule(house, n, now):
    builders.schedule(house.people["admin"], name=f"Schedule {n}", team=house.team, now=now)


def _swap(house, n, now):
    admin = house.people["admin"]
    made = builders.schedule(admin, name=f"Schedule {n}", team=house.team, starts="2020-01-06T09:00", now=now)
    builders.swap(made, admin, asked=house.people["manager"], now=now)


def _pack(house, n, now):
    pack = Pack.objects.order_by("-pk").first()
    pack.pk, pack.public_id = None, f"pck_{n:016d}"
    pack.save(force_insert=True)


def _ping_key(house, n, now):
    create_project_key(house.service, name=f"Jobs {n}", now=now, reason="Test")


def _ping(house, n, now):
    key = PingKey.objects.get(public_id=house.ids["ping-keys"])
    receive(read_address(plain_key(key)), PingCall("GET"), create=False, now=now + timedelta(milliseconds=n))


def _heartbeat_run(house, n, now):
    HeartbeatRun.objects.create(
        day=now.date(), id=snowflake(), monitor=house.monitor, monitor_version=1, state="on_time", decided_at=now,
        recorded_at=now,
    )  # fmt: skip


def _planned(house, n, now):
    builders.window(house.service, name=f"Window {n}", by=house.people["admin"], now=now)


def _purged(house, n, now):
    builders.purge_record(f"t{n}", now=now)


def _day_of_monitor(house, n, now):
    DailyAvailability.objects.create(
        monitor=house.monitor, day=now.date() - timedelta(days=n + 1), zone="UTC", start_at=now, end_at=now, up_ms=1,
        degraded_ms=0, down_ms=0, unknown_ms=0, paused_ms=0, policy="calc-1", recorded_at=now,
    )  # fmt: skip


def _drill(house, n, now):
    admin = house.people["admin"]
    builders.drill(builders.policy(admin, name=f"Drilled {n}", team=house.team, now=now), by=admin, now=now)


GROW = {
    "exercises/": _drill,
    "pings/": _ping,
    "ping-keys/": _ping_key,
    "monitors/<pid:public_id>/runs/": _heartbeat_run,
    "people/": _member,
    "teams/": lambda house, n, now: builders.team(f"Team {n}", now=now),
    "memberships/": _member,
    "contact-methods/": _member,
    "contact-rules/": _rules,
    "contact-tests/": _test,
    "tokens/": lambda house, n, now: cast.token_for(house.people["admin"]),
    "allowed-networks/": lambda house, n, now: allow_network(cidr=f"10.{n // 250}.{n % 250}.0/24", now=now, reason="T"),
    "services/": _monitor,
    "systems/": lambda house, n, now: create_system(name=f"System {n}", team=house.team, now=now),
    "monitors/": _monitor,
    "monitors/<pid:public_id>/results/": _result,
    "monitors/<pid:public_id>/intervals/": _interval,
    "rules/": _monitor,
    "locations/": _location,
    "continuity/": _day,
    "certificates/": lambda house, n, now: builders.certificate(house.monitor, host=f"h{n}.example", now=now),
    "dns-observations/": lambda house, n, now: builders.values_seen(house.monitor, f"192.0.2.{n % 250}", now=now),
    "health-dependencies/": lambda house, n, now: builders.dependency(house.monitor, f"d{n}", now=now),
    "health-changes/": lambda house, n, now: builders.dependency(house.monitor, f"d{n}", now=now),
    "life-spans/": _life,
    "control-measurements/": _measured,
    "monitoring-gaps/": _gap,
    "maintenance-windows/": _planned,
    "maintenance-spans/": _planned,
    "legal-holds/": lambda house, n, now: place_hold(name=f"Case {n}", by=house.people["admin"], now=now, reason="T"),
    "purge-records/": _purged,
    "adjustments/": lambda house, n, now: builders.adjustment(house.monitor, by=house.people["admin"], now=now),
    "daily-availability/": _day_of_monitor,
    "monthly-availability/": lambda house, n, now: builders.month(builders.service(f"S {n}", now=now), now=now),
    "badges/": lambda house, n, now: create_badge(house.monitor, label=f"B {n}", now=now),
    "clock-readings/": _reading,
    "slas/": lambda house, n, now: builders.sla(builders.service(f"S {n}", team=house.team, now=now), now=now),
    "signals/": lambda house, n, now: builders.signal(house.monitor, opens=bool(n % 2), at=now),
    "policies/": lambda house, n, now: builders.policy(
        house.people["admin"], name=f"Policy {n}", team=builders.team(f"Team {n}", now=now), now=now
    ),
    "schedules/": _schedule,
    "schedule-layers/": _schedule,
    "layer-members/": _schedule,
    "on-call-intervals/": _schedule,
    "on-call-corrections/": lambda house, n, now: builders.duty_correction(
        Schedule.objects.get(public_id=house.ids["schedules"]), by=house.people["admin"], now=now
    ),
    "overrides/": lambda house, n, now: builders.override(
        Schedule.objects.get(public_id=house.ids["schedules"]), by=house.people["admin"], now=now
    ),
    "absence-calendars/": lambda house, n, now: builders.absences(person=builders.person(f"p{n}", now=now), now=now),
    "swaps/": _swap,
    "notices/": _swap,
    "calendar-feeds/": lambda house, n, now: builders.calendar_feed(builders.person(f"p{n}", now=now), now=now),
    "runs/": _incident,
    "pages/": _page,
    "incidents/": _incident,
    "incidents/<number:number>/timeline/": _note,
    "alerts/": _alert,
    "routes/": lambda house, n, now: builders.route(house.policy, service=builders.service(f"S {n}", now=now), now=now),
    "self-checks/": _finding,
    "self-checks/hours/": _hour,
    "status-pages/": lambda house, n, now: builders.status_page(
        f"Page {n}", f"page-{n}", team=builders.team(f"Team {n}", now=now), now=now, intro=f"Intro {n}"
    ),
    "components/": lambda house, n, now: builders.component(
        house.page, builders.service(f"S {n}", now=now), f"Component {n}", now=now
    ),
    "status-updates/": _told,
    "pages/<pid:public_id>/callbacks/": _callback,
    "webhooks/": _webhook,
    "webhooks/<pid:public_id>/deliveries/": _delivery,
    "webhook-deliveries/": _delivery,
    "post-mortems/": _over,
    "post-mortems/<pm:number>/texts/": _text,
    "post-mortems/<pm:number>/publications/": _published,
    "action-items/": _promise,
    "ledger/": _entry,
    "seals/": _seal,
    "seal-keys/": _seal_key,
    "anchors/": _anchor,
    "packs/": _pack,
    "teams/<pid:public_id>/history/": _rename,
}
