"""Contact methods: where a person can be paged, and the proof that they can."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from accounts.contact_kinds import CONTACT_KINDS, KINDS
from accounts.egress.signature import new_secret
from accounts.models.people import User
from ledger.crypto import fingerprint
from ledger.fields import EncryptedTextField, PublicIdField
from ledger.tracked import Tracked


def kind_choices() -> list[tuple[str, str]]:
    """Choices as a callable, so that a new kind never makes a migration."""
    return list(KINDS.items())


class ContactMethod(Tracked):
    """One address of one person. The address is encrypted and absent from history.

    `secret` signs what is sent there, for kinds that sign; `previous_secret` beside it until `previous_until`, so that a
    receiver may change over without losing a page.
    """

    untracked_fields = ("address", "secret", "previous_secret", "unhealthy_since", "unhealthy_reason")

    public_id = PublicIdField(prefix="cht")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="contact_methods")
    kind = models.CharField(max_length=16, choices=kind_choices)
    address = EncryptedTextField()
    address_mask = models.CharField(max_length=254, editable=False)
    address_fingerprint = models.CharField(max_length=16, editable=False, db_index=True)
    secret = EncryptedTextField(blank=True, default="", editable=False)
    secret_fingerprint = models.CharField(max_length=16, blank=True, default="", editable=False)
    previous_secret = EncryptedTextField(blank=True, default="", editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    label = models.CharField(max_length=40, blank=True, default="")
    verified_at = models.DateTimeField(null=True, editable=False)
    unhealthy_since = models.DateTimeField(null=True, editable=False)
    unhealthy_reason = models.CharField(max_length=200, blank=True, default="", editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "address_fingerprint"],
                condition=models.Q(retired_at__isnull=True),
                name="contact_once",
            )
        ]

    def __str__(self) -> str:
        return f"{KINDS.get(self.kind, self.kind)} {self.address_mask}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the mask and the fingerprints that stand for address and secret in history; make a secret that is missing."""
        if CONTACT_KINDS[self.kind].signs and not self.secret:
            self.secret = new_secret()
        self.address_mask = CONTACT_KINDS[self.kind].mask(self.address)[:254]
        self.address_fingerprint = fingerprint(self.address, f"contact.{self.kind}")
        self.secret_fingerprint = fingerprint(self.secret, "contact.secret") if self.secret else ""
        super().save(*args, **kwargs)

    @property
    def shown_address(self) -> str:
        """The address as its owner may see it; one that is itself a key stays masked."""
        return self.address_mask if CONTACT_KINDS[self.kind].is_secret else self.address

    def secrets_at(self, now: datetime) -> list[str]:
        """The secrets that sign at `now`, the current one first; none for kinds that do not sign."""
        overlaps = self.previous_secret and self.previous_until is not None and now < self.previous_until
        return [secret for secret in (self.secret, self.previous_secret if overlaps else "") if secret]


class Verification(models.Model):
    """One attempt to prove a contact method. The code is derived from the row, never stored."""

    public_id = PublicIdField(prefix="ver")
    contact = models.ForeignKey(ContactMethod, on_delete=models.PROTECT, related_name="verifications")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"verification of {self.contact.address_mask}"
