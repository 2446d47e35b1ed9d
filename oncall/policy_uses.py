"""Who else counts on a policy. Apps above register a question; it is asked before a policy is retired."""

from __future__ import annotations

from collections.abc import Callable

from oncall.models import Policy

Asker = Callable[[Policy], list[str]]

_askers: list[Asker] = []


def register(asker: Asker) -> None:
    """Add a question that answers with what leads to a policy, in words: `the route of Checkout`. Twice asks once."""
    if asker not in _askers:
        _askers.append(asker)


def uses_of(policy: Policy) -> list[str]:
    """Everything that leads to this policy."""
    return [use for asker in _askers for use in asker(policy)]
