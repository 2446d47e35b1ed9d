"""Who watched when: spans in which each component was heard, and the gaps in which monitoring did not run."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from monitors.gaps import cause_choices, scope_choices
from monitors.models.monitors import Location


class LifeSpan(models.Model):
    """A span in which a component of ours (monitors.gaps.COMPONENTS) was heard without a break.

    The open one reaches to `seen_at`. stopped_at: its last process said that it ends. boot: which start of the machine.
    """

    public_id = PublicIdField(prefix="lif")
    component = models.CharField(max_length=32)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    boot = models.CharField(max_length=40, blank=True, default="")
    version = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["component"], condition=models.Q(ended_at__isnull=True), name="life_one_open"
            ),
        ]
        indexes = [models.Index(fields=["component", "-started_at"], name="life_by_component")]

    def __str__(self) -> str:
        return f"{self.component} from {self.started_at:%Y-%m-%d %H:%M:%S}"


class MonitoringGap(models.Model):
    """A span in which monitoring did not run, with its cause. Written once, when it was found; `ended_at` is set once.

    scope: all of the monitoring, or a location. step_s: seconds by which the clock was put, forward or back.
    """

    append_only = AppendOnly(set_once=("ended_at", "ended_recorded_at"))

    public_id = PublicIdField(prefix="gap")
    scope = models.CharField(max_length=12, choices=scope_choices)
    location = models.ForeignKey(Location, null=True, on_delete=models.PROTECT, related_name="gaps")
    cause = models.CharField(max_length=16, choices=cause_choices)
    started_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)
    ended_recorded_at = models.DateTimeField(null=True)
    detected_at = models.DateTimeField()
    detected_by = models.CharField(max_length=16, default="self")
    step_s = models.IntegerField(default=0)
    measurements = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.cause} from {self.started_at:%Y-%m-%d %H:%M:%S}"


class ControlMeasurement(models.Model):
    """What the control targets of a location answered at an instant: why failures of then are, or are not, believed.

    answered: how many did. results: target, outcome, code and total_us of each.
    """

    append_only = AppendOnly()

    public_id = PublicIdField(prefix="ctm")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="control_measurements")
    taken_at = models.DateTimeField()
    answered = models.PositiveSmallIntegerField()
    results = models.JSONField()

    def __str__(self) -> str:
        return f"{self.answered} of {len(self.results)} answered"


class GapNote(models.Model):
    """What a person says about a gap; a later one stands beside it and does not replace it. The text goes by its hash."""

    append_only = AppendOnly()

    public_id = PublicIdField(prefix="gpn")
    gap = models.ForeignKey(MonitoringGap, on_delete=models.PROTECT, related_name="notes")
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    incident = models.CharField(max_length=20, blank=True, default="")
    text_sha256 = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"about {self.gap_id}"
