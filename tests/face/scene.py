"""One night as the look tells it: Checkout is down, Ana does not answer, Ben has it. Made through the real services.

Signals, incidents, runs and pages go the way they go in life; only what probes and providers would bring
(intervals, results, receipts) is written by hand.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import transaction

from accounts.models import ContactMethod, Membership, Organisation, Team, User
from incidents import intake
from incidents.models import Incident
from incidents.services.routes import create_route
from incidents.services.transitions import acknowledge, recover
from incidents.services.work import add_note, declare
from ledger.actors import Actor
from ledger.ids import snowflake
from monitors.models import MonitorState, Result, Rule, Service, Signal, StateInterval
from monitors.services.monitors import create_monitor
from oncall.escalation.apply import plan_batch
from oncall.models import CatchAll, Page, Policy
from oncall.notify import transitions as receipts
from oncall.services import create_policy

NOW = datetime(2026, 3, 17, 2, 14, 20, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PASSWORD = "a long night at the desk"


@dataclass
class Scene:
    """What the night is made of."""

    now: datetime
    team: Team
    people: dict[str, User] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    monitors: dict = field(default_factory=dict)
    incident: Incident | None = None
    policy: Policy | None = None


def actor(user):
    """The person at the screen."""
    return Actor("user", user.public_id, str(user), "screen")


def person(scene, name, role, phone=""):
    """A person with a confirmed address, and a confirmed phone if one is given."""
    born = scene.now - 300 * DAY
    user = User(email=f"{name.split()[0].lower()}@larkspur.example", name=name, role=role, timezone="Europe/Berlin")
    user.set_password(PASSWORD)
    user.save(now=born, reason="Test")
    Membership(team=scene.team, user=user).save(now=born, reason="Test")
    for kind, address in (("email", user.email), ("phone", phone)):
        if address:
            contact = ContactMethod(user=user, kind=kind, address=address)
            contact.verified_at = born
            contact.save(now=born, reason="Test")
    scene.people[name.split()[0].lower()] = user
    return user


def begin(now=NOW):
    """An organisation with a team and its people, and nothing watched yet."""
    born = now - 300 * DAY
    Organisation(name="Larkspur Logistics", timezone="Europe/Berlin").save(now=born, reason="Test")
    team = Team(name="Platform")
    team.save(now=born, reason="Test")
    scene = Scene(now, team)
    person(scene, "Mara Lindqvist", "admin", "+4915112345647")
    person(scene, "Ana Duarte", "responder", "+4915112345612")
    person(scene, "Ben Okafor", "responder", "+447700900180")
    person(scene, "Vera Oduya", "viewer")
    return scene


def page_them(scene):
    """A policy of two steps, a catch-all, and a route from everything to the policy."""
    born = scene.now - 200 * DAY
    who = scene.people
    steps = [
        {"delay_s": 300, "people": [who["ana"].public_id]},
        {"delay_s": 300, "people": [who["ben"].public_id]},
    ]
    policy = create_policy(name="Checkout critical", team=scene.team, repeat=1, steps=steps, now=born, reason="Test")
    catch_all = CatchAll.current()
    catch_all.people = [who["mara"].public_id]
    catch_all.save(now=born, reason="Test")
    create_route(
        service=None,
        severity=None,
        policy=policy,
        runbook_url="https://wiki.larkspur.example/checkout-5xx",
        now=born,
        reason="Test",
    )
    return policy


def watch(scene, service, name, spans, state="up", detail="", millis=160):
    """A monitor of a service with its intervals from (start, end, state), the last one open, and fifteen minutes of checks."""
    born = spans[0][0]
    if service not in scene.services:
        made = Service(name=service, team=scene.team)
        made.save(now=born, reason="Test")
        scene.services[service] = made
    target = {"url": f"https://{service.split()[0].lower()[:20]}.larkspur.example/health"}
    monitor = create_monitor(
        service=scene.services[service],
        name=name,
        target=target,
        now=born,
        reason="Test",
        interval_s=20,
        confirmation_s=40,
        severity=1,
    )
    scene.monitors[name] = monitor
    standing = MonitorState.objects.get(monitor=monitor)
    first = standing.interval
    for start, end, one in spans:
        covered = scene.now + MINUTE if end is None else end
        values = {"state": one, "ended_at": end, "covered_until": covered, "detail": detail if one == "down" else ""}
        if first:
            StateInterval.objects.filter(pk=first.pk).update(**values)
            interval, first = StateInterval.objects.get(pk=first.pk), None
        else:
            interval = StateInterval.objects.create(monitor=monitor, started_at=start, recorded_at=start, **values)
    MonitorState.objects.filter(pk=monitor.pk).update(
        interval=interval,
        state=state,
        since=spans[-1][0],
        covered_until=scene.now + MINUTE,
        last_at=scene.now - 12 * MINUTE / 60,
        seen_at=scene.now - 12 * MINUTE / 60,
        seen_outcome="failed" if state == "down" else "ok",
        seen_detail=detail,
        seen_status=502 if state == "down" else 200,
        seen_total_us=millis * 1000,
    )
    checks(scene, monitor, spans, millis)
    return monitor


def checks(scene, monitor, spans, millis):
    """A check every 20 s of the last half hour, as the intervals say."""
    location = monitor.slots.get().location
    rows = []
    for back in range(90):
        at = scene.now - timedelta(seconds=20 * (90 - back))
        state = next((one for start, end, one in spans if start <= at and (end is None or at < end)), "unknown")
        if state in ("up", "down"):
            rows.append(
                Result(
                    day=at.date(),
                    id=snowflake(),
                    monitor=monitor,
                    location=location,
                    planned_at=at,
                    recorded_at=at,
                    monitor_version=1,
                    outcome="ok" if state == "up" else "failed",
                    code="" if state == "up" else "status",
                    detail="" if state == "up" else "502 Bad Gateway",
                    status=200 if state == "up" else 502,
                    total_us=(millis + back % 7) * 1000,
                )
            )
    Result.objects.bulk_create(rows)


def signal(scene, monitor, *, opens, at, recorded, reason):
    """What the judge would have said."""
    rule = Rule.objects.get(monitor=monitor)
    return Signal.objects.create(
        monitor=monitor,
        rule=rule,
        condition="down",
        opens=opens,
        effective_at=at,
        recorded_at=recorded,
        severity=rule.severity,
        urgency="high",
        rule_version=rule.version,
        reason=reason,
    )


def receipt(page, **times):
    """What a provider would have told about a page: accepted, delivered, in that order."""
    for truth, at in times.items():
        with transaction.atomic():
            receipts.learnt(Page.objects.get(pk=page.pk), truth, now=at)


def the_fault(scene):
    """Checkout fails at 01:55; Ana's pages go out and are not answered; five minutes later Ben's."""
    began = scene.now - timedelta(minutes=19, seconds=20)
    monitor = scene.monitors["Place order"]
    signal(
        scene,
        monitor,
        opens=True,
        at=began,
        recorded=began + 40 * MINUTE / 60,
        reason="502 Bad Gateway in 3 checks in a row",
    )
    intake.run(began + 41 * MINUTE / 60)
    second = timedelta(seconds=1)
    plan_batch(now=began + 42 * second)
    for page in Page.objects.filter(state="planned"):
        receipt(page, accepted=began + 43 * second)
        if page.kind == "sms":
            receipt(page, delivered=began + 46 * second)
    plan_batch(now=began + 342 * second)
    for page in Page.objects.filter(state="planned"):
        receipt(page, accepted=began + 343 * second)
        if page.kind == "sms":
            receipt(page, delivered=began + 347 * second)
    scene.incident = Incident.objects.open().get()
    return scene.incident


def ben_has_it(scene):
    """Ben acknowledges after seven minutes and writes down what he knows."""
    ben = scene.people["ben"]
    at = scene.now - 12 * MINUTE
    acknowledge(scene.incident, actor=actor(ben), person=ben, how="link in SMS to +44 … 80", now=at)
    add_note(
        scene.incident,
        "Deploy checkout 2026.03.17-1 changed the connection pool from 40 to 4.",
        actor=actor(ben),
        person=ben,
        how="screen",
        now=scene.now - 7 * MINUTE,
        occurred_at=scene.now - 22 * MINUTE,
    )
    scene.incident.refresh_from_db()


def earlier(scene, count=6):
    """Incidents of the weeks before, recovered by themselves."""
    for i in range(count):
        at = scene.now - (6 + 9 * i) * DAY
        who = scene.people["ben"]
        made = declare(
            title=f"Label printer {i + 1} does not answer",
            severity=3,
            service=scene.services.get("Carrier gateway"),
            urgency="low",
            actor=actor(who),
            person=who,
            how="screen",
            now=at,
        )
        recover(made, occurred_at=at + 20 * MINUTE, now=at + 21 * MINUTE, reason="recovered")


def night(now=NOW, *, answered=True):
    """The whole of it; with answered=False nobody has it yet."""
    scene = begin(now)
    scene.policy = page_them(scene)
    born = now - 20 * HOUR
    gap = (now - 6 * HOUR, now - 5.6 * HOUR)
    began = now - timedelta(minutes=19, seconds=20)
    well = [(born, gap[0], "up"), (*gap, "unknown"), (gap[1], None, "up")]
    watch(
        scene,
        "Checkout",
        "Place order",
        [*well[:2], (gap[1], began, "up"), (began, None, "down")],
        "down",
        "502 Bad Gateway",
    )
    watch(scene, "Checkout", "Basket", well)
    watch(scene, "Tracking API", "Parcel by number", well, millis=420)
    watch(scene, "Carrier gateway", "Label request", well, millis=610)
    watch(
        scene,
        "Customer portal",
        "Portal home",
        [*well[:2], (gap[1], now - HOUR, "up"), (now - HOUR, None, "paused")],
        "paused",
    )
    earlier(scene)
    the_fault(scene)
    if answered:
        ben_has_it(scene)
    return scene


__all__ = ["HOUR", "MINUTE", "NOW", "PASSWORD", "Scene", "begin", "night"]
