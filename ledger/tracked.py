"""The base of every configuration model: each change is one history row and one ledger entry.

Rules (docs/ledger.md): a tracked object is saved, never updated in bulk and never deleted; it is
retired. Addresses, names of people, free text and secrets stay out of history (`untracked_fields`); a
mask and a keyed fingerprint stand for them in columns of their own. A reason is kept as a text that can
be redacted and enters as its hash.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, NoReturn, Self

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from simple_history.models import HistoricalRecords

from ledger import clock
from ledger.actors import current_actor
from ledger.record import record
from ledger.texts import keep, read, text_hash

ALWAYS_UNTRACKED = ("created_at",)

# the state being saved, on its way to the history row that simple-history makes
_pending_state: ContextVar[str] = ContextVar("watchbook_pending_state", default="")


class StaleVersion(ValidationError):
    """Somebody changed the object since it was read; nothing was saved."""


class TrackedOnly(TypeError):
    """A tracked model was changed in a way that would leave no history."""


class TrackedQuerySet(models.QuerySet):
    """Reads as usual; refuses every write that goes around `save`."""

    def in_force(self) -> Self:
        """Objects that are not retired."""
        return self.filter(retired_at__isnull=True)

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TrackedOnly(f"{self.model.__name__} is tracked: save each object, so that its history is written")

    update = bulk_create = bulk_update = delete = update_or_create = _refuse  # type: ignore[assignment]
    aupdate = abulk_create = abulk_update = adelete = aupdate_or_create = _refuse  # type: ignore[assignment]


class TrackedRecords(HistoricalRecords):
    """HistoricalRecords that leave out what the model says, and know who acted."""

    def fields_included(self, model: Any) -> list[models.Field]:
        left_out = {*self.excluded_fields, *getattr(model, "untracked_fields", ()), *ALWAYS_UNTRACKED}
        return [field for field in model._meta.fields if field.name not in left_out]


class HistoryBase(models.Model):
    """What every history row knows beside the fields: the actor, the way in, and the state's exact text.

    The text is what the ledger entry hashed. It stays checkable when a later release adds a column.
    """

    actor_kind = models.CharField(max_length=16, default="system")
    actor_id = models.CharField(max_length=40, default="", blank=True)
    actor_via = models.CharField(max_length=64, default="", blank=True)
    actor_network = models.CharField(max_length=64, default="", blank=True)
    request_id = models.CharField(max_length=64, default="", blank=True)
    state = models.TextField(default="", editable=False)
    state_sha256 = models.CharField(max_length=64, default="", editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Fill in the actor on the way to the first and only insert."""
        actor = current_actor()
        self.state = self.state or _pending_state.get()
        self.state_sha256 = text_hash(self.state)
        self.actor_kind, self.actor_id, self.actor_via = actor.kind, actor.id, actor.via
        self.actor_network, self.request_id = actor.network, actor.request_id
        super().save(*args, **kwargs)

    @property
    def reason(self) -> str:
        """The reason in words, or what stands for it after a redaction."""
        return read(getattr(self, "history_change_reason", "") or "")


