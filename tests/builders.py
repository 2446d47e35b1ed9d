"""Plain builders: one function makes one object in a state that tests can start from. One section an app.

Each takes `now`, goes through the service that makes the thing in life where there is one, and has
defaults for all that the test does not speak of.
"""

from datetime import UTC, date, datetime, timedelta

from accounts.models import ContactMethod, Membership, Organisation, Team, User
from accounts.services.contact_rules import write_rules
from incidents.services.routes import create_route
from ledger.models import PurgeRecord
from ledger.texts import keep
from monitors.models import (
    Adjustment,
    Certificate,
    DnsObservation,
    HealthChange,
    HealthDependency,
    HealthReport,
    Location,
    MonthlyAvailability,
    Rule,
    Service,
    Signal,
    StateInterval,
)
from monitors.services.agreements import create_sla
from monitors.services.monitors import create_monitor
from monitors.services.windows import approve_window, plan_window
from oncall.calendar_text import Entry, calendar_text
from oncall.models import CatchAll, Schedule
from oncall.services import create_policy
from oncall.services.absences import take_absences
from oncall.services.calendars import make_feed
from oncall.services.corrections import request_correction
from oncall.services.exercises import change_canary, start_drill
from oncall.services.overrides import make_override
from oncall.services.schedules import add_layer, create_schedule
from oncall.services.swaps import request_swap
from statuspage.services import create_component, create_page

NIGHT = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
REASON = "Test"

# --- accounts -----------------------------------------------------------------------------------


def organisation(*, zone="UTC", now=NIGHT):
    """The organisation."""
    made = Organisation(name="Larkspur Logistics", timezone=zone)
    made.save(now=now, reason=REASON)
    return made


def team(name="Platform", *, now=NIGHT):
    """A team."""
    made = Team(name=name)
    made.save(now=now, reason=REASON)
    return made


def member(team, user, *, now=NIGHT):
    """A person becomes a member of a team."""
    made = Membership(team=team, user=user)
    made.save(now=now, reason=REASON)
    return made


def person(name, role="responder", *, team=None, phone="", mail=True, password="", now=NIGHT):
    """A person who can be paged by e-mail, and by SMS at `phone` if one is given; both are confirmed."""
    first = name.split()[0].lower()
    made = User(email=f"{first}@larkspur.example", name=name, role=role)
    made.set_password(password or None)
    made.save(now=now, reason=REASON)
    if team:
        member(team, made, now=now)
    if mail:
        contact(made, "email", made.email, now=now)
    if phone:
        contact(made, "phone", phone, now=now)
    return made


def contact(user, kind, address, *, verified=True, now=NIGHT):
    """A contact method of a person, confirmed unless said otherwise."""
    made = ContactMethod(user=user, kind=kind, address=address, verified_at=now if verified else None)
    made.save(now=now, reason=REASON)
    return made


def contact_rules(person, *rules, urgency="high", leave_out=(), now=NIGHT):
    """A person's rules: pairs of a contact and seconds. leave_out: contacts, or "" for the person, that are opted out."""
    return write_rules(
        person, urgency, now=now, reason=REASON,
        rules=[{"contact": one.public_id, "delay_s": delay_s} for one, delay_s in rules],
        opt_outs=[{"contact": one and one.public_id, "reason": "It wakes the baby"} for one in leave_out],
    )  # fmt: skip


# --- monitors -----------------------------------------------------------------------------------


def service(name="Checkout", *, team=None, now=NIGHT):
    """A service."""
    made = Service(name=name, team=team)
    made.save(now=now, reason=REASON)
    return made


def monitor(name="Checkout API", *, service, url="https://checkout.example/health", now=NIGHT, **numbers):
    """An HTTP monitor with its rule "down", severity 2 and high urgency unless said otherwise."""
    return create_monitor(service=service, name=name, target={"url": url}, now=now, reason=REASON, **numbers)


def heartbeat(name="Nightly backup", *, service, now=NIGHT, **target):
    """A heartbeat that expects a ping each day, unless the target says otherwise."""
    return create_monitor(service=service, name=name, kind="heartbeat", target=target, now=now, reason=REASON)


def sla(service, *, target_ppm=999_000, name="Standard plan", since=date(2026, 1, 1), now=NIGHT, **terms):
    """An agreement about a service, by calendar months of UTC unless said otherwise; nobody has approved it."""
    return create_sla(
        service=service, name=name, target_ppm=target_ppm, effective_from=since, now=now, reason=REASON, **terms
    )


