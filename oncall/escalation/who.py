"""Who can be reached now: rows of accounts turned into the planner's pure types. Three or four queries for any batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.contact_rules import PersonalRules
from accounts.models import ContactMethod, ContactRules, User
from accounts.roles import ADMIN
from oncall.escalation.plan import Ring, Who
from oncall.escalation.reach import NO_VERIFIED_CONTACT, Contact
from oncall.escalation.targets import stand_for
from oncall.models import CatchAll
from oncall.notify.names import name_of


@dataclass(frozen=True)
class Reachable:
    """One contact method that may be paged, with what a page row copies from it."""

    contact_id: int
    public_id: str
    kind: str
    mask: str
    healthy: bool
    person_id: int
    person: str
    person_name: str
    role: str

    @property
    def channel_name(self) -> str:
        """What the channel is called inside a sentence."""
        return name_of(self.kind)


@dataclass(frozen=True)
class Directory:
    """`who` for the planner, and the rows behind its ids for the applier."""

    who: Who
    contacts: dict[str, Reachable]


def reachable_contacts(people: Iterable[User] | None = None) -> list[Reachable]:
    """Return verified contact methods of active people (of these, if given). Addresses are not read."""
    rows = ContactMethod.objects.in_force().filter(
        verified_at__isnull=False, user__is_active=True, user__retired_at__isnull=True
    )
    if people is not None:
        rows = rows.filter(user__in=list(people))
    values = rows.order_by("user_id", "created_at", "pk").values_list(
        "pk", "public_id", "kind", "address_mask", "unhealthy_since",
        "user_id", "user__public_id", "user__name", "user__role",
    )  # fmt: skip
    return [
        Reachable(pk, public_id, channel_of(kind), mask, unhealthy is None, user_pk, user, name, role)
        for pk, public_id, kind, mask, unhealthy, user_pk, user, name, role in values
    ]


def reachable(contact: ContactMethod, person: User) -> Reachable:
    """One contact as a page row copies it, whether or not it would be chosen now."""
    return Reachable(
        contact.pk,
        contact.public_id,
        channel_of(contact.kind),
        contact.address_mask,
        contact.unhealthy_since is None,
        person.pk,
        person.public_id,
        person.name,
        person.role,
    )


def directory(targets: Iterable[str], *, now: datetime) -> Directory:
    """Return everybody who can be paged; `targets` are those of policies: whom they stand for, and why one is absent."""
    wanted = set(targets)
    named = stand_for(wanted, now=now)
    people = (wanted - set(named)) | {one.person for group in named.values() for one in group}
    reachable = reachable_contacts()
    contacts = contacts_by_person(reachable)
    missing = people - set(contacts)
    absent = _why_absent(missing) if missing else {}
    who = Who(contacts, _rings(reachable), absent, personal_rules(people) if people else {}, named)
    return Directory(who, {row.public_id: row for row in reachable})


def contacts_by_person(reachable: Iterable[Reachable]) -> dict[str, tuple[Contact, ...]]:
    """Return the planner's contacts by public id of their person, in the order given."""
    found: dict[str, tuple[Contact, ...]] = {}
    for row in reachable:
        found[row.person] = (*found.get(row.person, ()), Contact(row.public_id, row.kind, row.healthy))
    return found


def personal_rules(people: Iterable[str]) -> dict[tuple[str, str], PersonalRules]:
    """Return the contact rules in force of these people, by (person, urgency)."""
    held = ContactRules.objects.in_force().filter(user__public_id__in=set(people)).select_related("user")
    return {(rules.user.public_id, rules.urgency): rules.values() for rules in held}


def channel_of(contact_kind: str) -> str:
    """Return the channel that carries a page to a kind of contact; but for phones that are texted, it has the same name."""
    return "sms" if contact_kind == "phone" else contact_kind


def _rings(reachable: list[Reachable]) -> tuple[Ring, ...]:
    """The catch-all people, then the admins, then everybody: each ring without those already in one before it."""
    everyone = list(dict.fromkeys(row.person for row in reachable))
    admins = {row.person for row in reachable if row.role == ADMIN}
    seen: set[str] = set()
    rings: list[Ring] = []
    for source, people in (
        ("configured", [person for person in CatchAll.current().people if person in set(everyone)]),
        ("admins", [person for person in everyone if person in admins]),
        ("everyone", everyone),
    ):
        fresh = tuple(person for person in people if person not in seen)
        seen.update(fresh)
        if fresh:
            rings.append(Ring(source, fresh))
    return tuple(rings)


def _why_absent(people: set[str]) -> dict[str, str]:
    known = dict(User.objects.filter(public_id__in=people).values_list("public_id", "is_active"))
    return {
        person: "unknown_person" if person not in known else NO_VERIFIED_CONTACT if known[person] else "inactive"
        for person in people
    }
