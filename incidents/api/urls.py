"""Addresses of incidents, alerts and routes."""

from __future__ import annotations

from django.urls import path

from accounts.api.history import history_of
from incidents.api import alerts, incidents, routes, timeline
from incidents.models import Route

urlpatterns = [
    path("incidents/", incidents.Incidents.as_view()),
    path("incidents/<number:number>/", incidents.OneIncident.as_view()),
    path("incidents/<number:number>/acknowledge/", incidents.Acknowledgement.as_view()),
    path("incidents/<number:number>/resolve/", incidents.Resolution.as_view()),
    path("incidents/<number:number>/escalate/", incidents.Escalation.as_view()),
    path("incidents/<number:number>/responders/", incidents.Responders.as_view()),
    path("incidents/<number:number>/notes/", incidents.Notes.as_view()),
    path("incidents/<number:number>/timeline/", timeline.Timeline.as_view()),
    path("alerts/", alerts.Alerts.as_view()),
    path("alerts/<pid:public_id>/", alerts.OneAlert.as_view()),
    path("routes/", routes.Routes.as_view()),
    path("routes/<pid:public_id>/", routes.OneRoute.as_view()),
    path("routes/<pid:public_id>/retire/", routes.RouteRetirement.as_view()),
    path("routes/<pid:public_id>/history/", history_of(Route)),
]
