"""App registration: oncall."""

from django.apps import AppConfig


class OncallConfig(AppConfig):
    """Escalation policies, the escalation engine, the paging ledger and its channels."""

    name = "oncall"
    default_auto_field = "django.db.models.BigAutoField"
