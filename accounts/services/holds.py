"""Legal holds: placing one is one admin's decision, releasing it two people's."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import LegalHold, User
from accounts.second_person import SamePerson, approves_alone

NAME_MAX = 120


@transaction.atomic
def place_hold(*, name: str, by: User | None, now: datetime, reason: str, description: str = "") -> LegalHold:
    """From now on nothing recorded is deleted. Raises ValidationError without a name or a reason."""
    if not name.strip() or len(name) > NAME_MAX:
        raise ValidationError(
            {"name": ValidationError(f"Give it a name of at most {NAME_MAX} characters.", code="invalid")}
        )
    if not reason.strip():
        raise ValidationError({"reason": ValidationError("Say who ordered it, and why.", code="invalid")})
    hold = LegalHold(name=name.strip(), description=description.strip(), placed_by=by)
    hold.save(now=now, reason=reason)
    return hold


@transaction.atomic
def release_hold(
    hold: LegalHold, *, by: User, now: datetime, reason: str, expected_version: int | None = None
) -> LegalHold:
    """Let what is past its time go again. By another admin than placed it, or as a recorded exception.

    Raises ValidationError, StaleVersion.
    """
    held: LegalHold = LegalHold.objects.select_for_update(of=("self",)).select_related("placed_by").get(pk=hold.pk)
    if held.retired_at:
        raise ValidationError({"hold": ValidationError(f"{held.name} was released already.", code="conflict")})
    try:
        alone = approves_alone(held.placed_by, by, held, verb="manage_organisation")
    except SamePerson as error:
        sentence = str(error).replace("asked for", "placed").replace("approve", "release")
        raise ValidationError({"hold": ValidationError(sentence, code="same_person")}) from None
    held.released_by, held.released_alone = by, alone
    held.retire(now=now, reason=reason, expected_version=expected_version)
    return held


def on_hold() -> bool:
    """Whether any hold is in force: then nothing is purged."""
    return LegalHold.objects.in_force().exists()
