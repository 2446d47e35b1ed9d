"""The outside dead-man: whom we tell each minute that we live, and what came of it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from evidence.addresses import mask_url
from ledger.crypto import fingerprint
from ledger.fields import EncryptedTextField, PublicIdField
from ledger.tracked import Tracked


class DeadMan(Tracked):
    """The address an admin named; whoever knows it could keep it quiet, so it is a secret. One for the organisation."""

    untracked_fields = ("url",)

    public_id = PublicIdField(prefix="dmn")
    url = EncryptedTextField(blank=True, default="")
    url_mask = models.CharField(max_length=254, blank=True, default="", editable=False)
    url_fingerprint = models.CharField(max_length=16, blank=True, default="", editable=False)

    class Meta:
        verbose_name = "dead-man"

    def __str__(self) -> str:
        return f"dead-man at {self.url_mask}" if self.url_mask else "no dead-man"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the mask and the fingerprint that stand for the address in history."""
        self.url_mask = mask_url(self.url)
        self.url_fingerprint = fingerprint(self.url, "deadman.url") if self.url else ""
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> DeadMan:
        """Return it; an unsaved one without an address before anybody named one."""
        return cls.objects.in_force().order_by("pk").first() or cls()


class DeadManState(models.Model):
    """Whether a ping is due and how the last ones went: one row, claimed by conditional update.

    due_at: set by an audit that found nothing which endangers paging. withheld_at: since when audits find something
    that does, so no ping is asked for.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    due_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    ok_at = models.DateTimeField(null=True)
    failed = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True, default="")
    error_at = models.DateTimeField(null=True)
    withheld_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="deadman_one")]

    def __str__(self) -> str:
        return f"last ping {self.ok_at:%Y-%m-%d %H:%M:%S}" if self.ok_at else "never pinged"
