"""Short codes: the lowest number that is free on a phone stands for one subject while its pages are fresh."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from oncall.models import PhoneCode

# As long as the link in the page holds. A number reused sooner would let a late reply answer another incident.
KEEP = timedelta(hours=24)
_TRIES = 20
# The verbs 4 and 6 are never codes: "4 6" could mean two things, so the grammar of replies refuses it.
_VERBS = (4, 6)


class NoFreeCode(Exception):
    """Other senders took every number we tried; the page goes without one and is answered by its link."""


def code_for(phone_fingerprint: str, subject_kind: str, subject_id: str, *, now: datetime) -> int:
    """Return the number that means this subject on this phone, the same one for every page about it.

    Must run inside a transaction. Raises NoFreeCode.
    """
    for _ in range(_TRIES):
        rows = list(PhoneCode.objects.filter(phone_fingerprint=phone_fingerprint).order_by("code"))
        for row in rows:
            if (row.subject_kind, row.subject_id) == (subject_kind, subject_id) and row.last_used_at > now - KEEP:
                PhoneCode.objects.filter(pk=row.pk).update(last_used_at=max(now, row.last_used_at))
                return row.code
        code = _lowest_free(rows, now)
        if _take(phone_fingerprint, code, subject_kind, subject_id, rows, now):
            return code
    raise NoFreeCode(subject_id)


def _lowest_free(rows: list[PhoneCode], now: datetime) -> int:
    held = {row.code for row in rows if row.last_used_at > now - KEEP}
    return next(number for number in range(1, len(held) + 4) if number not in held and number not in _VERBS)


def _take(
    phone_fingerprint: str, code: int, subject_kind: str, subject_id: str, rows: list[PhoneCode], now: datetime
) -> bool:
    """Take a stale row over, or insert a new one; False when another sender was faster."""
    stale = next((row for row in rows if row.code == code), None)
    if stale is not None:
        free = PhoneCode.objects.filter(pk=stale.pk, last_used_at=stale.last_used_at)
        return bool(free.update(subject_kind=subject_kind, subject_id=subject_id, last_used_at=now))
    try:
        with transaction.atomic():
            PhoneCode.objects.create(
                phone_fingerprint=phone_fingerprint,
                code=code,
                subject_kind=subject_kind,
                subject_id=subject_id,
                last_used_at=now,
            )
    except IntegrityError:
        return False
    return True
