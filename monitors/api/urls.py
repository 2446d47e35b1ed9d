"""Addresses of systems, services, monitors and what was observed."""

from __future__ import annotations

from django.urls import path

from accounts.api.history import history_of
from monitors.api import continuity, inventory, locations, maintenance, monitors, observed, seen
from monitors.models import Location, MaintenanceWindow, Monitor, MonitorLocation, Rule, Service, ServiceSystem, System

urlpatterns = [
    path("services/", inventory.Services.as_view()),
    path("services/<pid:public_id>/", inventory.OneService.as_view()),
    path("services/<pid:public_id>/systems/", inventory.SystemsOfService.as_view()),
    path("services/<pid:public_id>/retire/", inventory.ServiceRetirement.as_view()),
    path("services/<pid:public_id>/history/", history_of(Service)),
    path("service-systems/<pid:public_id>/history/", history_of(ServiceSystem)),
    path("systems/", inventory.Systems.as_view()),
    path("systems/<pid:public_id>/", inventory.OneSystem.as_view()),
    path("systems/<pid:public_id>/retire/", inventory.SystemRetirement.as_view()),
    path("systems/<pid:public_id>/history/", history_of(System)),
    path("monitors/", monitors.Monitors.as_view()),
    path("monitors/<pid:public_id>/", monitors.OneMonitor.as_view()),
    path("monitors/<pid:public_id>/pause/", monitors.Pause.as_view()),
    path("monitors/<pid:public_id>/resume/", monitors.Resumption.as_view()),
    path("monitors/<pid:public_id>/retire/", monitors.MonitorRetirement.as_view()),
    path("monitors/<pid:public_id>/check/", observed.CheckNow.as_view()),
    path("monitors/<pid:public_id>/results/", observed.Results.as_view()),
    path("monitors/<pid:public_id>/intervals/", observed.Intervals.as_view()),
    path("monitors/<pid:public_id>/history/", history_of(Monitor)),
    path("rules/", observed.Rules.as_view()),
    path("rules/<pid:public_id>/", observed.OneRule.as_view()),
    path("rules/<pid:public_id>/history/", history_of(Rule)),
    path("locations/", locations.Locations.as_view()),
    path("locations/<pid:public_id>/", locations.OneLocation.as_view()),
    path("locations/<pid:public_id>/retire/", locations.LocationRetirement.as_view()),
    path("locations/<pid:public_id>/history/", history_of(Location)),
    path("continuity/", continuity.ContinuityDays.as_view()),
    path("monitors/<pid:public_id>/locations/", locations.LocationsOfMonitor.as_view()),
    path("monitor-locations/<pid:public_id>/history/", history_of(MonitorLocation)),
    path("signals/", observed.Signals.as_view()),
    path("signals/<pid:public_id>/", observed.OneSignal.as_view()),
    path("maintenance-windows/", maintenance.Windows.as_view()),
    path("maintenance-windows/preview/", maintenance.Preview.as_view()),
    path("maintenance-windows/<pid:public_id>/", maintenance.OneWindow.as_view()),
    path("maintenance-windows/<pid:public_id>/approve/", maintenance.Approval.as_view()),
    path("maintenance-windows/<pid:public_id>/announce/", maintenance.Announcement.as_view()),
    path("maintenance-windows/<pid:public_id>/cancel/", maintenance.Cancellation.as_view()),
    path("maintenance-windows/<pid:public_id>/history/", history_of(MaintenanceWindow)),
    path("maintenance-spans/", maintenance.Spans.as_view()),
    path("maintenance-spans/<pid:public_id>/", maintenance.OneSpan.as_view()),
    path("maintenance-spans/<pid:public_id>/extend/", maintenance.Extension.as_view()),
    path("maintenance-spans/<pid:public_id>/end/", maintenance.EarlyEnd.as_view()),
    path("maintenance-spans/<pid:public_id>/cancel/", maintenance.LeftOut.as_view()),
    path("certificates/", seen.Certificates.as_view()),
    path("certificates/<pid:public_id>/", seen.OneCertificate.as_view()),
    path("dns-observations/", seen.DnsObservations.as_view()),
    path("dns-observations/<pid:public_id>/", seen.OneDnsObservation.as_view()),
    path("check-once/", observed.CheckOnce.as_view()),
]
