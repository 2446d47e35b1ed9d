"""A PagerDuty that is ours: Events API v2, with incidents that open, are acknowledged and resolved by their dedup key.

It refuses what the real one refuses: a missing field, an unknown severity or action, a summary that is too long, a routing
key of no integration. It takes an acknowledge or a resolve of a key it does not know, and ignores it. Imports nothing of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.fakes.server import FakeServer, in_json

KEY = "R0A1B2C3D4E5F6G7H8I9J0K1L2M3N4P5"
SEVERITIES = ("critical", "error", "warning", "info")
ACTIONS = ("trigger", "acknowledge", "resolve")


@dataclass
class Opened:
    """One incident over there."""

    dedup_key: str
    payload: dict
    event: dict
    state: str = "triggered"
    triggers: int = 1
    history: list = field(default_factory=list)


class FakePagerDuty(FakeServer):
    """`pagerduty.key` is the one routing key it knows; `incidents` what is open or was, in order."""

    def __init__(self):
        super().__init__()
        self.key, self.incidents = KEY, []

    def answer(self, asked):
        errors = self._errors(asked)
        if errors:
            return in_json(400, {"status": "invalid event", "message": "Event object is invalid", "errors": errors})
        event = asked.json
        self._take(event)
        return in_json(202, {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]})

    def expect(self, words, *, state="triggered"):
        """The incident with these words, in this state; fails if there is none."""
        for incident in self.incidents:
            if words in incident.payload["summary"] and incident.state == state:
                return incident
        raise AssertionError(
            f"No {state} incident with {words!r}: {[(i.payload['summary'], i.state) for i in self.incidents]}"
        )

    def _errors(self, asked):
        if asked.path != "/v2/enqueue":
            return ["no such address"]
        try:
            event = asked.json
        except ValueError:
            return ["not JSON"]
        errors = []
        if event.get("routing_key") != self.key:
            errors.append(f"Invalid routing key {event.get('routing_key')}")
        if event.get("event_action") not in ACTIONS:
            errors.append("'event_action' is invalid")
        if not re.fullmatch(r".{1,255}", event.get("dedup_key") or ""):
            errors.append("'dedup_key' is missing or too long")
        if event.get("event_action") == "trigger":
            payload = event.get("payload") or {}
            errors += [
                f"'payload.{name}' is missing or blank" for name in ("summary", "source") if not payload.get(name)
            ]
            if payload.get("severity") not in SEVERITIES:
                errors.append("'payload.severity' is invalid (must be one of critical, error, warning, info)")
            if len(payload.get("summary") or "") > 1024:
                errors.append("'payload.summary' is too long")
        return errors

    def _take(self, event):
        open_ones = [one for one in self.incidents if one.dedup_key == event["dedup_key"] and one.state != "resolved"]
        if event["event_action"] == "trigger":
            if open_ones:
                open_ones[0].triggers += 1
            else:
                self.incidents.append(Opened(event["dedup_key"], event["payload"], event))
        elif open_ones:
            open_ones[0].state = {"acknowledge": "acknowledged", "resolve": "resolved"}[event["event_action"]]
