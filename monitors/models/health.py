"""What health checks were told of each dependency of an application: where it stands, and every change of it."""

from __future__ import annotations

from django.db import models

from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from monitors.models.monitors import Location, Monitor


class HealthReport(models.Model):
    """The newest health document that a monitor was given at a place. An ordinary check moves `seen_at` and nothing else.

    fingerprint: of what it said (`monitors.health.fingerprint_of`). left_out: dependencies it named that have no row.
    """

    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="health_reports")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField()
    fingerprint = models.CharField(max_length=64)
    left_out = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["monitor", "location"], name="health_report_once")]

    def __str__(self) -> str:
        return f"seen {self.seen_at:%Y-%m-%d %H:%M:%S}"


class HealthDependencies(models.QuerySet["HealthDependency"]):
    """Dependencies, for reading."""

    def with_document(self) -> HealthDependencies:
        """Each with the instant of the newest document of its monitor and place, and what that named and has no row."""
        reports = HealthReport.objects.filter(monitor=models.OuterRef("monitor"), location=models.OuterRef("location"))
        return self.select_related("monitor", "location").annotate(
            document_at=models.Subquery(reports.values("seen_at")[:1]),
            document_left_out=models.Subquery(reports.values("left_out")[:1]),
        )


class HealthDependency(models.Model):
    """A dependency that health documents of a monitor spoke of at a place. One row each, for good.

    state: up, degraded or down by our reading of `said`, the word it was given; unknown with "" once documents do not speak
    of it any more. why: what was added to a bad word; foreign text, so it stays out of history, ledger and packs. since: the
    document that first said so. last_seen_at: the newest that spoke of it when the row was written; while they do, the
    report knows better. left_out: changes since its newest HealthChange that are no rows, because there were too many.
    """

    public_id = PublicIdField(prefix="hdp")
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="health_dependencies")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=160)
    state = models.CharField(max_length=12)
    said = models.CharField(max_length=40, blank=True, default="")
    why = models.CharField(max_length=80, blank=True, default="")
    since = models.DateTimeField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    left_out = models.PositiveIntegerField(default=0)

    objects = HealthDependencies.as_manager()

    class Meta:
        verbose_name_plural = "health dependencies"
        constraints = [models.UniqueConstraint(fields=["monitor", "location", "name"], name="health_dependency_once")]

    def __str__(self) -> str:
        return self.name


class HealthChange(models.Model):
    """One change of a dependency: what it was from the document of `at` on. Written once, never changed.

    before: the state until then, "" at first sight; before_until: the newest document that still said so. What lies
    between the two was not watched. left_out: changes in between that are no rows, because there were too many.
    """

    append_only = AppendOnly(aged_by="recorded_at")

    public_id = PublicIdField(prefix="hch")
    dependency = models.ForeignKey(HealthDependency, on_delete=models.PROTECT, related_name="changes")
    monitor_version = models.PositiveIntegerField()
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    state = models.CharField(max_length=12)
    said = models.CharField(max_length=40, blank=True, default="")
    before = models.CharField(max_length=12, blank=True, default="")
    before_until = models.DateTimeField(null=True)
    left_out = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["dependency", "-at"], name="health_change_by_time")]

    def __str__(self) -> str:
        return f"{self.state} at {self.at:%Y-%m-%d %H:%M:%S}"
