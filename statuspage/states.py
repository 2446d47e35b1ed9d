"""What customers are told: the states of a component, the statuses of an incident, and which of two states is shown.

Standard library only. docs/status-pages.md explains the tables.
"""

from __future__ import annotations

UP, DEGRADED, DOWN, UNKNOWN = "up", "degraded", "down", "unknown"
WORDS: dict[str, str] = {
    UP: "Working",
    DEGRADED: "Slow or in part",
    DOWN: "Not working",
    UNKNOWN: "Not measured",
}
WORST_FIRST = (DOWN, DEGRADED, UNKNOWN, UP)
# nobody watched while a monitor was paused; why is nothing to customers
AS_CUSTOMERS_SEE = {"paused": UNKNOWN}

INVESTIGATING, IDENTIFIED, MONITORING, RESOLVED = "investigating", "identified", "monitoring", "resolved"
STATUSES: dict[str, str] = {
    INVESTIGATING: "Investigating",
    IDENTIFIED: "Identified",
    MONITORING: "Monitoring",
    RESOLVED: "Resolved",
}
IMPACTS: dict[str, str] = {DOWN: "Not working", DEGRADED: "Slow or in part", UP: "Working again"}


def seen(measured: str) -> str:
    """The state of a service as customers are told it: paused time was not measured."""
    return AS_CUSTOMERS_SEE.get(measured, measured)


def shown(measured: str, told: list[str]) -> str:
    """The state a component shows: the worst of what was measured and of what open incidents say of it.

    So a person can say that something is broken which no monitor sees, and nobody can talk a measured
    fault away. Told to work while nothing is measured is still not measured.
    """
    return min([measured, *told], key=WORST_FIRST.index)


def worst(states: list[str]) -> str:
    """The worst of them; unknown for none."""
    return min(states, key=WORST_FIRST.index, default=UNKNOWN)


def status_choices() -> list[tuple[str, str]]:
    """Choices as a callable, so that a new status never makes a migration."""
    return list(STATUSES.items())
