"""The only door to systems, services, monitors and what belongs to them for screens and API.

Every member reads them; managers edit those of their teams. What does not exist is 404, what may be seen but
not done is 403. Retired objects can be read, because an auditor asks about them; they cannot be edited.
"""

from collections.abc import Sequence
from typing import Any

from django.http import Http404

from accounts.access import require
from monitors.models import (
    SLA,
    Badge,
    Certificate,
    DnsObservation,
    HealthDependency,
    Location,
    MaintenanceSpan,
    MaintenanceWindow,
    Monitor,
    MonitoringGap,
    MonthlyAvailability,
    Ping,
    PingKey,
    Rule,
    Service,
    Signal,
    System,
)
from monitors.models.corrections import Adjustment


def get_monitor(user: Any, public_id: str, need: str = "read") -> Monitor:
    """A monitor with its service and team. Raises Http404, PermissionDenied."""
    return _get(Monitor.objects.select_related("service", "team", "depends_on"), user, public_id, need)


def get_service(user: Any, public_id: str, need: str = "read") -> Service:
    """A service with its team and owner. Raises Http404, PermissionDenied."""
    return _get(Service.objects.select_related("team", "owner"), user, public_id, need)


def get_sla(user: Any, public_id: str, need: str = "read") -> SLA:
    """An agreement with its service; who may edit the service may edit it. Raises Http404, PermissionDenied."""
    sla = _read(SLA.objects.select_related("service__team", "approved_by"), user, public_id)
    if need != "read":
        if sla.retired_at is not None:
            raise Http404
        require(user, need, sla.service)
    return sla


def get_system(user: Any, public_id: str, need: str = "read") -> System:
    """A system of the inventory. Raises Http404, PermissionDenied."""
    return _get(System.objects.select_related("owner"), user, public_id, need)


def get_badge(user: Any, public_id: str, need: str = "read") -> Badge:
    """A badge with what it is about. Raises Http404, PermissionDenied."""
    return _get(Badge.objects.select_related("monitor__service", "service", "team"), user, public_id, need)


def get_rule(user: Any, public_id: str, need: str = "read") -> Rule:
    """A rule with its monitor; who may edit the monitor may edit it. Raises Http404, PermissionDenied."""
    rule = _read(Rule.objects.select_related("monitor__team"), user, public_id)
    if need != "read":
        if rule.retired_at is not None:
            raise Http404
        require(user, need, rule.monitor)
    return rule


def get_location(user: Any, public_id: str, need: str = "read") -> Location:
    """A place that checks run from; it belongs to the organisation. Raises Http404, PermissionDenied."""
    return _get(Location.objects.all(), user, public_id, need)


def get_ping_key(user: Any, public_id: str) -> PingKey:
    """A key that pings, with what it is of. Raises Http404, PermissionDenied."""
    return _read(PingKey.objects.select_related("monitor", "service"), user, public_id)


def require_ping_key(user: Any, key: PingKey, need: str) -> None:
    """Rights to a key are those to its heartbeat or service. Raises PermissionDenied, Http404 for a retired one."""
    if key.retired_at is not None:
        raise Http404
    require(user, need, key.monitor or key.service)


def get_ping(user: Any, number: int) -> Ping:
    """One ping with its heartbeat and key. Raises Http404, PermissionDenied."""
    found = Ping.objects.filter(id=number).select_related("monitor", "key").first()
    if found is None or not getattr(user, "is_authenticated", False):
        raise Http404
    require(user, "read")
    return found


def get_signal(user: Any, public_id: str) -> Signal:
    """A confirmed change with its monitor and rule. Raises Http404, PermissionDenied."""
    return _read(Signal.objects.select_related("monitor", "rule"), user, public_id)


def get_window(user: Any, public_id: str, need: str = "read") -> MaintenanceWindow:
    """A maintenance window with its people; to edit it, a person must be able to edit all that it covers.

    Whoever may quiet an alarm must be somebody who may change it. Raises Http404, PermissionDenied.
    """
    found = MaintenanceWindow.objects.select_related("team", "requested_by", "approved_by")
    window: MaintenanceWindow = _get(found, user, public_id, need)
    if need != "read":
        require_covered(user, window.covered, need)
    return window


def get_span(user: Any, public_id: str, need: str = "read") -> MaintenanceSpan:
    """One time of a maintenance window, with the rights of the window. Raises Http404, PermissionDenied."""
    if not getattr(user, "is_authenticated", False):
        raise Http404
    found = MaintenanceSpan.objects.select_related("window__team", "requested_by", "approved_by")
    span = found.filter(public_id=public_id).first()
    if span is None:
        raise Http404
    require(user, need, span.window)
    if need != "read":
        require_covered(user, span.covered, need)
    return span


def get_adjustment(user: Any, public_id: str, need: str = "read") -> Adjustment:
    """A correction, with the rights of its monitor. Raises Http404, PermissionDenied."""
    if not getattr(user, "is_authenticated", False):
        raise Http404
    found = Adjustment.objects.select_related("monitor__team", "monitor__service", "requested_by", "decided_by")
    adjustment = found.filter(public_id=public_id).first()
    if adjustment is None:
        raise Http404
    require(user, need, adjustment.monitor)
    return adjustment


def get_month(user: Any, public_id: str) -> MonthlyAvailability:
    """One revision of a closed month. Raises Http404, PermissionDenied."""
    return _read(MonthlyAvailability.objects.select_related("service", "supersedes", "approved_by"), user, public_id)


def require_covered(user: Any, public_ids: Sequence[str], need: str = "edit") -> None:
    """Raise PermissionDenied unless a person may do `need` with each of these services and monitors."""
    for model in (Service, Monitor):
        for obj in model.objects.filter(public_id__in=public_ids).select_related("team"):
            require(user, need, obj)


def get_certificate(user: Any, public_id: str) -> Certificate:
    """A certificate that was seen, with the monitor that saw it last. Raises Http404, PermissionDenied."""
    return _read(Certificate.objects.select_related("monitor"), user, public_id)


def get_dns_observation(user: Any, public_id: str) -> DnsObservation:
    """Values of a name with the monitor that saw them. Raises Http404, PermissionDenied."""
    return _read(DnsObservation.objects.select_related("monitor"), user, public_id)


def get_health_dependency(user: Any, public_id: str) -> HealthDependency:
    """A dependency of a health check with its document. Raises Http404, PermissionDenied."""
    found: HealthDependency = _read(HealthDependency.objects.with_document(), user, public_id)
    return found


def get_gap(user: Any, public_id: str, need: str = "read") -> MonitoringGap:
    """A gap in monitoring. Raises Http404, PermissionDenied."""
    gap: MonitoringGap = _read(MonitoringGap.objects.select_related("location"), user, public_id)
    require(user, need)
    return gap


def _read(found: Any, user: Any, public_id: str) -> Any:
    """What nobody edits by itself: it has no team to ask for."""
    obj = found.filter(public_id=public_id).first() if getattr(user, "is_authenticated", False) else None
    if obj is None:
        raise Http404
    require(user, "read")
    return obj


def _get(found: Any, user: Any, public_id: str, need: str) -> Any:
    if not getattr(user, "is_authenticated", False):
        raise Http404
    if need != "read":
        found = found.filter(retired_at__isnull=True)
    obj = found.filter(public_id=public_id).first()
    if obj is None:
        raise Http404
    require(user, need, obj)
    return obj
