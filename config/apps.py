"""App registration: config."""

from django.apps import AppConfig
from django.conf import settings

from config import checks, hints
from config.celery import app as celery_app
from ledger.hints import set_publisher

__all__ = ["ConfigConfig", "checks"]


class ConfigConfig(AppConfig):
    """Settings, wiring between the apps and pages that span them."""

    name = "config"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make our Celery app the one that shared tasks find, and let hints out where others can take them."""
        celery_app.set_default()
        if settings.PUBLISH_HINTS:
            set_publisher(hints.Publisher(hints.knock))
