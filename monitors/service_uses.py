"""Who else counts on a service. Apps above register a question; it is asked before a service is retired."""

from __future__ import annotations

from collections.abc import Callable

from monitors.models import Service

Asker = Callable[[Service], list[str]]

_askers: list[Asker] = []


def register(asker: Asker) -> None:
    """Add a question that answers with what shows a service, in words: `the status page Larkspur`. Twice asks once."""
    if asker not in _askers:
        _askers.append(asker)


def uses_of(service: Service) -> list[str]:
    """Everything that shows this service."""
    return [use for asker in _askers for use in asker(service)]
