"""The paging ledger: pages, attempts to send them, and what providers and phones told us."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from accounts.models import ContactMethod, User
from ledger.append_only import AppendOnly
from ledger.fields import EncryptedTextField, PublicIdField
from ledger.ids import snowflake
from oncall.models.runs import Run
from oncall.notify.states import CLAIMED, PLANNED


class PageQuerySet(models.QuerySet):
    """Reads in the words of the sender."""

    def due(self, now: datetime) -> Self:
        """Pages to be sent now, most urgent first."""
        return self.filter(state=PLANNED, due_at__lte=now, carried_by=None).order_by("priority", "due_at", "pk")

    def of_step(self, run_id: int | None, loop: int, step: int) -> Self:
        """All pages one step made."""
        return self.filter(run_id=run_id, loop=loop, step=step, origin="step")


class Page(models.Model):
    """One message to one person over one contact, on one occasion. The row is the outbox.

    `key` holds (run, origin, loop, step, rule, person, contact), so that a repeated plan cannot page twice. The four
    truths have a time each; `state` is the highest one, or how it ended. `ended_at`: nothing more is to be done.
    `begun_at`: when it last went to its provider. `held_at`: when a limit first held it back. `carried_by`: the page of origin
    `bundle` that says this one among others; it has the attempts, and this page shares what becomes of it.
    """

    public_id = PublicIdField(prefix="ntf")
    key = models.CharField(max_length=200, unique=True)
    run = models.ForeignKey(Run, null=True, on_delete=models.PROTECT, related_name="pages")
    origin = models.CharField(max_length=16)
    loop = models.PositiveIntegerField(default=0)
    step = models.PositiveIntegerField(default=0)
    rule = models.CharField(max_length=16)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="pages")
    contact = models.ForeignKey(ContactMethod, on_delete=models.PROTECT, related_name="pages")
    kind = models.CharField(max_length=16)
    person_name = models.CharField(max_length=120)
    to_mask = models.CharField(max_length=254)
    urgency = models.CharField(max_length=8)
    priority = models.PositiveSmallIntegerField()
    note = models.CharField(max_length=400, blank=True, default="")
    reference = models.CharField(max_length=40, blank=True, default="")

    state = models.CharField(max_length=20, default=PLANNED)
    reason = models.CharField(max_length=32, blank=True, default="")
    error_code = models.CharField(max_length=16, blank=True, default="")
    planned_at = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts_made = models.PositiveSmallIntegerField(default=0)
    short_code = models.PositiveIntegerField(default=0)
    accepted_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_how = models.CharField(max_length=16, blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    in_flight_at_ack = models.BooleanField(default=False)
    begun_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)
    carried_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="carried")

    objects = PageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["priority", "due_at"], condition=Q(state=PLANNED), name="page_due"),
            models.Index(fields=["lease_until"], condition=Q(state=CLAIMED), name="page_claimed"),
            models.Index(fields=["run", "loop", "step"], name="page_step"),
            models.Index(
                fields=["contact", "-confirmed_at"], condition=Q(confirmed_at__isnull=False), name="page_proof"
            ),
            models.Index(fields=["reference"], condition=Q(origin="test"), name="page_test"),
            models.Index(fields=["contact", "begun_at"], condition=Q(begun_at__isnull=False), name="page_begun"),
            models.Index(fields=["contact"], condition=Q(state=PLANNED, held_at__isnull=False), name="page_held"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to_mask}: {self.state}"


class ProviderPace(models.Model):
    """When an account takes the next message of a channel: it is asked under lock, so that all senders share one pace."""

    kind = models.CharField(max_length=16, unique=True)
    next_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kind}: {self.next_at}"


class Attempt(models.Model):
    """One call to a provider: inserted before the call, completed once after it.

    What is learnt later arrives as `Callback` rows; `status` is only the newest of them by rank. `inquire_at`: when to
    ask the provider, because nothing has been heard. `hang_up_at`: when to take the call back, because somebody answered.
    """

    page = models.ForeignKey(Page, on_delete=models.PROTECT, related_name="attempts")
    n = models.PositiveSmallIntegerField()
    provider = models.CharField(max_length=16)
    from_label = models.CharField(max_length=254, blank=True, default="")
    text_fingerprint = models.CharField(max_length=16)
    begun_at = models.DateTimeField()
    deadline = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, blank=True, default="")
    provider_sid = models.CharField(max_length=128, blank=True, default="")
    http_status = models.PositiveSmallIntegerField(default=0)
    error_code = models.CharField(max_length=16, blank=True, default="")
    error = models.CharField(max_length=300, blank=True, default="")
    status = models.CharField(max_length=20, blank=True, default="")
    inquire_at = models.DateTimeField(null=True)
    inquiries = models.PositiveSmallIntegerField(default=0)
    in_flight_at_ack = models.BooleanField(default=False)
    hang_up_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "n"], name="attempt_once"),
            models.UniqueConstraint(
                fields=["provider", "provider_sid"], condition=~Q(provider_sid=""), name="attempt_sid_once"
            ),
        ]
        indexes = [
            models.Index(fields=["deadline"], condition=Q(completed_at__isnull=True), name="attempt_open"),
            models.Index(fields=["inquire_at"], condition=Q(inquire_at__isnull=False), name="attempt_inquire"),
            models.Index(fields=["hang_up_at"], condition=Q(hang_up_at__isnull=False), name="attempt_hang_up"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.n}: {self.outcome or 'in flight'}"


class Callback(models.Model):
    """Something a provider said about an attempt: pushed to us, or the answer to our question. Never changed.

    Stored before it is understood: early, repeated, reversed and unknown ones too. `payload` is what was said without
    addresses and texts. `applied_at` and `outcome` are set once, when the row has been taken into account.
    """

    pk = models.CompositePrimaryKey("day", "id")
    day = models.DateField()
    id = models.BigIntegerField(default=snowflake)
    source = models.CharField(max_length=16)
    provider = models.CharField(max_length=16)
    sid = models.CharField(max_length=128)
    status = models.CharField(max_length=20)
    error_code = models.CharField(max_length=16, blank=True, default="")
    payload = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    attempt_id = models.BigIntegerField(null=True)
    applied_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, null=True)  # noqa: DJ001 - NULL is "not yet applied", set once

    append_only = AppendOnly(set_once=("attempt_id", "applied_at", "outcome"))

    class Meta:
        indexes = [
            models.Index(fields=["received_at"], condition=Q(applied_at__isnull=True), name="callback_waiting"),
            models.Index(fields=["provider", "sid"], name="callback_sid"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.sid} {self.status}"


class PhoneCode(models.Model):
    """The number in brackets at the end of an SMS: on this phone it means this subject. Low numbers are reused."""

    phone_fingerprint = models.CharField(max_length=16)
    code = models.PositiveIntegerField()
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    last_used_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["phone_fingerprint", "code"], name="phone_code_once")]

    def __str__(self) -> str:
        return f"[{self.code}] {self.subject_id}"


class InboundSms(models.Model):
    """One text somebody sent us. The provider's id is unique, so that a replay finds the first one and its answer.

    `wrong_code`: it named a short code that no page of its phone has.
    """

    sid = models.CharField(max_length=64, unique=True)
    from_fingerprint = models.CharField(max_length=16, db_index=True)
    from_mask = models.CharField(max_length=32)
    body = EncryptedTextField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=400, blank=True, default="")
    wrong_code = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "inbound SMS"
        indexes = [
            models.Index(fields=["received_at"], condition=Q(handled_at__isnull=True), name="sms_unhandled"),
            models.Index(fields=["received_at"], condition=Q(wrong_code=True), name="sms_wrong_code"),
        ]

    def __str__(self) -> str:
        return f"SMS from {self.from_mask}"


class InboundKey(models.Model):
    """One key somebody pressed in a call. `round` counts the questions of the call: each is answered once.

    The provider may bring the same key again; then the first row comes back with what was said.
    """

    sid = models.CharField(max_length=64)
    round = models.PositiveSmallIntegerField()
    page = models.ForeignKey(Page, on_delete=models.PROTECT, related_name="keys")
    digits = models.CharField(max_length=8)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sid", "round"], name="key_once")]
        indexes = [models.Index(fields=["received_at"], condition=Q(handled_at__isnull=True), name="key_unhandled")]

    def __str__(self) -> str:
        return f"key {self.digits} in round {self.round}"
