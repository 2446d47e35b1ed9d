"""App registration: accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, teams, roles, contact methods, tokens, sign-in."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
