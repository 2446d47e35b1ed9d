"""Reading what a monitor is to be: bounds, target, secrets and rule together, over what is in force."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.egress.guard import decide, refuse_name
from accounts.egress.rules import current_rules
from monitors.models import Monitor, Rule
from monitors.models.monitors import SEVERITIES, URGENCIES
from monitors.services.refusals import readable, refusal
from monitors.target import HttpSecrets, HttpTarget, read_secrets, read_target

RULE_FIELDS = ("severity", "urgency", "confirmation_s", "recovery_s")
NUMBER_FIELDS = ("interval_s", "timeout_s", *RULE_FIELDS)
FIELDS = frozenset({"name", "service", "team", "target", "secrets", *NUMBER_FIELDS})
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

    target: HttpTarget
    secrets: HttpSecrets
    interval_s: int
    timeout_s: int
    rule: dict[str, Any]


def define(given: Mapping[str, Any], monitor: Monitor | None, rule: Rule | None) -> Definition:
    """Read a definition, taking what is not given from what is in force. Raises ValidationError by field."""
    unknown = set(given) - FIELDS
    if unknown:
        raise TypeError(f"a monitor has no {', '.join(sorted(unknown))}")
    numbers = {name: _number(name, given, monitor, rule) for name in BOUNDS}
    if numbers["timeout_s"] > max(numbers["interval_s"], SHORTEST_LIMIT_S):
        sentence = (
            f"Give up before the next check is due: it runs every {numbers['interval_s']} s "
            f"and would give up after {numbers['timeout_s']} s."
        )
        raise refusal("timeout_s", sentence)
    with readable():
        secrets = read_secrets(merge_secrets((monitor.secrets if monitor else None) or {}, given.get("secrets") or {}))
        held = monitor.target if monitor else {}
        target = read_target({**held, **(given.get("target") or {})}, secrets)
    refuse_address(target)
    return Definition(
        target=target,
        secrets=secrets,
        interval_s=numbers["interval_s"],
        timeout_s=numbers["timeout_s"],
        rule={
            "confirmation_s": numbers["confirmation_s"],
            "recovery_s": numbers["recovery_s"],
            "severity": _chosen("severity", SEVERITIES, "Severity is 1 (worst) to 4.", given, rule),
            "urgency": _chosen("urgency", tuple(URGENCIES), "Urgency is high or low.", given, rule),
        },
    )


def refuse_address(target: HttpTarget) -> None:
    """Refuse at once what can be known without asking a resolver: metadata names, and addresses as such.

    Any other name is decided when the socket is opened. Raises ValidationError.
    """
    refused = refuse_name(target.host)
    if refused is None and _is_address(target.host):
        refused = decide(target.host, target.port, current_rules())
    if refused is not None:
        raise refusal("url", refused.sentence, f"address_{refused.kind}")


def merge_secrets(held: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Secrets after a change: what is given replaces, None removes, what is not given stays.

    A new sign-in replaces the other kind of sign-in.
    """
    merged = {**held, **given}
    for new, old in (("basic", "bearer"), ("bearer", "basic")):
        if given.get(new) and not given.get(old):
            merged.pop(old, None)
    return {name: value for name, value in merged.items() if value}


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
