"""Configuration: escalation policies, and who is called when a policy comes to its end."""

from __future__ import annotations

from django.db import models

from accounts.models import Team
from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from oncall.escalation.policy import FrozenPolicy, Step, parse_steps


class Policy(Tracked):
    """Who is called in which order. A run freezes it, so editing never changes an escalation under way.

    ask_again_s: after how long whoever acknowledged is asked again while the fault goes on; 0 for never.
    """

    public_id = PublicIdField(prefix="pol")
    name = models.CharField(max_length=80)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="policies")
    repeat = models.PositiveSmallIntegerField(default=0)
    steps = models.JSONField(default=list)
    ask_again_s = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(retired_at__isnull=True), name="policy_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def parsed_steps(self) -> tuple[Step, ...]:
        """The steps as values; raises PolicyError if the stored JSON was tampered with."""
        return parse_steps(self.steps)

    def frozen(self) -> FrozenPolicy:
        """The policy as a run freezes it."""
        return FrozenPolicy(
            self.public_id, self.version, self.name, self.repeat, self.parsed_steps, self.ask_again_s
        )  # fmt: skip


class CatchAll(Tracked):
    """The people called when nobody else can be. One for the organisation; `people` are public ids."""

    public_id = PublicIdField(prefix="cal")
    people = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "catch-all"

    def __str__(self) -> str:
        return "Catch-all"

    @classmethod
    def current(cls) -> CatchAll:
        """Return the catch-all; an unsaved, empty one before anybody set it."""
        return cls.objects.in_force().order_by("pk").first() or cls()
