"""App registration: accounts."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    """People, teams, roles, contact methods, tokens, sign-in."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load each app's `uses`, where it says what counts on a person or a policy before these go."""
        autodiscover_modules("uses")
