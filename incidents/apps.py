"""App registration: incidents."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Alerts, routes, incidents, timelines and answers to pages."""

    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"
