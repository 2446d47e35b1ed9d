"""Contact rules: write them, change them, take them away. Nothing is written for anybody by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.contact_rules import URGENCIES, Held, OptOut, Rule, RulesError, parse, without
from accounts.models import ContactMethod, ContactRules, User
from accounts.queries import contacts_of, rules_of
from ledger.texts import REMOVED, keep, read_many

Given = Sequence[dict[str, Any]]


class RulesExist(Exception):
    """The person has rules for this urgency already; change those."""


@transaction.atomic
def write_rules(
    person: User, urgency: str, *, rules: Given, opt_outs: Given, now: datetime, reason: str
) -> ContactRules:
    """Write a person's first rules for an urgency. Raises RulesError, RulesExist.

    rules: `[{"contact": "cht_…", "delay_s": 60}]`; opt_outs: `[{"contact": "cht_…", "reason": "…"}]`.
    """
    if urgency not in URGENCIES:
        raise RulesError({"urgency": f"Urgency is {' or '.join(URGENCIES)}."})
    made = ContactRules(user=person, urgency=urgency)
    _fill(made, rules=rules, opt_outs=opt_outs, now=now)
    try:
        with transaction.atomic():
            made.save(now=now, reason=reason)
    except IntegrityError as error:
        raise RulesExist(str(made)) from error
    return made


@transaction.atomic
def change_rules(
    held: ContactRules,
    *,
    rules: Given,
    opt_outs: Given,
    now: datetime,
    reason: str,
    expected_version: int | None = None,
) -> ContactRules:
    """Change a person's rules for the steps taken from now on. Raises RulesError, StaleVersion."""
    _fill(held, rules=rules, opt_outs=opt_outs, now=now)
    held.save(now=now, reason=reason, expected_version=expected_version)
    return held


@transaction.atomic
def drop_rules(held: ContactRules, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take the rules away: every confirmed contact is paged at once again. Raises StaleVersion."""
    held.retire(now=now, reason=reason, expected_version=expected_version)


@transaction.atomic
def forget_contact(contact: ContactMethod, *, now: datetime, reason: str) -> list[ContactRules]:
    """Take a removed contact out of its person's rules; return those that had to go with it, having no other contact."""
    gone = []
    for held in rules_of(contact.user):
        rules, opt_outs = without(held.parsed_rules, held.parsed_opt_outs, contact.public_id)
        if (len(rules), len(opt_outs)) == (len(held.rules), len(held.opt_outs)):
            continue
        if rules or any(one.contact == "" for one in opt_outs):
            held.rules, held.opt_outs = _stored(rules), _stored_opt_outs(opt_outs)
            held.save(now=now, reason=reason)
        else:
            held.retire(now=now, reason=reason)
            gone.append(held)
    return gone


def _fill(made: ContactRules, *, rules: Given, opt_outs: Given, now: datetime) -> None:
    """Validate everything and only then touch the object, so that a refused form leaves it as it was."""
    held = {one.public_id: Held(str(one), one.verified_at is not None) for one in contacts_of(made.user)}
    asked, left_out = parse(made.urgency, rules, opt_outs, held)
    kept = _kept_reasons(made)
    made.rules = _stored(asked)
    made.opt_outs = _stored_opt_outs(
        [OptOut(one.contact, kept.get(one) or keep(one.reason, now=now)) for one in left_out]
    )


def _kept_reasons(made: ContactRules) -> dict[OptOut, str]:
    """Hashes by what a form shows of an opt-out: a reason that was redacted comes back as the words that stand for it."""
    held = made.parsed_opt_outs
    texts = read_many({one.reason for one in held})
    return {OptOut(one.contact, texts.get(one.reason, REMOVED)): one.reason for one in held}


def _stored(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    return [{"contact": rule.contact, "delay_s": rule.delay_s} for rule in rules]


def _stored_opt_outs(opt_outs: Sequence[OptOut]) -> list[dict[str, str]]:
    return [{"contact": one.contact, "reason_sha256": one.reason} for one in opt_outs]
