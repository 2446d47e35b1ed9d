"""Who else counts on a person. Apps above register a question; accounts asks it before somebody leaves.

Accounts may not import what stands above it, and a person must not be deactivated by screen, API or
shell while a policy would be left with nobody. So the asking goes through this list.
"""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User


@dataclass(frozen=True)
class Use:
    """One thing that would break: `policy Checkout critical`, and where to mend it."""

    what: str
    why: str
    url: str


_askers: list[Callable[[User], list[Use]]] = []


def register(asker: Callable[[User], list[Use]]) -> None:
    """Add a question, asked of every person about to be deactivated. Adding it twice asks once."""
    if asker not in _askers:
        _askers.append(asker)


def uses_of(user: User) -> list[Use]:
    """Everything that would be left with nobody if this person went."""
    return [use for asker in _askers for use in asker(user)]
