"""How one person is reached now: their contacts, their rules, and the grid that follows from both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accounts.contact_rules import URGENCIES
from accounts.models import ContactMethod, ContactRules, User
from accounts.queries import contacts_of, rules_of
from oncall.escalation.reach import NO_VERIFIED_CONTACT, Reach, reach
from oncall.escalation.who import channel_of, contacts_by_person, reachable_contacts
from oncall.notify import setup
from oncall.proofs import Proof, proofs_of
from oncall.readiness import INACTIVE, Cell, Row, Way, grid


@dataclass(frozen=True)
class Reached:
    """One person: contacts in force with their newest proofs, rules in force by urgency, a row of readiness an urgency."""

    person: User
    contacts: Sequence[ContactMethod]
    proofs: Sequence[Proof]
    rules: dict[str, ContactRules]
    rows: list[Row]

    @property
    def by_channel(self) -> list[tuple[str, list[Cell]]]:
        """The cells of all urgencies side by side, channel by channel."""
        columns = zip(*(row.cells for row in self.rows), strict=True)
        return [(cells[0].channel, list(cells)) for cells in columns]


def reached(person: User, *, now: datetime) -> Reached:
    """Return how a step would reach this person if it were taken now. Five queries."""
    contacts = list(contacts_of(person))
    proofs = proofs_of(contacts)
    rules = {held.urgency: held for held in rules_of(person)}
    usable = contacts_by_person(reachable_contacts([person])).get(person.public_id, ())
    found = {urgency: _found(person, reach(usable, held.values() if held else None)) for urgency, held in _each(rules)}
    left_out = {urgency: held.values().opted_out for urgency, held in rules.items()}
    ways = [_way(proof, now) for proof in proofs]
    return Reached(person, contacts, proofs, rules, grid(ways, found, left_out, setup.ready()))


def contact_name(contact: ContactMethod) -> str:
    """A contact as everybody may read it: its mask, and what its person calls it."""
    return f"{contact.address_mask} ({contact.label})" if contact.label else contact.address_mask


def _each(rules: dict[str, ContactRules]) -> list[tuple[str, ContactRules | None]]:
    return [(urgency, rules.get(urgency)) for urgency in URGENCIES]


def _found(person: User, said: Reach) -> Reach:
    gone = said.absent == NO_VERIFIED_CONTACT and not person.is_active
    return replace(said, absent=INACTIVE) if gone else said


def _way(proof: Proof, now: datetime) -> Way:
    contact = proof.contact
    verified, healthy = contact.verified_at is not None, contact.unhealthy_since is None
    name = contact_name(contact)
    return Way(contact.public_id, channel_of(contact.kind), name, verified, healthy, not proof.overdue(now))
