"""Post-mortems: the document, the versions of its sections, and what was published."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from postmortems import states
from postmortems.sections import TEMPLATE


class PostMortem(Tracked):
    """What we learnt from one incident; `PM-2026-0042` belongs to `INC-2026-0042`.

    The row is tracked: who asked for approval, what is owed until when and how a cause was classed are
    decisions that people revise. The words are not here: each saved text is a SectionVersion.
    `published_at` and `approved_by` are of the newest revision that was published.
    """

    public_id = PublicIdField(prefix="PM")
    incident = models.OneToOneField("incidents.Incident", on_delete=models.PROTECT, related_name="postmortem")
    status = models.CharField(max_length=16, choices=states.state_choices, default=states.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    template = models.PositiveSmallIntegerField(default=TEMPLATE)
    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    required = models.BooleanField(default=False)
    required_because = models.CharField(max_length=16, blank=True, default="")
    due_at = models.DateTimeField(null=True)
    root_cause_category = models.CharField(max_length=16, blank=True, default="")
    runbook_changed = models.BooleanField(null=True)
    drafted_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["status", "due_at"], name="postmortem_due")]

    def __str__(self) -> str:
        return self.public_id

    @property
    def number(self) -> str:
        """The number, the only id in addresses and API."""
        return self.public_id

    @property
    def is_published(self) -> bool:
        """Whether the newest revision is approved; it is read only then."""
        return self.status == states.PUBLISHED

    def is_late(self, now: datetime) -> bool:
        """Whether it is owed, was never published, and its day has passed."""
        return self.published_at is None and self.due_at is not None and self.due_at < now


class SectionVersion(models.Model):
    """One saved text of one section: who wrote it and when. The words are a hash (ledger.texts), so they can be erased."""

    public_id = PublicIdField(prefix="pmv")
    postmortem = models.ForeignKey(PostMortem, on_delete=models.PROTECT, related_name="versions")
    section = models.CharField(max_length=16)
    version = models.PositiveIntegerField()
    revision = models.PositiveIntegerField()
    text_sha256 = models.CharField(max_length=64, blank=True, default="")
    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    how = models.CharField(max_length=120, blank=True, default="")
    saved_at = models.DateTimeField()
    entry = models.ForeignKey("ledger.Entry", on_delete=models.PROTECT, related_name="+")

    append_only = AppendOnly()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["postmortem", "section", "version"], name="section_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.section} v{self.version}"


class Publication(models.Model):
    """One approved revision as it was approved. `sections` maps each section to the hash of its text.

    second_person: the approver wrote none of it. When false, `exception_sha256` is the reason why nobody
    else could approve.
    """

    public_id = PublicIdField(prefix="pmr")
    postmortem = models.ForeignKey(PostMortem, on_delete=models.PROTECT, related_name="publications")
    revision = models.PositiveIntegerField()
    sections = models.JSONField(default=dict)
    root_cause_category = models.CharField(max_length=16)
    runbook_changed = models.BooleanField()
    sha256 = models.CharField(max_length=64)
    approved_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()
    second_person = models.BooleanField()
    exception_sha256 = models.CharField(max_length=64, blank=True, default="")
    entry = models.ForeignKey("ledger.Entry", on_delete=models.PROTECT, related_name="+")

    append_only = AppendOnly()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["postmortem", "revision"], name="publication_once")]

    def __str__(self) -> str:
        return f"{self.postmortem} revision {self.revision}"
