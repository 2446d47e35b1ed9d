"""How the account at each provider stands, as the provider last said."""

from __future__ import annotations

from django.db import models

ACTIVE, SUSPENDED, REFUSED, UNREACHABLE = "active", "suspended", "refused", "unreachable"
STANDINGS = (ACTIVE, SUSPENDED, REFUSED, UNREACHABLE)


class ProviderAccount(models.Model):
    """One provider that is set up. code: its own word; times: how often in a row it said the same; since: the first of them.

    asked_at is moved on by conditional update before the question, so that two workers ask once.
    """

    provider = models.CharField(max_length=16, unique=True)
    state = models.CharField(max_length=12, blank=True, default="")
    code = models.CharField(max_length=32, blank=True, default="")
    times = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.provider}: {self.state or 'not asked'}"
