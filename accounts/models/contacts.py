"""Contact methods: where a person can be paged, and the proof that they can."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.masks import mask_email, mask_phone
from accounts.models.people import User
from ledger.crypto import fingerprint
from ledger.fields import EncryptedTextField, PublicIdField
from ledger.tracked import Tracked

EMAIL, PHONE, VOICE = "email", "phone", "voice"
KINDS: dict[str, str] = {EMAIL: "E-mail", PHONE: "Phone (SMS)", VOICE: "Phone (call)"}


def kind_choices() -> list[tuple[str, str]]:
    """Choices as a callable, so that a new kind never makes a migration."""
    return list(KINDS.items())


class ContactMethod(Tracked):
    """One address of one person. The address is encrypted and absent from history."""

    untracked_fields = ("address", "unhealthy_since", "unhealthy_reason")

    public_id = PublicIdField(prefix="cht")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="contact_methods")
    kind = models.CharField(max_length=16, choices=kind_choices)
    address = EncryptedTextField()
    address_mask = models.CharField(max_length=254, editable=False)
    address_fingerprint = models.CharField(max_length=16, editable=False, db_index=True)
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
        """Keep the mask and the fingerprint that stand for the address in history."""
        self.address_mask = mask_email(self.address) if self.kind == EMAIL else mask_phone(self.address)
        self.address_fingerprint = fingerprint(self.address, f"contact.{self.kind}")
        super().save(*args, **kwargs)


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