def signal(monitor, *, opens=True, at=NIGHT, recorded_at=None, condition="down", severity=0, urgency=""):
    """What the judge says when a condition of a monitor begins or ends; it waits for the intake."""
    rule = Rule.objects.get(monitor=monitor, condition="down")
    interval = StateInterval.objects.get(monitor=monitor, ended_at__isnull=True)
    StateInterval.objects.filter(pk=interval.pk).update(state="down" if opens else "up")
    made = Signal(
        monitor=monitor,
        rule=rule,
        condition=condition,
        opens=opens,
        effective_at=at,
        recorded_at=recorded_at or at,
        severity=severity or rule.severity,
        urgency=urgency or rule.urgency,
        rule_version=rule.version,
        reason="Failing for 60 s: 502 Bad Gateway" if opens else "Good again for 60 s.",
        interval=interval,
    )
    made.save()
    return made


def window(
    *covered,
    name="Database upgrade",
    team=None,
    by=None,
    approved_by=None,
    starts_in=timedelta(hours=1),
    length=timedelta(hours=1),
    rrule="",
    now=NIGHT,
):
    """A maintenance window over services and monitors, in UTC; it mutes nothing unless somebody approved it."""
    made = plan_window(
        name=name, team=team, covered=[one.public_id for one in covered], zone="UTC",
        starts=f"{now + starts_in:%Y-%m-%dT%H:%M}", length_s=int(length.total_seconds()), rrule=rrule, by=by, now=now, reason=REASON,
    )  # fmt: skip
    return approve_window(made, by=approved_by, now=now, reason=REASON) if approved_by else made


def adjustment(monitor, *, by=None, now=NIGHT):
    """Somebody asked that the hour before counts as up."""
    made = Adjustment(
        monitor=monitor, start_at=now - timedelta(hours=1), end_at=now, from_state="down", to_state="up", intervals=[],
        reason_sha256=keep("The assertion was wrong", now=now), evidence_sha256=keep("TICKET-7", now=now), requested_by=by,
        requested_at=now,
    )  # fmt: skip
    made.save()
    return made


def month(service, *, now=NIGHT):
    """A closed month of a service, all of it up."""
    start, span = datetime(2026, 2, 1, tzinfo=UTC), 28 * 86_400_000
    return MonthlyAvailability.objects.create(
        service=service, month="2026-02", zone="UTC", start_at=start, end_at=start + timedelta(days=28), partial=False,
        life_from=start, life_to=start + timedelta(days=28), total_ms=span, up_ms=span, degraded_ms=0, down_ms=0, unknown_ms=0,
        paused_ms=0, excluded_ms=0, down_excluded_ms=0, maintenance_ms=0, adjusted_ms=0, outages=0, longest_outage_ms=0,
        degraded_is_down=False, policy="calc-1", recorded_at=now,
    )  # fmt: skip


# --- on-call ------------------------------------------------------------------------------------


def policy(*steps, name="Checkout critical", team, repeat=0, delay_s=300, now=NIGHT):
    """A policy: each step is a person or a list of people, `delay_s` apart."""
    rungs = [
        {"delay_s": delay_s, "people": [one.public_id for one in (step if isinstance(step, list) else [step])]}
        for step in steps
    ]
    return create_policy(name=name, team=team, repeat=repeat, steps=rungs, now=now, reason=REASON)


def schedule(*people, name="Shop", team, zone="Europe/Berlin", starts="2026-03-16T09:00", now=NIGHT, **layer):
    """A schedule with one layer: people take weeks from a Monday at 09:00 in Berlin, unless said otherwise."""
    made = create_schedule(name=name, team=team, zone=zone, now=now, reason=REASON)
    given = {"name": "Weekly", "zone": zone, "unit": "weeks", "lengths": [1], "starts": starts, **layer}
    add_layer(made, people=[one.public_id for one in people], now=now, reason=REASON, **given)
    made.refresh_from_db()
    return made


def override(schedule, *, kind="replace", who=None, whom=None, by, starts_in=timedelta(days=1), now=NIGHT):
    """An override of a schedule for a day, a day from now: `by` takes the shift, unless somebody else does."""
    return make_override(
        schedule, kind=kind, start_at=now + starts_in, end_at=now + starts_in + timedelta(days=1),
        who=by if who is None and kind != "remove" else who, whom=whom, by=by, now=now, reason=REASON,
    )  # fmt: skip


def duty_correction(schedule, *people, by, now=NIGHT):
    """Somebody asks a minute later that these people, or nobody, were on call in the minute after the last change."""
    start = Schedule.objects.get(pk=schedule.pk).recorded_until
    end = start + timedelta(minutes=1)
    return request_correction(
        schedule,
        start_at=start,
        end_at=end,
        people=[one.public_id for one in people],
        by=by,
        reason=REASON,
        now=max(now, end),
    )


