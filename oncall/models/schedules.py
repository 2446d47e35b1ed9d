"""On-call schedules: rotations in layers, the lists of who takes turns, and overrides. docs/schedules.md has the rules."""

from __future__ import annotations

from django.db import models

from accounts.models import Team, User
from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from oncall.rota.schedule import PRIMARY


class Schedule(Tracked):
    """Who is on call when. Its version goes up with every change of a layer or of its members, which `parts` counts.

    zone: the one it is shown in. recorded_until: to where the plan was read for the record; next_change_at: when it has
    the next change to be recorded, up to which nothing changes. swaps_need_approval: a second person approves each swap.
    handoff_notices: who comes on call is told before and at the start.
    """

    untracked_fields = ("recorded_until", "next_change_at")

    public_id = PublicIdField(prefix="sch")
    name = models.CharField(max_length=80)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="schedules")
    zone = models.CharField(max_length=64, default="UTC")
    parts = models.PositiveIntegerField(default=0, editable=False)
    swaps_need_approval = models.BooleanField(default=False)
    handoff_notices = models.BooleanField(default=True)
    recorded_until = models.DateTimeField(editable=False)
    next_change_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(retired_at__isnull=True), name="schedule_name_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_change_at"], condition=models.Q(retired_at__isnull=True), name="schedule_next_change"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ScheduleLayer(Tracked):
    """One rotation of a schedule. starts: its first hand-off, `2026-01-05T09:00` on the wall of `zone`.

    place: layers of a role are asked in this order. lengths: of turns, in `unit`; several are a cycle. restrictions:
    `[{"starts": "09:00", "ends": "17:00", "days": [0, 1, 2, 3, 4]}]`, Monday is 0. It counts in `[since, until)`.
    """

    public_id = PublicIdField(prefix="lay")
    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="layers")
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=16, default=PRIMARY)
    place = models.PositiveSmallIntegerField(default=1)
    zone = models.CharField(max_length=64)
    unit = models.CharField(max_length=8)
    lengths = models.JSONField(default=list)
    starts = models.CharField(max_length=16)
    restrictions = models.JSONField(default=list)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class LayerMembers(Tracked):
    """Who takes turns in a layer, in order, from the first hand-off at or after `since`; NULL: from the first turn.

    people: public ids. at_once: who holds a turn and is not in the list any more hands over at `since`.
    """

    public_id = PublicIdField(prefix="lmb")
    layer = models.ForeignKey(ScheduleLayer, on_delete=models.PROTECT, related_name="lists")
    people = models.JSONField(default=list)
    since = models.DateTimeField(null=True)
    at_once = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "layer members"
        constraints = [
            models.UniqueConstraint(
                fields=["layer", "since"], condition=models.Q(retired_at__isnull=True), name="layer_members_once"
            )
        ]

    def __str__(self) -> str:
        return f"members of {self.layer}"


class Override(Tracked):
    """A change of who is on call in `[start_at, end_at)`. number: its place among the overrides of the schedule.

    swap: public id of the swap that it carries out, if it does.
    """

    public_id = PublicIdField(prefix="ovr")
    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="overrides")
    number = models.PositiveIntegerField()
    role = models.CharField(max_length=16, default=PRIMARY)
    kind = models.CharField(max_length=8)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    who = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    whom = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    swap = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["schedule", "number"], name="override_numbered_once"),
            models.CheckConstraint(condition=models.Q(end_at__gt=models.F("start_at")), name="override_forward"),
        ]
        indexes = [models.Index(fields=["schedule", "end_at"], name="override_by_end")]

    def __str__(self) -> str:
        return f"override #{self.number}"
