"""Who was alive when: the engine's own heartbeat."""

from __future__ import annotations

from django.db import models


class Liveness(models.Model):
    """The last sign of life of one component in one process."""

    component = models.CharField(max_length=32)
    instance = models.CharField(max_length=64)
    seen_at = models.DateTimeField()
    started_at = models.DateTimeField()
    lag_ms = models.IntegerField(default=0)
    rows = models.IntegerField(default=0)

    class Meta:
        verbose_name_plural = "liveness"
        constraints = [models.UniqueConstraint(fields=["component", "instance"], name="liveness_once")]

    def __str__(self) -> str:
        return f"{self.component} on {self.instance}"
