"""How a step reaches one person: which contacts, when, and by which rule. Pure: standard library only.

The planner asks this for every person of a step; the readiness grid asks the same, so that what it shows is what happens.
In words in docs/paging.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from accounts.contact_rules import PersonalRules

# Rules by which a contact was chosen. Those of a person are called rule_1, rule_2 and so on, as they stand in their list.
ALL, LAST_RESORT, CATCH_ALL = "all", "last_resort", "catch_all"
RULE = "rule_"

# How a person is reached, kept with every step taken.
BY_RULES, NO_RULES, RULES_LEFT_NONE, OPTED_OUT = "rules", "no_rules", "rules_left_none", "opted_out"
NO_WORKING_CONTACT, NO_VERIFIED_CONTACT = "no_working_contact", "no_verified_contact"


@dataclass(frozen=True)
class Contact:
    """One verified contact method of an active person. `healthy` is false after a permanent failure."""

    id: str
    kind: str
    healthy: bool = True


@dataclass(frozen=True)
class Line:
    """One page to make for a person: over this contact, by this rule, so many seconds after the step."""

    contact: str
    kind: str
    rule: str
    delay_s: int = 0


@dataclass(frozen=True)
class Reach:
    """What a step does for one person, and how it came to that.

    `absent` names the reason when nothing that works is tried. `source`: the rules and their version. `skipped`: contacts of
    the rules that do not work or are gone.
    """

    lines: tuple[Line, ...]
    how: str
    absent: str = ""
    source: str = ""
    skipped: tuple[str, ...] = ()


def reach(contacts: Sequence[Contact], rules: PersonalRules | None) -> Reach:
    """Return how a person with these contacts is paged. Without rules: over everything that works, at once."""
    if rules is None or not contacts:
        return at_once(contacts)
    if rules.silent:
        return Reach((), OPTED_OUT, OPTED_OUT, rules.source)
    allowed = [contact for contact in contacts if contact.id not in rules.opted_out]
    if not allowed:
        return Reach((), OPTED_OUT, OPTED_OUT, rules.source)
    lines, skipped = _by_rules(allowed, rules)
    if lines:
        return Reach(lines, BY_RULES, "", rules.source, skipped)
    # none of the rules can be kept: whatever else works is better than silence
    found = at_once(allowed)
    return Reach(found.lines, RULES_LEFT_NONE, found.absent, rules.source, skipped)


def at_once(contacts: Sequence[Contact]) -> Reach:
    """Every working contact at once; broken ones if there is no other, and then the person counts as not reached."""
    working = [contact for contact in contacts if contact.healthy]
    rule = ALL if working else LAST_RESORT
    chosen = {contact.id: contact for contact in working or contacts}.values()
    absent = "" if working else NO_WORKING_CONTACT if contacts else NO_VERIFIED_CONTACT
    return Reach(tuple(Line(contact.id, contact.kind, rule) for contact in chosen), NO_RULES, absent)


def _by_rules(contacts: Sequence[Contact], rules: PersonalRules) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """Rules with the same delay are one moment. A moment of which nothing works hands its time to the next one."""
    working = {contact.id: contact for contact in contacts if contact.healthy}
    numbered = sorted(enumerate(rules.rules, 1), key=lambda pair: pair[1].delay_s)
    lines: list[Line] = []
    skipped: list[str] = []
    earlier: int | None = None
    for delay_s, moment in groupby(numbered, key=lambda pair: pair[1].delay_s):
        at = delay_s if earlier is None else earlier
        asked = list(moment)
        kept = [(n, working[rule.contact]) for n, rule in asked if rule.contact in working]
        lines += [Line(contact.id, contact.kind, f"{RULE}{n}", at) for n, contact in kept]
        skipped += [rule.contact for _, rule in asked if rule.contact not in working]
        earlier = None if kept else at
    return tuple(lines), tuple(dict.fromkeys(skipped))
