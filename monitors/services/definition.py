"""Reading what a monitor is to be: bounds, target, secrets and rule together, over what is in force."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.egress.guard import decide, refuse_name
from accounts.egress.rules import current_rules
from monitors.kinds import Kind, Secrets, Target
from monitors.models import Monitor, Rule
from monitors.models.monitors import SEVERITIES, URGENCIES
from monitors.probes.registry import PROBES, described
from monitors.services.refusals import readable, refusal

RULE_FIELDS = ("severity", "urgency", "confirmation_s", "recovery_s")
NUMBER_FIELDS = ("interval_s", "timeout_s", *RULE_FIELDS)
FIELDS = frozenset({"name", "service", "team", "tags", "target", "secrets", *NUMBER_FIELDS})
DEFAULTS: dict[str, Any] = {
    "interval_s": 60,
    "timeout_s": 10,
    "confirmation_s": 60,
    "recovery_s": 60,
    "severity": 2,
    "urgency": "high",
}
DAY_S = 86_400
BOUNDS = {"interval_s": (1, DAY_S), "timeout_s": (1, 60), "confirmation_s": (0, DAY_S), "recovery_s": (0, DAY_S)}
SHORTEST_LIMIT_S = 10  # a check may take so long even when it runs more often


@dataclass(frozen=True)
class Definition:
    """All that was read, valid as a whole. rule: the fields of the rule "down"."""

    target: Target
    secrets: Secrets
    interval_s: int
    timeout_s: int
    rule: dict[str, Any]


def define(kind: Kind, given: Mapping[str, Any], monitor: Monitor | None, rule: Rule | None) -> Definition:
    """Read a definition, taking what is not given from what is in force. Raises ValidationError by field."""
    unknown = set(given) - FIELDS
    if unknown:
        raise TypeError(f"a monitor has no {', '.join(sorted(unknown))}")
    given = given if monitor else {**kind.defaults, **{name: v for name, v in given.items() if v is not None}}
    numbers = {name: _number(name, given, monitor, rule) for name in BOUNDS}
    if numbers["timeout_s"] > max(numbers["interval_s"], SHORTEST_LIMIT_S):
        sentence = (
            f"Give up before the next check is due: it runs every {numbers['interval_s']} s "
            f"and would give up after {numbers['timeout_s']} s."
        )
        raise refusal("timeout_s", sentence)
    held = (monitor.secrets if monitor else None) or {}
    secrets = kind.merge_secrets(held, given.get("secrets") or {})
    target = {**(monitor.target if monitor else {}), **(given.get("target") or {})}
    read, secret = read_check(kind, target, secrets)
    return Definition(
        target=read,
        secrets=secret,
        interval_s=numbers["interval_s"],
        timeout_s=numbers["timeout_s"],
        rule={
            "confirmation_s": numbers["confirmation_s"],
            "recovery_s": numbers["recovery_s"],
            "severity": _chosen("severity", SEVERITIES, "Severity is 1 (worst) to 4.", given, rule),
            "urgency": _chosen("urgency", tuple(URGENCIES), "Urgency is high or low.", given, rule),
        },
    )


def read_check(kind: Kind, target: Mapping[str, Any], secrets: Mapping[str, Any]) -> tuple[Target, Secrets]:
    """What is to be checked and with what. Raises ValidationError by field.

    Refused at once is what can be known without asking a resolver: metadata names, and addresses as such.
    Any other name is decided when the socket is opened.
    """
    probe = PROBES.get(kind.name)  # what reports by itself has none
    reason = probe.refusal() if probe else ""
    if reason:
        raise refusal(kind.address_field, reason, "not_offered")
    with readable():
        held = kind.read_secrets(secrets)
        read = described(kind.name, kind.read_target(target, held), held)
    refused = refuse_name(read.host)
    if refused is None and _is_address(read.host):
        refused = decide(read.host, read.port, current_rules())
    if refused is not None:
        raise refusal(kind.address_field, refused.sentence, f"address_{refused.kind}")
    return read, held


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _number(name: str, given: Mapping[str, Any], monitor: Monitor | None, rule: Rule | None) -> int:
    holder = rule if name in RULE_FIELDS else monitor
    value = given.get(name)
    if value is None:
        value = getattr(holder, name) if holder else DEFAULTS[name]
        if name == "timeout_s" and holder is None:
            value = min(value, max(int(given.get("interval_s") or value), SHORTEST_LIMIT_S))
    least, most = BOUNDS[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise refusal(name, f"Write whole seconds from {least} to {most:,}.")
    return value


def _chosen(name: str, allowed: tuple[Any, ...], sentence: str, given: Mapping[str, Any], rule: Rule | None) -> Any:
    value = given.get(name)
    if value is None:
        value = getattr(rule, name) if rule else DEFAULTS[name]
    if isinstance(value, bool) or value not in allowed:
        raise refusal(name, sentence)
    return value
