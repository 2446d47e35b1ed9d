"""Packs: the hours that results have become after two days, and how far the work on them has come."""

from __future__ import annotations

from django.db import models

from ledger.append_only import AppendOnly
from monitors.models.monitors import Location, Monitor


class ResultPack(models.Model):
    """One hour of one monitor from one place under one version of its configuration. Written once, never changed.

    hour: whole hours since the epoch. body: slot, start lag, result code and total of every sample
    (`monitors.packs.decode`); phases: histograms of the good samples' phases (`decode_phases`). good, failed,
    median, slowest: of the samples that are no retries, the latter two of the good ones in tenths of a
    millisecond; they answer a year without opening a pack. revision: 1, higher for a later reading of the hour.

    Its key is what it is about, with the monitor first because that is how it is read: a key (day, id) beside it
    would cost as much as half the samples. A table divided by `hour` may keep it, as that is part of the key.
    """

    append_only = AppendOnly(aged_by="hour")

    pk = models.CompositePrimaryKey("monitor", "hour", "location", "monitor_version", "revision")
    monitor = models.ForeignKey(Monitor, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    hour = models.IntegerField()
    location = models.ForeignKey(Location, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    monitor_version = models.PositiveIntegerField()
    revision = models.PositiveSmallIntegerField(default=1)
    good = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    median = models.PositiveIntegerField()
    slowest = models.PositiveIntegerField()
    body = models.BinaryField()
    phases = models.BinaryField()

    def __str__(self) -> str:
        return f"hour {self.hour} of monitor {self.monitor_id}"


class PackProgress(models.Model):
    """How far one kind of work on hours has come: every hour before `hour`, and in it the monitors up to `monitor_id`."""

    name = models.CharField(primary_key=True, max_length=8)
    hour = models.IntegerField()
    monitor_id = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "pack progress"

    def __str__(self) -> str:
        return f"{self.name}: hour {self.hour}"
