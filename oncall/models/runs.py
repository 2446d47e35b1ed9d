"""Runtime rows of an escalation: the run with its due row, and the steps it took."""

from __future__ import annotations

from typing import Self

import structlog
from django.db import models
from django.db.models import Q

from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from oncall.escalation.policy import NO_POLICY, FrozenPolicy, from_json
from oncall.escalation.states import ACTIVE, PLANNABLE, RUNNING, STOPPABLE
from oncall.models.policies import Policy
from oncall.subject import Subject

log = structlog.get_logger(__name__)


class RunQuerySet(models.QuerySet):
    """Reads in the words of the engine."""

    def of(self, kind: str, subject_id: str) -> Self:
        """Runs of one subject, newest first."""
        return self.filter(subject_kind=kind, subject_id=subject_id).order_by("-pk")

    def stoppable(self) -> Self:
        """Runs an answer may still stop."""
        return self.filter(state__in=STOPPABLE)

    def due(self, now: object) -> Self:
        """Runs whose next move is due, longest overdue first."""
        return self.filter(state__in=PLANNABLE, due_at__lte=now).order_by("due_at", "pk")


class Run(models.Model):
    """One escalation of one subject. What it needs is frozen here; on-call never looks upstairs.

    `loop` and `step` name the step to take *next*; `due_at` is when, and null means never. `fence` counts the changes.
    `turn`: how many runs the policy had before; whose turn it is in a step with round robin.
    `over_at`: the subject itself ended, so even people asked to join are not called any more.
    """

    public_id = PublicIdField(prefix="run")
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    service_key = models.CharField(max_length=64, blank=True, default="")
    severity = models.PositiveSmallIntegerField()
    urgency = models.CharField(max_length=8)
    title = models.CharField(max_length=300)
    url = models.CharField(max_length=500)
    service_name = models.CharField(max_length=120, blank=True, default="")

    policy = models.ForeignKey(Policy, null=True, on_delete=models.PROTECT, related_name="runs")
    policy_frozen = models.JSONField()
    policy_sha256 = models.CharField(max_length=64)
    policy_version = models.PositiveIntegerField()

    state = models.CharField(max_length=16, default=RUNNING)
    loop = models.PositiveIntegerField(default=1)
    step = models.PositiveIntegerField(default=1)
    turn = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    last_progress_at = models.DateTimeField()
    exhausted_at = models.DateTimeField(null=True)
    nobody_notified_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stop_reason = models.CharField(max_length=32, blank=True, default="")
    stopped_by = models.CharField(max_length=40, blank=True, default="")
    over_at = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"], condition=Q(state__in=ACTIVE), name="run_active_once"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="run_due"),
            models.Index(fields=["subject_kind", "subject_id"], name="run_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}: {self.state}"

    @property
    def frozen(self) -> FrozenPolicy:
        """The policy this run lives by. Raises KeyError, TypeError or ValueError when the stored JSON is damaged."""
        return from_json(self.policy_frozen)

    @property
    def policy_or_none(self) -> FrozenPolicy:
        """The same, and NO_POLICY where it is damaged: then the catch-all is called, for somebody must be."""
        try:
            return self.frozen
        except (KeyError, TypeError, ValueError):
            log.error("frozen_policy_unreadable", run=self.public_id)
            return NO_POLICY

    @property
    def subject(self) -> Subject:
        """What the run is about, as it was when the run began."""
        return Subject(
            kind=self.subject_kind,
            id=self.subject_id,
            service_key=self.service_key,
            severity=self.severity,
            urgency=self.urgency,
            title=self.title,
            url=self.url,
            service=self.service_name,
        )


class StepExecution(models.Model):
    """One step taken: when it was due, when it happened, whom it named and why. Never changed afterwards.

    `recipients` is a list of {person, why, contacts, absent, how, rules, lines, skipped}; all are public ids or reason codes,
    no names. `lines` has the pages that were made: {contact, kind, rule, delay_s}. Steps of earlier releases end with `absent`.
    """

    public_id = PublicIdField(prefix="esc")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="executions")
    loop = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    planned_at = models.DateTimeField()
    executed_at = models.DateTimeField()
    lateness_ms = models.BigIntegerField()
    outcome = models.CharField(max_length=16)
    reason = models.CharField(max_length=32)
    recipients = models.JSONField()

    append_only = AppendOnly()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "loop", "step"], name="step_execution_once")]

    def __str__(self) -> str:
        return f"loop {self.loop}, step {self.step}: {self.outcome}"
