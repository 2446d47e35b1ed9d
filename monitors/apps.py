"""App registration: monitors."""

from django.apps import AppConfig


class MonitorsConfig(AppConfig):
    """Systems, services, monitors, rules, probes, the check engine, intervals."""

    name = "monitors"
    default_auto_field = "django.db.models.BigAutoField"
