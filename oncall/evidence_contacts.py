"""The contacts of a pack: verified or not, when each was last known to work, and which policies count on it (AL-5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max, Q

from accounts.evidence import as_of_words, with_threads
from accounts.models import ContactMethod, User
from ledger.evidence import CHUNK
from ledger.tables import Row, Scope, Table, pieces
from ledger.tracked import as_of
from oncall.escalation.who import channel_of
from oncall.evidence_policies import stands_as_of
from oncall.models import Page
from oncall.notify.states import FAILED_PERMANENT
from oncall.proofs import ELSEWHERE

CONTACTS = (
    "as_of", "contact_id", "version", "user_id", "active", "channel_kind", "address_masked", "verified_at", "last_accepted_at",
    "last_delivered_at", "last_confirmed_at", "last_failed_at", "last_proved_at", "used_in_policies",
)  # fmt: skip
WORDS = (
    " The instants are those of pages planned before the end of the span. last_failed_at: a page ended as failed for good."
    " last_proved_at: something that was sent to the contact was answered there, or its code was typed; a sign-in proves nothing"
    " of a contact. used_in_policies: those of the pack that stood for the person at as_of."
)


def contacts_table(scope: Scope, people: Sequence[str], policies: Sequence[str]) -> Table:
    """The contacts in force at the instant of the scope of these people. people, policies: public ids."""

    def rows() -> Iterator[Row]:
        owners = {row.id: row for row in as_of(User, scope.as_of) if row.public_id in set(people)}
        held = [row for row in as_of(ContactMethod, scope.as_of) if row.user_id in owners and row.retired_at is None]
        known, used = _last_known([row.id for row in held], scope.end), _used(scope, policies)
        cells = [
            (
                scope.as_of, c.public_id, c.version, owner.public_id, owner.is_active, channel_of(c.kind), c.address_mask,
                c.verified_at, *_instants(known.get(c.id, {}), c.verified_at), used.get(owner.public_id, []),
            )
            for c in held for owner in (owners[c.user_id],)
        ]  # fmt: skip
        return with_threads(ContactMethod, held, cells)

    words = as_of_words("Contact methods of people whom the pack names, masked,") + WORDS
    return Table("06_alerts/contacts", CONTACTS, rows, "contacts_known_to_work", words, {**scope.at, **scope.window})


def _last_known(contacts: Sequence[int], end: datetime) -> dict[int, dict[str, Any]]:
    """The newest instant of each truth of the pages of each contact, by primary key."""
    found: dict[int, dict[str, Any]] = {}
    for part in pieces(contacts, CHUNK):
        pages = Page.objects.filter(contact__in=part, planned_at__lt=end).order_by().values("contact_id")
        told = pages.annotate(
            accepted=_newest("accepted_at", end),
            delivered=_newest("delivered_at", end),
            confirmed=_newest("confirmed_at", end),
            failed=_newest("ended_at", end, state=FAILED_PERMANENT),
            proved=Max("confirmed_at", filter=Q(confirmed_at__lt=end) & ~Q(confirmed_how=ELSEWHERE)),
        )
        found.update({row["contact_id"]: dict(row) for row in told})
    return found


def _newest(column: str, end: datetime, **also: Any) -> Max:
    return Max(column, filter=Q(**{f"{column}__lt": end}, **also))


def _instants(told: dict[str, Any], verified_at: datetime | None) -> tuple[datetime | None, ...]:
    proofs = [at for at in (told.get("proved"), verified_at) if at is not None]
    known = tuple(told.get(name) for name in ("accepted", "delivered", "confirmed", "failed"))
    return (*known, max(proofs, default=None))


def _used(scope: Scope, policies: Sequence[str]) -> dict[str, list[str]]:
    """The policies that stood for each person, by public id."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in stands_as_of(scope, policies):
        if one.person and one.policy.retired_at is None:
            found[one.person].add(one.policy.public_id)
    return {person: sorted(held) for person, held in found.items()}
