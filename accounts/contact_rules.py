"""How one person wants to be paged for one urgency, as values. Pure: standard library only; told in docs/paging.md.

A rule names a contact and how many seconds after its step it is paged. An opt-out says, with a reason, that a contact is not
paged for this urgency, or, naming none, that the person is not. Nothing written is no opt-out: then every confirmed contact
is paged at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HIGH, LOW = "high", "low"
URGENCIES: dict[str, str] = {HIGH: "High urgency", LOW: "Low urgency"}
MAX_RULES = 12
MAX_DELAY_S = 60 * 60
MAX_REASON = 200


class RulesError(ValueError):
    """Rules that cannot be kept; `problems` maps a field (`rules`, `rules.0.delay_s`, `opt_outs.0.reason`) to its sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(self.problems.values()))


@dataclass(frozen=True)
class Rule:
    """One contact, by public id, and how many seconds after the step it is paged."""

    contact: str
    delay_s: int


@dataclass(frozen=True)
class OptOut:
    """A contact that is left out, or with `contact` empty the person, and why: a text, or its hash where it is kept."""

    contact: str
    reason: str


@dataclass(frozen=True)
class Held:
    """A contact of the person that could stand in a rule: how a sentence names it, and whether a code proved it."""

    name: str
    verified: bool


@dataclass(frozen=True)
class PersonalRules:
    """The rules of one person for one urgency. source: which object and version they are, for the record."""

    source: str
    rules: tuple[Rule, ...]
    opted_out: frozenset[str] = frozenset()
    silent: bool = False


def parse(
    urgency: str, rules: Any, opt_outs: Any, held: Mapping[str, Held]
) -> tuple[tuple[Rule, ...], tuple[OptOut, ...]]:
    """Return rules in order of time, and opt-outs; raise `RulesError` naming every fault found.

    rules: `[{"contact": "cht_…", "delay_s": 60}]`; opt_outs: `[{"contact": "cht_… or empty", "reason": "…"}]`; held: the
    person's contacts in force by public id.
    """
    problems: dict[str, str] = {}
    asked = _rules(_listed(rules, "rules", problems), held, problems)
    left_out = _opt_outs(urgency, _listed(opt_outs, "opt_outs", problems), held, problems)
    if not problems:
        _together(urgency, asked, left_out, held, problems)
    if problems:
        raise RulesError(problems)
    return tuple(sorted(asked, key=lambda rule: rule.delay_s)), tuple(left_out)


def _listed(raw: Any, field: str, problems: dict[str, str]) -> Sequence[Any]:
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        problems[field] = "This is a list."
        return ()
    if len(raw) > MAX_RULES:
        problems[field] = f"At most {MAX_RULES}; there are {len(raw)}."
    return raw[:MAX_RULES]


def _rules(raw: Sequence[Any], held: Mapping[str, Held], problems: dict[str, str]) -> list[Rule]:
    found: list[Rule] = []
    for index, item in enumerate(raw):
        where = f"rules.{index}"
        if not isinstance(item, Mapping) or set(item) != {"contact", "delay_s"}:
            problems[where] = f"Rule {index + 1} has exactly a contact and a delay_s."
            continue
        rule = Rule(item["contact"], item["delay_s"])
        fault = _contact_fault(rule.contact, held)
        if fault:
            problems[f"{where}.contact"] = fault
        if isinstance(rule.delay_s, bool) or not isinstance(rule.delay_s, int) or not 0 <= rule.delay_s <= MAX_DELAY_S:
            problems[f"{where}.delay_s"] = f"Rule {index + 1} waits 0 s to {MAX_DELAY_S // 60} min."
        elif rule in found:
            problems[where] = f"Rule {index + 1} is the same as rule {found.index(rule) + 1}: one of them is enough."
        found.append(rule)
    return found


def _contact_fault(contact: Any, held: Mapping[str, Held]) -> str:
    if not isinstance(contact, str) or contact not in held:
        return "Choose one of the person's own contacts."
    return "" if held[contact].verified else f"{held[contact].name} is not confirmed: no page can be sent there yet."


def _opt_outs(urgency: str, raw: Sequence[Any], held: Mapping[str, Held], problems: dict[str, str]) -> list[OptOut]:
    found: list[OptOut] = []
    for index, item in enumerate(raw):
        where = f"opt_outs.{index}"
        if not isinstance(item, Mapping) or set(item) != {"contact", "reason"}:
            problems[where] = "An opt-out has exactly a contact, which may be empty, and a reason."
            continue
        contact, reason = item["contact"], item["reason"]
        if contact == "" and urgency == HIGH:
            problems[f"{where}.contact"] = (
                "High urgency means that somebody is needed now, so nobody can opt out of all of it. "
                "Leave the policy instead."
            )
        elif contact != "" and (not isinstance(contact, str) or contact not in held):
            problems[f"{where}.contact"] = "Choose one of the person's own contacts."
        elif contact in {one.contact for one in found}:
            problems[where] = "This is left out once already."
        if not isinstance(reason, str) or not reason.strip():
            problems[f"{where}.reason"] = "Say why in a few words: whoever is not reached will be asked."
        elif len(reason) > MAX_REASON:
            problems[f"{where}.reason"] = f"At most {MAX_REASON} characters."
        found.append(OptOut(contact, reason.strip() if isinstance(reason, str) else ""))
    return found


def _together(
    urgency: str, rules: Sequence[Rule], left_out: Sequence[OptOut], held: Mapping[str, Held], problems: dict[str, str]
) -> None:
    """Rules and opt-outs must not contradict each other, and somebody must be left to reach."""
    silent = any(one.contact == "" for one in left_out)
    opted_out = {one.contact for one in left_out}
    for index, rule in enumerate(rules):
        if rule.contact in opted_out:
            problems[f"rules.{index}.contact"] = f"{held[rule.contact].name} is left out below, with a reason."
    if silent and rules:
        problems["rules"] = "Somebody who is not paged for low urgency needs no rules for it."
    elif not rules and not silent:
        problems["rules"] = (
            "No contact is left for high urgency. Name one, or take the rules away: then every confirmed contact is paged."
            if urgency == HIGH
            else "Name a contact, or say that low urgency pages nobody here."
        )


def without(rules: Sequence[Rule], opt_outs: Sequence[OptOut], contact: str) -> tuple[list[Rule], list[OptOut]]:
    """Return both without a contact that is gone."""
    return (
        [rule for rule in rules if rule.contact != contact],
        [one for one in opt_outs if one.contact != contact],
    )
