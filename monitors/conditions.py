"""The conditions a rule may speak of, with what they are called and how loud they are unless a rule says otherwise.

Standard library only. Adding one is a line here; docs/monitoring.md says what each of them means.
"""

from __future__ import annotations

from dataclasses import dataclass

DOWN, CERTIFICATE, DNS_CHANGED, SLOW = "down", "certificate", "dns_changed", "slow"
BELOW_QUORUM, FLAPPING, NOT_REPORTING, BURN = "below_quorum", "flapping", "not_reporting", "burn"


@dataclass(frozen=True, slots=True)
class Condition:
    """What may be true of a monitor. Severity 1 is the worst; urgency is high or low."""

    label: str
    severity: int
    urgency: str


# Down is the state of a monitor and is judged with it; the others stand beside it and never change it.
CONDITIONS: dict[str, Condition] = {
    DOWN: Condition("Down", 2, "high"),
    CERTIFICATE: Condition("Certificate", 3, "low"),
    DNS_CHANGED: Condition("Changed in DNS", 3, "low"),
    SLOW: Condition("Slow", 3, "low"),
    BELOW_QUORUM: Condition("Failing below quorum", 3, "low"),
    FLAPPING: Condition("Flapping", 3, "low"),
    NOT_REPORTING: Condition("Not reporting", 2, "high"),
    BURN: Condition("Burning its error budget", 2, "high"),
}

# Which of them a monitor of a type has a rule for from the beginning, beside "down".
OF_KIND: dict[str, tuple[str, ...]] = {"tls": (CERTIFICATE,), "dns": (DNS_CHANGED,)}

LABELS = {name: condition.label for name, condition in CONDITIONS.items()}


def is_louder(severity: int, urgency: str, than_severity: int, than_urgency: str) -> bool:
    """Whether somebody who was told of the second must be told again because of the first."""
    return severity < than_severity or (urgency == "high" and than_urgency != "high")
