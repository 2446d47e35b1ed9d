"""How people of a step were reached, in words, from what the step kept. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from accounts.durations import spell_duration
from oncall.notify.names import name_of

NO_RULES = "no rules: all verified contacts"
HOW = {
    "no_rules": NO_RULES,
    "rules_left_none": "no rule could be kept: all other verified contacts",
    "catch_all": "all verified contacts",
    "opted_out": "opted out of this urgency",
}
# Why a channel is not, or not fully, counted on: words for the reasons of `readiness`.
WHY = {
    "no_contact": "none",
    "not_verified": "not confirmed",
    "broken": "does not work",
    "opted_out": "left out",
    "not_in_rules": "not in the rules",
    "not_set_up": "not set up here",
    "inactive": "no longer here",
    "not_tested": "not tested for long",
}
ABSENT = {
    "no_working_contact": ("has no working contact", "have no working contact"),
    "no_verified_contact": ("has no verified contact", "have no verified contact"),
    "opted_out": ("opted out of this urgency", "opted out of this urgency"),
    "inactive": ("is no longer here", "are no longer here"),
    "unknown_person": ("is nobody known", "are nobody known"),
}


def after_words(delay_s: int) -> str:
    """`at once`, `after 3 min`."""
    return f"after {spell_duration(delay_s)}" if delay_s else "at once"


def line_words(lines: Iterable[Mapping[str, Any]]) -> str:
    """`e-mail at once, SMS after 1 min`: of mappings with `kind` and `delay_s`, those of one moment together."""
    moments: dict[int, list[str]] = {}
    for line in lines:
        moments.setdefault(line["delay_s"], []).append(name_of(line["kind"]))
    return ", ".join(f"{' and '.join(dict.fromkeys(kinds))} {after_words(at)}" for at, kinds in moments.items())


def told(recipients: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    """Sentences on how those of a step were reached and why others were not. names: by public id.

    recipients: of `StepExecution`; steps of earlier releases did not say how, and then neither does this.
    """
    said = [
        f"By the rules of {_name(one, names)}: {line_words(one['lines'])}." for one in _reached(recipients, "rules")
    ]
    for how in ("no_rules", "rules_left_none"):
        people = [_name(one, names) for one in _reached(recipients, how)]
        if people and len(people) == len([one for one in recipients if one["contacts"]]):
            said.append(f"{HOW[how].capitalize()}.")
        elif people:
            said.append(f"{_listed(people)}, {HOW[how]}.")
    for reason, (one_has, many_have) in ABSENT.items():
        people = [_name(one, names) for one in recipients if one["absent"] == reason]
        if people:
            said.append(f"{_listed(people)} {one_has if len(people) == 1 else many_have}.")
    return " ".join(said)


def _reached(recipients: Sequence[Mapping[str, Any]], how: str) -> list[Mapping[str, Any]]:
    return [one for one in recipients if one.get("how") == how and not one["absent"]]


def _name(one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return names.get(one["person"], "somebody")


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
