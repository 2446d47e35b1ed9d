"""Chapter: configuration that changed in the course of the year, each time with its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from config.demo.checks import carry, watch
from config.demo.world import Demo, doing
from incidents.models import Route
from incidents.services.routes import change_route
from monitors.models import Monitor, Service, System
from monitors.services.inventory import change_service, change_system
from monitors.services.monitors import change_monitor
from oncall.models import Policy
from oncall.services import change_policy


def spread(demo: Demo) -> None:
    """A route that led to the wrong people, ladders that were too slow, thresholds that were too quick."""
    for share, hour, change in (
        (0.46, 10.0, _route_is_mended),
        (0.63, 13.5, _ladder_is_quicker),
        (0.50, 8.5, _ladder_gets_a_third_step),
        (0.19, 11.0, _owner_moves),
        (0.36, 15.5, _system_leaves_scope),
    ):
        demo.at(demo.ago(share, hour=hour), _bound(change, demo))
    slower: dict[str, object] = {"confirmation_s": 120}
    quicker: dict[str, object] = {"timeout_s": 5}
    told: tuple[tuple[float, str, dict[str, object], str], ...] = (
        (0.72, "Place order", quicker, "Ten seconds is an outage for a shop."),
        (0.58, "Parcel by number", slower, "Restarts take ninety seconds and woke people."),
        (0.41, "Carrier status feed", slower, "The feed skips a beat when the carrier deploys."),
        (0.24, "Portal home", {"keyword": "well"}, "A maintenance page answered 200 as well."),
        (0.13, "Nightly export", {"recovery_s": 300}, "It came back and fell over again within minutes."),
    )
    for share, name, values, reason in told:
        demo.at(demo.ago(share, hour=11.75), _threshold(demo, name, values, reason))


def _bound(change: Callable[[Demo, datetime], None], demo: Demo) -> Callable[[datetime], None]:
    return lambda now: change(demo, now)


def _threshold(demo: Demo, name: str, values: dict[str, object], reason: str) -> Callable[[datetime], None]:
    def change(now: datetime) -> None:
        held = demo.monitors.get(name)
        if held is None:
            return
        monitor = Monitor.objects.get(pk=held.pk)
        carry(monitor, now)
        given = {"target": {"keyword": values["keyword"]}} if "keyword" in values else values
        with doing(demo.people["Ingrid"]):
            change_monitor(monitor, given, now=now, reason=reason)
        if monitor.paused_at is None and monitor.pk not in demo.watched:
            watch(demo, monitor.pk, now.replace(microsecond=0), extra=True)

    return change


def _route_is_mended(demo: Demo, now: datetime) -> None:
    route = Route.objects.get(service=demo.services["Carrier gateway"], severity=None, retired_at__isnull=True)
    with doing(demo.people["Lena"]):
        change_route(
            route,
            policy=Policy.objects.get(pk=demo.policies["Carriers, any hour"].pk),
            runbook_url=route.runbook_url,
            now=now,
            reason="It paged Platform, who do not know the carriers.",
        )


def _ladder_is_quicker(demo: Demo, now: datetime) -> None:
    policy = Policy.objects.get(pk=demo.policies["Shop, any hour"].pk)
    steps = [{**step, "delay_s": 240} for step in policy.steps]
    with doing(demo.people["Ingrid"]):
        change_policy(
            policy,
            name=policy.name,
            team=policy.team,
            repeat=policy.repeat,
            steps=steps,
            now=now,
            reason="Five minutes were too long before Christmas.",
        )


def _ladder_gets_a_third_step(demo: Demo, now: datetime) -> None:
    policy = Policy.objects.get(pk=demo.policies["Carriers, any hour"].pk)
    steps = [*policy.steps, {"delay_s": 600, "people": [demo.people["Kofi"].public_id]}]
    with doing(demo.people["Lena"]):
        change_policy(
            policy,
            name=policy.name,
            team=policy.team,
            repeat=1,
            steps=steps,
            now=now,
            reason="Platform is asked before the ladder begins anew.",
        )


def _owner_moves(demo: Demo, now: datetime) -> None:
    service = Service.objects.get(pk=demo.services["Label printing"].pk)
    with doing(demo.people["Mara"]):
        change_service(
            service, {"owner": demo.people["Jonas"]}, now=now, reason="Printers moved to Platform with the new halls."
        )


def _system_leaves_scope(demo: Demo, now: datetime) -> None:
    system = System.objects.get(name="Office services", retired_at__isnull=True)
    with doing(demo.people["Jonas"]):
        change_system(
            system, {"scope_until": now.date()}, now=now, reason="No customer data since the move of the wiki."
        )
