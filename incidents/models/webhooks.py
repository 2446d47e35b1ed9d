"""Outgoing webhooks: where they go, what happened, what is to be delivered, and every call that was made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q

from accounts.masks import mask_url
from accounts.models import Team
from incidents.webhooks.catalog import wants
from incidents.webhooks.states import PLANNED, SENDING
from ledger.append_only import AppendOnly
from ledger.crypto import fingerprint
from ledger.fields import EncryptedTextField, PublicIdField
from ledger.models import Entry
from ledger.tracked import Tracked


class WebhookEndpoint(Tracked):
    """An address that wants to know. Its path and query may hold a key of the receiver's, so they are encrypted.

    `events` are kinds or groups of incidents.webhooks.catalog. `previous_secret` signs beside the secret until
    `previous_until`, so that a receiver may change over without losing one delivery. `pause_cause`: `person` or `gone`.
    """

    untracked_fields = ("url", "secret", "previous_secret")

    public_id = PublicIdField(prefix="whk")
    name = models.CharField(max_length=80)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="webhooks")
    url = EncryptedTextField()
    url_mask = models.CharField(max_length=300, editable=False)
    url_fingerprint = models.CharField(max_length=16, editable=False)
    events = models.JSONField(default=list)
    secret = EncryptedTextField(editable=False)
    secret_fingerprint = models.CharField(max_length=16, editable=False)
    previous_secret = EncryptedTextField(blank=True, default="", editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    paused_at = models.DateTimeField(null=True, editable=False)
    pause_cause = models.CharField(max_length=16, blank=True, default="", editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(retired_at__isnull=True), name="webhook_name_once")
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the mask and the fingerprints that stand for address and secret in history."""
        self.url_mask = mask_url(self.url)
        self.url_fingerprint = fingerprint(self.url, "webhook.url")
        self.secret_fingerprint = fingerprint(self.secret, "webhook.secret")
        super().save(*args, **kwargs)

    def wants(self, kind: str) -> bool:
        """Whether it asked for events of this kind."""
        return wants(self.events, kind)

    def secrets_at(self, now: datetime) -> list[str]:
        """The secrets that sign at `now`, the current one first."""
        overlaps = self.previous_secret and self.previous_until is not None and now < self.previous_until
        return [self.secret, self.previous_secret] if overlaps else [self.secret]


class WebhookCursor(models.Model):
    """Up to which line of the ledger events were made: one row, advanced in the transaction that makes them."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="webhook_one_cursor")]

    def __str__(self) -> str:
        return f"up to line {self.seq}"


class WebhookEvent(models.Model):
    """One thing that happened, as it is told: `payload` is the exact body, the same in every attempt.

    Made once for each ledger entry that somebody wants; a test event has none. The payload holds a title and
    is emptied after 30 days.
    """

    public_id = PublicIdField(prefix="evt")
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=64, blank=True, default="")
    payload = models.TextField()
    recorded_at = models.DateTimeField()
    planned_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["planned_at"], condition=~Q(payload=""), name="webhook_event_kept")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class WebhookDeliveryQuerySet(models.QuerySet):
    """Reads in the words of the sender."""

    def due(self, now: datetime) -> Self:
        """What may be sent now: to endpoints in force that are not paused."""
        return self.filter(
            state=PLANNED, due_at__lte=now, endpoint__paused_at__isnull=True, endpoint__retired_at__isnull=True
        )


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint. The row is the outbox.

    `tries` counts the attempts since it was planned or replayed, `attempts_made` all of them. `reason` is a word of
    incidents.webhooks.states. `last_answer`: how the newest answer began, addresses taken out; emptied after 30 days.
    """

    public_id = PublicIdField(prefix="whd")
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(WebhookEvent, on_delete=models.PROTECT, related_name="deliveries")
    state = models.CharField(max_length=16, default=PLANNED)
    reason = models.CharField(max_length=32, blank=True, default="")
    planned_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    attempts_made = models.PositiveIntegerField(default=0)
    replays = models.PositiveIntegerField(default=0)
    first_attempt_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(default=0)
    last_answer = models.TextField(blank=True, default="")

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="webhook_delivery_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state=PLANNED), name="webhook_due"),
            models.Index(fields=["lease_until"], condition=Q(state=SENDING), name="webhook_sending"),
            models.Index(fields=["endpoint", "-id"], name="webhook_log"),
            models.Index(fields=["endpoint", "planned_at"], name="webhook_lately"),
            models.Index(fields=["planned_at"], condition=~Q(last_answer=""), name="webhook_answer_kept"),
        ]

    def __str__(self) -> str:
        return f"{self.event.kind} to {self.endpoint}: {self.state}"


class WebhookAttempt(models.Model):
    """One call: inserted before it is made, completed once after it. NULL is "not known yet"."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.PROTECT, related_name="attempts")
    n = models.PositiveIntegerField()
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, null=True)  # noqa: DJ001 - NULL is "under way", set once
    http_status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=32, null=True)  # noqa: DJ001 - set once, "" is "no error"
    duration_ms = models.PositiveIntegerField(null=True)

    append_only = AppendOnly(
        set_once=("ended_at", "outcome", "http_status", "error", "duration_ms"), born_null=("ended_at", "outcome")
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "n"], name="webhook_attempt_once")]

    def __str__(self) -> str:
        return f"attempt {self.n}: {self.outcome or 'under way'}"
