"""The ids of an address: anything of another form is a 404 before a view or the database sees it."""

from __future__ import annotations

from typing import Any

from accounts.api.fields import PUBLIC_ID


class PublicIdConverter:
    """`<pid:public_id>`: a prefix and sixteen characters."""

    regex = PUBLIC_ID

    def to_python(self, value: str) -> str:
        """Ids are text."""
        return value

    def to_url(self, value: str) -> str:
        """Ids are text."""
        return value


class IncidentNumberConverter(PublicIdConverter):
    """`<number:number>`: `INC-2026-0042`."""

    regex = r"INC-[0-9]{4}-[0-9]{4,9}"


class SequenceConverter:
    """`<seq:seq>`: a ledger sequence number that fits the column."""

    regex = r"[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """The number as text."""
        return str(value)


# how the OpenAPI document describes them
SCHEMAS: dict[str, dict[str, Any]] = {
    "pid": {"type": "string", "pattern": f"^{PUBLIC_ID}$", "example": "mon_x3k9f2m8q1r7t5w0"},
    "number": {"type": "string", "pattern": f"^{IncidentNumberConverter.regex}$", "example": "INC-2026-0042"},
    "seq": {"type": "integer", "minimum": 1, "maximum": 10**18 - 1},
}
