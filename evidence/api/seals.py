"""Seals and the keys that signed them, read only: texts and signatures exactly as they are verified."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import require
from accounts.api.fields import Instant
from accounts.api.views import ApiView, operation
from evidence.access import get_seal
from evidence.queries import sealed
from ledger.models import Seal, SealKey


class SealOut(serializers.Serializer):
    """One sealed day. `text` is what was signed; `signature` is base64 of the DER form. docs/evidence.md."""

    id = serializers.CharField(source="public_id")
    day = serializers.DateField()
    first_seq = serializers.IntegerField()
    last_seq = serializers.IntegerField(help_text="Less than first_seq on a day without lines.")
    entries = serializers.IntegerField()
    head = serializers.CharField()
    day_sha256 = serializers.CharField()
    previous_sha256 = serializers.CharField()
    sha256 = serializers.CharField()
    quiet = serializers.BooleanField()
    text = serializers.CharField()
    signature = serializers.CharField()
    key_fingerprint = serializers.CharField(source="key_id")
    sealed_at = Instant()


class SealKeyOut(serializers.Serializer):
    """A public key that signed here."""

    fingerprint = serializers.CharField()
    pem = serializers.CharField()
    first_used_at = Instant()


class Seals(ApiView):
    """Seals."""

    order = ("-id",)  # days are sealed in order, so this is the order of days

    @operation("List seals", verb="read", gives=SealOut, many=True)
    def get(self, request: Request) -> QuerySet[Seal]:
        """Newest first, one a day, none left out."""
        require(self.person, "read")
        return sealed.seals()


class OneSeal(ApiView):
    """One seal."""

    @operation("Read a seal", verb="read", gives=SealOut)
    def get(self, request: Request, public_id: str) -> Seal:
        """By its id. The lines are those of `ledger/` from first_seq to last_seq."""
        return get_seal(self.person, public_id)


class SealKeys(ApiView):
    """Public keys."""

    order = ("-first_used_at", "fingerprint")

    @operation("List the keys that signed", verb="read", gives=SealKeyOut, many=True)
    def get(self, request: Request) -> QuerySet[SealKey]:
        """Newest first. Compare the fingerprint with the one you noted."""
        require(self.person, "read")
        return sealed.seal_keys()
