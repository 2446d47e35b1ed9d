"""What is watched, for whom: systems of the inventory and the services customers see."""

from __future__ import annotations

from django.db import models

from accounts.models import Team, User
from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from monitors.composing import Kind

COMPOSITIONS: dict[str, str] = {
    Kind.ALL.value: "All of its primary monitors are up",
    Kind.ANY.value: "Any one of its primary monitors is up",
    Kind.QUORUM.value: "At least so many of its primary monitors are up",
}


def composition_choices() -> list[tuple[str, str]]:
    """Choices as a callable."""
    return list(COMPOSITIONS.items())


class System(Tracked):
    """One row of the inventory: what is in scope of the audit, since when and until when."""

    untracked_fields = ("description",)

    public_id = PublicIdField(prefix="sys")
    name = models.CharField(max_length=120)
    system_class = models.CharField(max_length=40, blank=True, default="")
    environment = models.CharField(max_length=40, blank=True, default="production")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="systems")
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    scope_from = models.DateField(null=True)
    scope_until = models.DateField(null=True)
    description = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(retired_at__isnull=True), name="system_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Service(Tracked):
    """What customers see and agreements are about.

    composition, quorum: how its primary monitors make it (docs/availability.md); the number is for "quorum" alone.
    """

    untracked_fields = ("description",)

    public_id = PublicIdField(prefix="svc")
    name = models.CharField(max_length=120)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="services")
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    description = models.TextField(blank=True, default="")
    composition = models.CharField(max_length=8, choices=composition_choices, default=Kind.ALL.value)
    quorum = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(retired_at__isnull=True), name="service_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ServiceSystem(Tracked):
    """A service runs on a system."""

    public_id = PublicIdField(prefix="ssy")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="service_systems")
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="service_systems")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service", "system"], condition=models.Q(retired_at__isnull=True), name="service_system_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.service} on {self.system}"
