"""Contact rules in one line of words, for their history: `E-mail a…@x.example at once, SMS +44 … 01 after 1 min`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accounts.models import ContactMethod, User
from oncall.reachwords import after_words


def names_of_contacts(person: User) -> dict[str, str]:
    """Every contact somebody ever had, by public id, as everybody may read it."""
    return {one.public_id: str(one) for one in ContactMethod.objects.filter(user=person)}


def rule_words(names: Mapping[str, str]) -> Callable[[Any], str]:
    """A function from stored rules to words."""

    def say(rules: Any) -> str:
        said = [f"{_name(names, rule)} {after_words(rule['delay_s'])}" for rule in rules or ()]
        return ", ".join(said) or "nothing"

    return say


def opt_out_words(names: Mapping[str, str]) -> Callable[[Any], str]:
    """A function from stored opt-outs to words, without their reasons: those can be redacted, a line of history not."""

    def say(opt_outs: Any) -> str:
        return ", ".join(_name(names, one) if one["contact"] else "everything" for one in opt_outs or ()) or "nothing"

    return say


def _name(names: Mapping[str, str], one: Mapping[str, Any]) -> str:
    return names.get(one["contact"], "a contact that is gone")