class Tracked(models.Model):
    """Abstract base of configuration. Subclasses declare `public_id = PublicIdField(prefix=…)`."""

    untracked_fields: ClassVar[tuple[str, ...]] = ()

    version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(editable=False, null=True)
    retired_at = models.DateTimeField(editable=False, null=True)

    objects = TrackedQuerySet.as_manager()
    history = TrackedRecords(
        inherit=True,
        bases=[HistoryBase],
        history_change_reason_field=models.TextField(null=True),
        history_user_id_field=models.BigIntegerField(null=True),
        history_user_getter=lambda row: None,
        history_user_setter=lambda row, user: None,
        get_user=lambda **kwargs: None,
        cascade_delete_history=False,
    )

    class Meta:
        abstract = True

    def save(
        self,
        *args: Any,
        now: datetime | None = None,
        reason: str = "",
        expected_version: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Save, and if a tracked field changed write one history row and one ledger entry with it.

        now: instant of the change; libraries that call `save()` themselves get the clock. reason:
        free text, kept redactable. expected_version: the version the author saw; raises StaleVersion
        when another change came first.
        """
        now = now or clock.now()  # noqa: TID251 - allauth and Django save a user without an instant
        with transaction.atomic():
            before = None if self._state.adding else self._before(expected_version)
            old = {} if before is None else before.tracked_values()
            new = self.tracked_values()
            changed = sorted(name for name in new if name != "version" and (name not in old or old[name] != new[name]))
            if before is not None and not self._to_be_written(changed, kwargs.get("update_fields")):
                self.version = before.version
                self._save_untracked(args, kwargs)
                return
            self._write(args, kwargs, now, reason, before, _as_text(old), changed)

    def retire(self, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
        """Take the object out of force; its row and its history stay."""
        self.retired_at = now
        self.save(now=now, reason=reason, expected_version=expected_version)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: what an audit may ask for is retired, not deleted."""
        raise TrackedOnly(f"{type(self).__name__} is tracked: retire it, its history must stay")

    def tracked_values(self) -> dict[str, Any]:
        """Return the tracked fields by column name, in the plain form in which they are compared and hashed."""
        return {field.attname: plain(field, getattr(self, field.attname)) for field in _compared(type(self))}

    def state_text(self) -> str:
        """Return the tracked fields as one line of sorted JSON: what history keeps and the ledger hashes."""
        return _as_text(self.tracked_values())

    def _to_be_written(self, changed: list[str], update_fields: Iterable[str] | None) -> list[str]:
        """Return the changed fields that this save writes; raises TrackedOnly if it would write half a change."""
        if update_fields is None:
            return changed
        named = set(update_fields)
        columns = {f.attname for f in self._meta.concrete_fields if {f.name, f.attname} & named}
        written = [name for name in changed if name in columns]
        left_out = [name for name in changed if name not in columns]
        if written and left_out:
            # history copies the object, and would show as saved what update_fields leaves behind
            raise TrackedOnly(f"update_fields saves {written} and leaves out the changed {left_out}: save it whole")
        return written

    def _before(self, expected_version: int | None) -> Self:
        before = type(self)._base_manager.select_for_update().get(pk=self.pk)
        if expected_version is not None and before.version != expected_version:
            raise StaleVersion(
                f"Somebody changed this since you opened it: you saw version {expected_version}, "
                f"version {before.version} is in force. Nothing of yours was saved; compare and save again."
            )
        return before

    def _save_untracked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Only untracked fields changed: no version, no history, no entry."""
        self.skip_history_when_saving = True
        try:
            super().save(*args, **kwargs)
        finally:
            del self.skip_history_when_saving

    def _write(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        now: datetime,
        reason: str,
        before: Self | None,
        was: str,
        changed: Iterable[str],
    ) -> None:
        self.version = 1 if before is None else before.version + 1
        if before is None:
            self.created_at = self.created_at or now
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "version"}
        self._history_date = now
        self._change_reason = keep(reason, now=now)
        state = self.state_text()
        token = _pending_state.set(state)
        try:
            super().save(*args, **kwargs)
        finally:
            _pending_state.reset(token)
        verb = "created" if before is None else "retired" if self.retired_at and not before.retired_at else "changed"
        record(
            f"config.{self._meta.model_name}.{verb}",
            [self],
            {
                "version": self.version,
                "fields": list(changed),
                "before": "" if before is None else text_hash(was),
                "after": text_hash(state),
                "reason": self._change_reason,
            },
            now=now,
        )


@cache
def _compared(model: type[Tracked]) -> tuple[models.Field, ...]:
    """The tracked fields of a model but its key. Kept, because simple-history builds a class each time `history` is asked for."""
    return tuple(field for field in model.history.model.tracked_fields if not field.primary_key)


def _as_text(values: dict[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def plain(field: models.Field, value: Any) -> Any:
    """Return a field's value as JSON will hand it back from the database, so that both sides compare equal."""
    value = field.to_python(value)
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, datetime):
        value = value.astimezone(UTC)
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


def as_of(model: type[Tracked], instant: datetime) -> list[Any]:
    """Return the objects of a tracked model as they were at `instant`, from history alone.

    Objects created later are absent; retired ones are there, with their `retired_at`. A change at the
    instant itself counts. Untracked fields are not part of history and must not be read.
    """
    rows = model.history.filter(history_date__lte=instant)
    newest = rows.filter(id=models.OuterRef("id")).order_by("-version", "-history_id").values("history_id")[:1]
    return list(rows.filter(history_id=models.Subquery(newest)).order_by("id"))


def version_of(obj: Tracked, version: int) -> Any:
    """Return the history row of one version of an object; raises DoesNotExist when there is none."""
    return type(obj).history.get(id=obj.pk, version=version)


@dataclass(frozen=True)
class Difference:
    """One column that differs between two versions; the values are plain JSON."""

    field: str
    before: Any
    after: Any


def differences(older: Any, newer: Any) -> list[Difference]:
    """Compare two history rows of one object by the states that were recorded; `older` may be None.

    A column that only one of the two versions had (a later release added it) counts as None in the other.
    """
    was = {} if older is None else json.loads(older.state)
    became = json.loads(newer.state)
    return [
        Difference(name, was.get(name), became.get(name))
        for name in sorted({*was, *became} - {"version"})
        if was.get(name) != became.get(name)
    ]
