"""App registration: statuspage."""

from django.apps import AppConfig


class StatuspageConfig(AppConfig):
    """Status pages, components, public updates and subscribers."""

    name = "statuspage"
    default_auto_field = "django.db.models.BigAutoField"
