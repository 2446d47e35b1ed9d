"""Models of incidents."""

from incidents.models.alerts import Alert
from incidents.models.incidents import Incident, IncidentCounter
from incidents.models.routes import Route
from incidents.models.timeline import TimelineEntry
from incidents.models.webhooks import WebhookAttempt, WebhookCursor, WebhookDelivery, WebhookEndpoint, WebhookEvent

__all__ = [
    "Alert",
    "Incident",
    "IncidentCounter",
    "Route",
    "TimelineEntry",
    "WebhookAttempt",
    "WebhookCursor",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
