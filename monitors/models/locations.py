"""From where a monitor is checked, what each of several places last said of it, and when a place was last heard."""

from __future__ import annotations

from django.db import models

from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from monitors.models.monitors import Location, Monitor


class MonitorLocation(Tracked):
    """A monitor is checked from a location."""

    public_id = PublicIdField(prefix="mlo")
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="monitor_locations")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="monitor_locations")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["monitor", "location"],
                condition=models.Q(retired_at__isnull=True),
                name="monitor_location_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.monitor} from {self.location}"


class Voice(models.Model):
    """What one of several locations last said of a monitor; kept only for monitors with more than one.

    heard_at: the slot of its newest observed result, null before the first. failing_since: the first slot of its
    unbroken run of failures, null while it is good.
    """

    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="voices")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="voices")
    heard_at = models.DateTimeField(null=True)
    good = models.BooleanField(null=True)
    code = models.CharField(max_length=16, blank=True, default="")
    detail = models.CharField(max_length=300, blank=True, default="")
    failing_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["monitor", "location"], name="voice_once")]
        indexes = [
            models.Index(
                fields=["failing_since"], condition=models.Q(failing_since__isnull=False), name="voice_failing"
            ),
        ]

    def __str__(self) -> str:
        return f"monitor {self.monitor_id} from location {self.location_id}"


class LocationLife(models.Model):
    """When a location was last heard. result_at: its newest result was stored then; sign_at: a remote probe said it lives.

    instance, lag_ms: of the remote probe that gave the last sign. spooled: results it still holds.
    """

    location = models.OneToOneField(Location, primary_key=True, on_delete=models.PROTECT, related_name="life")
    result_at = models.DateTimeField(null=True)
    sign_at = models.DateTimeField(null=True)
    instance = models.CharField(max_length=64, blank=True, default="")
    lag_ms = models.IntegerField(default=0)
    spooled = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"location {self.location_id}"


REFUSED: dict[str, str] = {
    "unreadable": "is no message of ours",
    "stranger": "signed by no location of ours",
    "forged": "its signature does not hold",
    "wrong": "holds something that is no result",
    "too_old": "about checks of more than two days ago",
    "unstorable": "holds what the database would not take",
    "not_planned": "about a monitor that is not checked from there",
}


class RemoteRefusal(models.Model):
    """Messages on the queue of results that were refused, counted by day (UTC) and reason. Never what they held."""

    day = models.DateField()
    why = models.CharField(max_length=24)
    number = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "why"], name="remote_refusal_once")]

    def __str__(self) -> str:
        return f"{self.number} x {self.why}"

    @property
    def why_words(self) -> str:
        """The reason in words."""
        return REFUSED.get(self.why, self.why)
