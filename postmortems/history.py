"""How versions of post-mortems and action items are told: history holds keys and hashes, a reader wants names and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accounts.history import Change, changes_of, naming
from accounts.models import User
from ledger.texts import read
from ledger.tracked import Tracked
from postmortems.sections import CATEGORIES, KINDS
from postmortems.states import ITEM_STATES, STATES


def labels() -> Mapping[str, Callable[[Any], str]]:
    """Words by column; each reads a name or a text once."""
    person, words = naming(User), _words()
    one_of = {**CATEGORIES, **KINDS, **STATES, **ITEM_STATES}
    people = dict.fromkeys(("owner", "author", "submitted_by", "approved_by", "done_by", "verified_by"), person)
    texts = dict.fromkeys(("text_sha256", "evidence_sha256", "dropped_because_sha256"), words)
    choices = dict.fromkeys(("status", "kind", "root_cause_category"), lambda value: one_of.get(value, "nothing"))
    instants = dict.fromkeys(
        ("submitted_at", "published_at", "done_at", "verified_at", "dropped_at", "due_at"),
        lambda value: f"{value:%Y-%m-%d %H:%M} UTC" if value else "nothing",
    )
    return {**people, **texts, **choices, **instants}


def told(obj: Tracked) -> list[Change]:
    """The newest versions of an object in words."""
    return changes_of(obj, labels=labels())


def _words() -> Callable[[Any], str]:
    known: dict[str, str] = {"": "nothing"}

    def say(sha: str) -> str:
        if sha not in known:
            known[sha] = read(sha)
        return known[sha]

    return say