def calendar_feed(person, *, schedule=None, now=NIGHT):
    """A calendar address of a person's shifts, or of a schedule; its secret is forgotten."""
    return make_feed(person, schedule=schedule, now=now, reason=REASON)[0]


def absences(*, person=None, schedule=None, by=None, starts_in=timedelta(hours=1), name="Leave", now=NIGHT):
    """A calendar with one day off, from an hour from now."""
    start = now + starts_in
    written = calendar_text(name, "UTC", [Entry("a@example", start, start + timedelta(days=1), "Day off", "", now)])
    made, _ = take_absences(name=name, data=written, person=person, schedule=schedule, by=by or person, now=now)
    return made


def swap(schedule, giver, *, asked=None, starts_in=timedelta(hours=1), now=NIGHT):
    """Somebody asks that an hour of their shift is taken, an hour from now."""
    start = now + starts_in
    return request_swap(
        schedule, giver=giver, start_at=start, end_at=start + timedelta(hours=1), asked=asked, by=giver, now=now
    )


def catch_all(*people, now=NIGHT):
    """Who is called when nobody else can be."""
    made = CatchAll.current()
    made.people = [one.public_id for one in people]
    made.save(now=now, reason=REASON)
    return made


def canary(person, *, now=NIGHT):
    """A canary that goes to a person at ten each day."""
    return change_canary(target=person.public_id, now=now, reason=REASON)


def drill(policy, *, by, now=NIGHT):
    """A drill of a policy that has begun; nobody was paged yet."""
    return start_drill(policy, by=by, now=now)


# --- incidents ----------------------------------------------------------------------------------


def route(policy, *, service=None, severity=None, runbook_url="", now=NIGHT):
    """A route; without service and severity the default one."""
    return create_route(
        service=service, severity=severity, policy=policy, runbook_url=runbook_url, now=now, reason=REASON
    )


# --- status pages -------------------------------------------------------------------------------


def status_page(name="Larkspur status", slug="larkspur", *, team=None, published=True, now=NIGHT, **fields):
    """A status page, published unless said otherwise."""
    return create_page(name=name, slug=slug, team=team, is_published=published, now=now, reason=REASON, **fields)


def component(page, service, name="Placing orders", *, now=NIGHT, **fields):
    """A service as the page names it."""
    return create_component(page, service=service, name=name, now=now, reason=REASON, **fields)


def certificate(monitor, *, now=NIGHT, host="shop.example", ends=None, **fields):
    """A certificate that a check saw once, good for ninety days more unless said otherwise."""
    ends = ends or now + timedelta(days=90)
    given = {
        "port": 443, "position": 0, "subject": host, "issuer": "Test CA", "serial": "1f", "sha256": f"{host} {ends}"[:64],
        "key_type": "EC secp256r1", "sans": [host], "not_before": ends - timedelta(days=90), "chain_ok": True,
        "hostname_ok": True, "first_seen_at": now, "last_seen_at": now,
    }  # fmt: skip
    return Certificate.objects.create(monitor=monitor, host=host, not_after=ends, **{**given, **fields})


def values_seen(monitor, *values, now=NIGHT, name="shop.example", **fields):
    """A set of values that a check was answered once."""
    given = {"record": "A", "resolver": "9.9.9.9:53", "expected": True, "first_seen_at": now, "last_seen_at": now}
    return DnsObservation.objects.create(
        monitor=monitor, monitor_version=monitor.version, name=name, values=list(values), **{**given, **fields}
    )


def dependency(monitor, name="db", *, now=NIGHT, state="up", said="ok", **fields):
    """A dependency that a health document spoke of once, and the change that says so."""
    place = Location.objects.first()
    HealthReport.objects.update_or_create(monitor=monitor, location=place, defaults={"seen_at": now, "fingerprint": ""})
    row = HealthDependency.objects.create(
        monitor=monitor, location=place, name=name, state=state, said=said, since=now, first_seen_at=now, last_seen_at=now,
        **fields,
    )  # fmt: skip
    HealthChange.objects.create(
        dependency=row, monitor_version=monitor.version, at=now, recorded_at=now, state=state, said=said
    )
    return row


def purge_record(table, *, now):
    """That one row of a table was purged by rule."""
    return PurgeRecord.objects.create(
        table_name=table, rule="packs", bound_at=now, rows=1, first_at=now, last_at=now, digest="0" * 64,
        recorded_at=now,
    )  # fmt: skip
