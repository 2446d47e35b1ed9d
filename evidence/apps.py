"""App registration: evidence."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """Controls, findings, reviews and evidence packs."""

    name = "evidence"
    default_auto_field = "django.db.models.BigAutoField"
