"""Monitors, the rules that judge them, and the places they are checked from."""

from __future__ import annotations

from django.db import models

from accounts.models import Team
from ledger.fields import EncryptedJSONField, PublicIdField
from ledger.tracked import Tracked
from monitors.conditions import DOWN, LABELS
from monitors.kinds import HTTP, KINDS
from monitors.models.inventory import Service

SEVERITIES = (1, 2, 3, 4)
PRIMARY, DEPENDENCY, INTERNAL = "primary", "dependency", "internal"
ROLES: dict[str, str] = {
    PRIMARY: "Primary: counts for the service",
    DEPENDENCY: "Dependency: informs",
    INTERNAL: "Internal: informs",
}
URGENCIES: dict[str, str] = {"high": "High: page at any hour", "low": "Low: no need to wake anybody"}


def kind_choices() -> list[tuple[str, str]]:
    """Choices as a callable, so that a new kind never makes a migration."""
    return [(kind.name, kind.label) for kind in KINDS.values()]


def condition_choices() -> list[tuple[str, str]]:
    """Choices as a callable, so that a new condition never makes a migration."""
    return list(LABELS.items())


def role_choices() -> list[tuple[str, str]]:
    """Choices as a callable."""
    return list(ROLES.items())


def urgency_choices() -> list[tuple[str, str]]:
    """Choices as a callable."""
    return list(URGENCIES.items())


class Location(Tracked):
    """A place checks run from; its probes listen on the queue `probe.<name>`, or, when remote, for their own key.

    public_key: what plans for a remote probe are sealed to and its results are verified with; "" for probes that
    reach the database themselves. control_targets: host:port of what tells a fault of our own network from theirs.
    """

    public_id = PublicIdField(prefix="loc")
    name = models.CharField(max_length=40)
    public_key = models.CharField(max_length=120, blank=True, default="")
    control_targets = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(retired_at__isnull=True), name="location_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def remote(self) -> bool:
        """Whether its probes have the broker only."""
        return bool(self.public_key)


class Monitor(Tracked):
    """One thing that is checked. kind: a type of check, `monitors.kinds`. `target` is what history keeps of it.

    secrets: write-only and encrypted, such as header values and credentials; the fingerprint that stands for
    them in history says that they changed, not what they are.
    tags: words of `monitors.tags`, as `read_tags` gives them.
    """

    untracked_fields = ("secrets",)

    public_id = PublicIdField(prefix="mon")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=24, choices=kind_choices, default=HTTP)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="monitors")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="monitors")
    target = models.JSONField(default=dict)
    interval_s = models.PositiveIntegerField(default=60)
    timeout_s = models.PositiveIntegerField(default=10)
    secrets = EncryptedJSONField(null=True)
    secrets_fingerprint = models.CharField(max_length=16, blank=True, default="", editable=False)
    tags = models.JSONField(default=list, blank=True)
    paused_at = models.DateTimeField(null=True, editable=False)
    role = models.CharField(max_length=12, choices=role_choices, default=PRIMARY)
    depends_on = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="dependants")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service", "name"], condition=models.Q(retired_at__isnull=True), name="monitor_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """What is checked, as a person is shown it."""
        return KINDS[self.kind].restore(self.target).address

    @property
    def paused(self) -> bool:
        """Whether somebody paused it."""
        return self.paused_at is not None


class Rule(Tracked):
    """When a condition of a monitor becomes a signal, and how loud. Each change is a new version.

    terms: of a rule with a threshold, as `monitors.thresholds.Terms.as_json` writes them; empty for others.
    """

    public_id = PublicIdField(prefix="rul")
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="rules")
    condition = models.CharField(max_length=24, choices=condition_choices, default=DOWN)
    severity = models.PositiveSmallIntegerField(default=2)
    urgency = models.CharField(max_length=8, choices=urgency_choices, default="high")
    confirmation_s = models.PositiveIntegerField(default=60)
    recovery_s = models.PositiveIntegerField(default=60)
    terms = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["monitor", "condition"], condition=models.Q(retired_at__isnull=True), name="rule_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.condition} of {self.monitor}"
