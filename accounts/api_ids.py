"""The forms of ids in addresses, as patterns: read by URL converters, input fields and the OpenAPI document."""

from __future__ import annotations

from typing import Any

PUBLIC_ID = r"[a-z]{2,5}_[a-z0-9]{16}"
INCIDENT_NUMBER = r"INC-[0-9]{4}-[0-9]{4,9}"
POSTMORTEM_NUMBER = r"PM-[0-9]{4}-[0-9]{4,9}"
ACTION_NUMBER = r"ACT-[0-9]{4}-[0-9]{4,9}"
SEQUENCE = r"[1-9][0-9]{0,17}"

# by the name of the URL converter
SCHEMAS: dict[str, dict[str, Any]] = {
    "pid": {"type": "string", "pattern": f"^{PUBLIC_ID}$", "example": "mon_x3k9f2m8q1r7t5w0"},
    "number": {"type": "string", "pattern": f"^{INCIDENT_NUMBER}$", "example": "INC-2026-0042"},
    "pm": {"type": "string", "pattern": f"^{POSTMORTEM_NUMBER}$", "example": "PM-2026-0042"},
    "act": {"type": "string", "pattern": f"^{ACTION_NUMBER}$", "example": "ACT-2026-0031"},
    "seq": {"type": "integer", "minimum": 1, "maximum": 10**18 - 1},
}
