"""How people would have been reached at an instant: by the planner's own function, from configuration history alone.

Whether a contact worked is not part of that history, so every contact that was verified then counts as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from accounts.contact_rules import URGENCIES, PersonalRules, Rule
from accounts.models import ContactMethod, ContactRules, User
from ledger.tracked import as_of
from oncall.escalation.reach import Contact, Reach, reach
from oncall.escalation.who import channel_of


@dataclass(frozen=True)
class Resolved:
    """One person as of an instant: how a step would have reached them by urgency; whether all their contacts were verified."""

    reach: dict[str, Reach]
    all_verified: bool

    def channels(self, urgency: str) -> str:
        """`email@0 sms@60`: kinds of channel with their seconds after the step; empty when nothing would have been sent."""
        return " ".join(f"{line.kind}@{line.delay_s}" for line in self.reach[urgency].lines)


def resolved(people: Iterable[str], instant: datetime) -> dict[str, Resolved]:
    """Return by public id how these people would have been reached. Four queries for any number of them."""
    keys = dict(User.objects.filter(public_id__in=set(people)).values_list("pk", "public_id"))
    contacts: dict[int, list[Any]] = {pk: [] for pk in keys}
    for row in as_of(ContactMethod, instant):
        if row.user_id in contacts and row.retired_at is None:
            contacts[row.user_id].append(row)
    rules = {
        (row.user_id, row.urgency): _rules(row)
        for row in as_of(ContactRules, instant)
        if row.user_id in keys and row.retired_at is None
    }
    active = {row.id for row in as_of(User, instant) if row.is_active}
    return {
        public_id: Resolved(
            {urgency: _reach(contacts[pk], rules.get((pk, urgency)), pk in active) for urgency in URGENCIES},
            bool(contacts[pk]) and all(row.verified_at for row in contacts[pk]),
        )
        for pk, public_id in keys.items()
    }


def _reach(contacts: list[Any], rules: PersonalRules | None, active: bool) -> Reach:
    verified = [Contact(row.public_id, channel_of(row.kind)) for row in contacts if row.verified_at and active]
    found = reach(verified, rules)
    return found if active else replace(found, absent="inactive")


def _rules(row: Any) -> PersonalRules:
    left_out = {one["contact"] for one in row.opt_outs}
    asked = tuple(Rule(one["contact"], one["delay_s"]) for one in row.rules)
    return PersonalRules(f"{row.public_id}@v{row.version}", asked, frozenset(left_out - {""}), "" in left_out)
