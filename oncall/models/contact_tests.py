"""Tests of a person's contacts: who asked for one, and when. What came of it is in its pages, as of any page."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField


class ContactTest(models.Model):
    """One asking for a test over one or more contacts of a person; its pages have its public id as their reference."""

    public_id = PublicIdField(prefix="tst")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="contact_tests")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    append_only = AppendOnly()

    class Meta:
        indexes = [models.Index(fields=["person", "-asked_at"], name="contact_test_newest")]

    def __str__(self) -> str:
        return f"test of {self.person}"
