"""Incidents: what people work on, and the counter that numbers them."""

from __future__ import annotations

from django.db import models

from incidents import states


class IncidentQuerySet(models.QuerySet["Incident"]):
    """Reads that have a name."""

    def open(self) -> IncidentQuerySet:
        """Triggered or acknowledged."""
        return self.filter(state__in=states.OPEN_STATES)

    def unacknowledged(self) -> IncidentQuerySet:
        """Nobody has it."""
        return self.filter(state=states.TRIGGERED)


class IncidentCounter(models.Model):
    """The last serial given in a year. Raised under its row lock, in the transaction of the incident."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Incident(models.Model):
    """One thing that people work on. `opened_at` is when it began by the evidence, `recorded_at` when we knew.

    `acknowledged_*` says who has it now and is emptied when it reopens or escalates;
    `ask_again_at` is when they are asked again if it still goes on. `first_acknowledged_at` is what reports count. Changed only by incidents.services, under row lock.
    """

    number = models.CharField(max_length=20, unique=True, editable=False)
    year = models.PositiveSmallIntegerField(editable=False)
    serial = models.PositiveIntegerField(editable=False)
    state = models.CharField(max_length=16, choices=states.state_choices, default=states.TRIGGERED)
    version = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=200)
    severity = models.PositiveSmallIntegerField()
    severity_initial = models.PositiveSmallIntegerField()
    urgency = models.CharField(max_length=8)
    service = models.ForeignKey("monitors.Service", null=True, on_delete=models.PROTECT, related_name="incidents")
    runbook_url = models.CharField(max_length=500, blank=True, default="")
    detected_by = models.CharField(max_length=16, default="monitor")
    opened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    first_acknowledged_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    ask_again_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    reopened_count = models.PositiveIntegerField(default=0)
    last_reopened_at = models.DateTimeField(null=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["year", "serial"], name="incident_number_once")]
        indexes = [
            models.Index(fields=["state", "-opened_at"], name="incident_state"),
            models.Index(fields=["service", "-opened_at"], name="incident_service"),
            models.Index(fields=["-opened_at", "-id"], name="incident_newest"),
            models.Index(
                fields=["ask_again_at"], condition=models.Q(ask_again_at__isnull=False), name="incident_ask_again"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def public_id(self) -> str:
        """The number, the only id in addresses and API."""
        return self.number

    @property
    def is_open(self) -> bool:
        """Triggered or acknowledged."""
        return self.state in states.OPEN_STATES
