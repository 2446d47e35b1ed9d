"""The ids of an address: anything of another form is a 404 before a view or the database sees it."""

from __future__ import annotations

from django.urls import register_converter

from accounts.api_ids import ACTION_NUMBER, INCIDENT_NUMBER, POSTMORTEM_NUMBER, PUBLIC_ID, SEQUENCE


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

    regex = INCIDENT_NUMBER


class PostMortemNumberConverter(PublicIdConverter):
    """`<pm:number>`: `PM-2026-0042`."""

    regex = POSTMORTEM_NUMBER


class ActionNumberConverter(PublicIdConverter):
    """`<act:number>`: `ACT-2026-0031`."""

    regex = ACTION_NUMBER


class SequenceConverter:
    """`<seq:seq>`: a ledger sequence number that fits the column."""

    regex = SEQUENCE

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """The number as text."""
        return str(value)


def register() -> None:
    """Make the converters known to Django; called once, by the module of the API's addresses."""
    register_converter(PublicIdConverter, "pid")
    register_converter(IncidentNumberConverter, "number")
    register_converter(PostMortemNumberConverter, "pm")
    register_converter(ActionNumberConverter, "act")
    register_converter(SequenceConverter, "seq")
