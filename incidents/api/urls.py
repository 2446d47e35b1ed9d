"""Addresses of incidents, alerts, routes and webhooks."""

from __future__ import annotations

from django.urls import path

from accounts.api.history import history_of
from incidents.api import alerts, deliveries, incidents, removal, routes, timeline, webhooks
from incidents.models import Route, WebhookEndpoint

urlpatterns = [
    path("incidents/", incidents.Incidents.as_view()),
    path("incidents/<number:number>/", incidents.OneIncident.as_view()),
    path("incidents/<number:number>/acknowledge/", incidents.Acknowledgement.as_view()),
    path("incidents/<number:number>/resolve/", incidents.Resolution.as_view()),
    path("incidents/<number:number>/snooze/", incidents.Snooze.as_view()),
    path("incidents/<number:number>/escalate/", incidents.Escalation.as_view()),
    path("incidents/<number:number>/take-over/", incidents.TakingOver.as_view()),
    path("incidents/<number:number>/reassign/", incidents.Reassignment.as_view()),
    path("incidents/<number:number>/responders/", incidents.Responders.as_view()),
    path("incidents/<number:number>/notes/", incidents.Notes.as_view()),
    path("incidents/<number:number>/timeline/", timeline.Timeline.as_view()),
    path("alerts/", alerts.Alerts.as_view()),
    path("alerts/<pid:public_id>/", alerts.OneAlert.as_view()),
    path("removal-effects/<pid:public_id>/", removal.RemovalEffects.as_view()),
    path("routes/", routes.Routes.as_view()),
    path("routes/<pid:public_id>/", routes.OneRoute.as_view()),
    path("routes/<pid:public_id>/retire/", routes.RouteRetirement.as_view()),
    path("routes/<pid:public_id>/history/", history_of(Route)),
    path("webhooks/", webhooks.Webhooks.as_view()),
    path("webhooks/<pid:public_id>/", webhooks.OneWebhook.as_view()),
    path("webhooks/<pid:public_id>/rotate/", webhooks.Rotation.as_view()),
    path("webhooks/<pid:public_id>/pause/", webhooks.WebhookPause.as_view()),
    path("webhooks/<pid:public_id>/resume/", webhooks.WebhookResumption.as_view()),
    path("webhooks/<pid:public_id>/retire/", webhooks.WebhookRetirement.as_view()),
    path("webhooks/<pid:public_id>/test/", webhooks.WebhookTest.as_view()),
    path("webhooks/<pid:public_id>/replay-failed/", webhooks.FailedReplay.as_view()),
    path("webhooks/<pid:public_id>/deliveries/", deliveries.DeliveriesOfWebhook.as_view()),
    path("webhooks/<pid:public_id>/history/", history_of(WebhookEndpoint)),
    path("webhook-deliveries/", deliveries.Deliveries.as_view()),
    path("webhook-deliveries/<pid:public_id>/", deliveries.OneDelivery.as_view()),
    path("webhook-deliveries/<pid:public_id>/replay/", deliveries.Replay.as_view()),
]
