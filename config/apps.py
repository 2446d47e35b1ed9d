"""App registration: config."""

from django.apps import AppConfig

from config.celery import app as celery_app


class ConfigConfig(AppConfig):
    """Settings, wiring between the apps and pages that span them."""

    name = "config"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make our Celery app the one that shared tasks and hints find."""
        celery_app.set_default()
