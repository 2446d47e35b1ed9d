"""App registration: postmortems."""

from django.apps import AppConfig


class PostmortemsConfig(AppConfig):
    """Post-mortems, contributions and action items."""

    name = "postmortems"
    default_auto_field = "django.db.models.BigAutoField"
