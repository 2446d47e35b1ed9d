"""The facts of an incident that its post-mortem may cite: the lines of its timeline and the steps of its escalation."""

from __future__ import annotations

from incidents.models import Incident
from incidents.views.log import LogLine, log_of
from postmortems.markup import Fact


def lines_of(incident: Incident) -> list[LogLine]:
    """The story with both clocks, oldest first: a post-mortem is read forwards."""
    # sorted again, not reversed: lines of one instant keep the order in which they were written
    return sorted(log_of(incident), key=lambda line: (line.happened_at, line.recorded_at))


def as_facts(lines: list[LogLine]) -> dict[str, Fact]:
    """The lines as facts by id."""
    return {
        line.anchor: Fact(line.anchor, line.happened_at, line.said, quote=line.quote, source=line.who) for line in lines
    }


def facts_of(incident: Incident) -> dict[str, Fact]:
    """The facts of an incident by id."""
    return as_facts(lines_of(incident))
