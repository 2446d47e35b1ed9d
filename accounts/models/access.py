"""Keys to the house: API tokens, set-up links, invitations, and the networks we may call."""

from __future__ import annotations

from django.db import models

from accounts.models.people import User
from ledger.fields import PublicIdField
from ledger.tracked import Tracked


class ApiToken(Tracked):
    """A key to the API. Only the hash of its secret is kept; the prefix tells tokens apart."""

    untracked_fields = ("secret_hash", "last_used_at")

    public_id = PublicIdField(prefix="tok")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_tokens")
    label = models.CharField(max_length=80, blank=True, default="")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    secret_hint = models.CharField(max_length=8, editable=False, help_text="First letters of the secret.")
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return f"{self.label or 'token'} {self.secret_hint}…"


class SetupLink(models.Model):
    """The link that makes the first admin. One at a time; a restart makes a new one."""

    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"set-up link until {self.expires_at:%H:%M}"


class Invitation(models.Model):
    """A link, usable once, with which an invited person chooses a password."""

    public_id = PublicIdField(prefix="inv")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations")
    invited_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"invitation of {self.user}"


class AllowedNetwork(Tracked):
    """A private range that our outgoing calls may reach, because an admin said so and why."""

    public_id = PublicIdField(prefix="net")
    cidr = models.CharField(max_length=49)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cidr"], condition=models.Q(retired_at__isnull=True), name="network_once")
        ]

    def __str__(self) -> str:
        return self.cidr


__all__ = ["AllowedNetwork", "ApiToken", "Invitation", "SetupLink"]
