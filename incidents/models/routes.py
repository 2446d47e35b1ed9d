"""Routes: service × severity → policy and runbook. The one place that joins monitors and on-call."""

from __future__ import annotations

from django.core.validators import URLValidator
from django.db import models
from django.db.models.functions import Coalesce

from ledger.fields import PublicIdField
from ledger.tracked import Tracked


class Route(Tracked):
    """Who is paged for incidents of a service at a severity. NULL means any; both NULL is the default route."""

    public_id = PublicIdField(prefix="rte")
    service = models.ForeignKey(
        "monitors.Service", null=True, blank=True, on_delete=models.PROTECT, related_name="routes"
    )
    severity = models.PositiveSmallIntegerField(null=True, blank=True)
    policy = models.ForeignKey("oncall.Policy", on_delete=models.PROTECT, related_name="routes")
    runbook_url = models.CharField(
        max_length=500, blank=True, default="", validators=[URLValidator(schemes=["http", "https"])]
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                # NULL is "any" and must be unique too; SQLite knows no NULLS NOT DISTINCT
                Coalesce("service", 0),
                Coalesce("severity", 0),
                condition=models.Q(retired_at__isnull=True),
                name="route_once",
            )
        ]

    def __str__(self) -> str:
        service = self.service.name if self.service else "every service"
        severity = f"SEV{self.severity}" if self.severity else "every severity"
        return f"{service}, {severity}"
