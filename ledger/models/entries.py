"""The append-only record: entries, what they speak of, and free text that may be redacted."""

from __future__ import annotations

from django.db import models

from ledger.append_only import AppendOnly


class Entry(models.Model):
    """One fact in one line of text. The exact bytes are hashed; they are never serialised again.

    `seq` and `hash` are given once, by the linker, within a second of the commit.
    """

    id = models.BigAutoField(primary_key=True)
    recorded_at = models.DateTimeField()
    kind = models.CharField(max_length=64)
    line = models.TextField()
    seq = models.BigIntegerField(null=True, unique=True)
    hash = models.CharField(max_length=64, null=True)  # noqa: DJ001 - NULL is "not yet linked", "" would be a hash

    append_only = AppendOnly(set_once=("seq", "hash"), born_null=("seq", "hash"))

    class Meta:
        verbose_name_plural = "entries"
        indexes = [models.Index(fields=["id"], condition=models.Q(seq__isnull=True), name="ledger_unlinked")]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq or 'unlinked'}"


class LedgerSubject(models.Model):
    """Ties an entry to an exported object, so that every row of a report leads to the ledger."""

    id = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="subjects")
    kind = models.CharField(max_length=32)
    object_id = models.CharField(max_length=64)

    append_only = AppendOnly()

    class Meta:
        indexes = [models.Index(fields=["kind", "object_id", "entry"], name="ledger_subject")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class Text(models.Model):
    """Free text that history and ledger name by its SHA-256 only, so that it can be redacted.

    A redaction blanks `body` and leaves the hash: the fact that something was written stays provable.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    body = models.TextField()
    recorded_at = models.DateTimeField()
    redacted_at = models.DateTimeField(null=True)

    append_only = AppendOnly(set_once=("redacted_at",), blanked=("body",), born_null=("redacted_at",))

    def __str__(self) -> str:
        return self.sha256[:12]


class Head(models.Model):
    """The end of the chain as the linker last left it: one row, written with every batch.

    It shows a tail that somebody removed, as long as this row was left alone; what nobody on this
    machine can forget is only the seal that left it (docs/ledger.md).
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="ledger_one_head")]

    def __str__(self) -> str:
        return f"line {self.seq}"
