"""Status pages and their components: configuration, so every change is a version with a reason."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import models

from accounts.models import Team
from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from monitors.models import Service


class StatusPage(Tracked):
    """What customers read at `/status/<slug>/`. The introduction is free text, kept by its hash (ledger.texts)."""

    public_id = PublicIdField(prefix="stp")
    name = models.CharField(max_length=120)
    slug = models.CharField(max_length=60)
    timezone = models.CharField(max_length=64, default="UTC")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="status_pages")
    is_published = models.BooleanField(default=False)
    intro_sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slug"], condition=models.Q(retired_at__isnull=True), name="status_page_slug_once"
            ),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(retired_at__isnull=True), name="status_page_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the page counts days and prints times."""
        return ZoneInfo(self.timezone)


class Component(Tracked):
    """A service as a status page names it. A hidden one is not shown to anybody outside."""

    public_id = PublicIdField(prefix="cmp")
    page = models.ForeignKey(StatusPage, on_delete=models.PROTECT, related_name="components")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="components")
    name = models.CharField(max_length=120)
    heading = models.CharField(max_length=80, blank=True, default="")
    position = models.PositiveIntegerField(default=0)
    is_hidden = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["page", "name"], condition=models.Q(retired_at__isnull=True), name="component_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name
