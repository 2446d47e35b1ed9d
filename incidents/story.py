"""The sentences of a timeline, rendered from (kind, data). Standard library only.

Each kind of incidents.models.TimelineEntry has one line here; a test compares. Names come in as
arguments, because a row holds keys only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.durations import spell_duration
from incidents.wording import OPENING_REASONS, join_names

HOWS = {"screen": "on the screen", "API": "by API"}


@dataclass(frozen=True)
class Line:
    """What a sentence is made of. who: name of the person, "" for the system. names: by public id."""

    kind: str
    who: str = ""
    how: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def way(self) -> str:
        """The way in, in words: ` by API`, ` by link in SMS to +44 … 80`; "" when none is known."""
        return f" {HOWS.get(self.how, 'by ' + self.how)}" if self.how else ""

    def named(self, key: str) -> str:
        """Names of the people whose ids stand under `key`."""
        ids = self.data.get(key, [])
        return join_names([self.names.get(i, "somebody") for i in ([ids] if isinstance(ids, str) else ids)])


def _acknowledged(line: Line) -> str:
    spared = line.data.get("spared", [])
    tail = f" {line.named('spared')} {'was' if len(spared) == 1 else 'were'} not called." if spared else ""
    return f"{line.who} acknowledged{line.way}. Nobody else will be called.{tail}"


def _from(line: Line) -> str:
    return f" from {line.named('had_it')}" if line.data.get("had_it") else ""


def _escalated(line: Line) -> str:
    had = line.named("had_it") if line.data.get("had_it") else ""
    not_them = f"{had} had it; " if had and had != line.who else ""
    return f"{line.who} escalated{line.way}: {not_them}the next people are called now."


def _paging(line: Line) -> str:
    if not line.data.get("policy"):
        return "No route leads from here to a policy in force: the catch-all is called."
    return f"Paging began, policy {line.data.get('policy_name') or line.data['policy']}."


def _reopened(line: Line) -> str:
    times = line.data.get("times", 1)
    return "Reopened: the same condition came back" + (f", for the {times}. time." if times > 1 else ".")


def _recovered(line: Line) -> str:
    if line.data.get("reason") == "unwatched":
        return "Closed: its monitor was retired, so nobody will see it recover."
    return "Resolved by itself: every alert has ended."


def _customer_update(line: Line) -> str:
    verb = "corrected what customers read" if line.data.get("corrects") else "told customers"
    where = f" on {line.data['page_name']}" if line.data.get("page_name") else ""
    way = "" if line.how == "screen" else line.way
    return f"{line.who} {verb}{where}{way}: {line.data.get('status', '')}."


def _published(line: Line) -> str:
    revision = line.data.get("revision", 1)
    which = f", revision {revision}" if revision > 1 else ""
    return f"{line.who} approved and published the post-mortem {line.data.get('postmortem', '')}{which}{line.way}."


LINES: dict[str, Callable[[Line], str]] = {
    "opened": lambda line: f"Opened, SEV{line.data.get('severity', '?')}.",
    "declared": lambda line: f"{line.who} declared it{line.way}, SEV{line.data.get('severity', '?')}.",
    "paging": _paging,
    "alert_joined": lambda line: (
        f"An alert ({line.data.get('condition', '')}) "
        f"{OPENING_REASONS.get(line.data.get('reason', ''), 'joined the incident')}."
    ),
    "alert_closed": lambda line: f"The alert ({line.data.get('condition', '')}) ended.",
    "reopened": _reopened,
    "acknowledged": _acknowledged,
    "acknowledged_too": lambda line: f"{line.who} acknowledged too{line.way}.",
    "acknowledged_late": lambda line: f"{line.who} acknowledged{line.way} after the end. Nothing changed.",
    "refused": lambda line: f"{line.who} answered{line.way}, but their role may not. Nothing changed.",
    "refused_stranger": lambda line: (
        f"{line.who or 'Somebody'} answered{line.way}, a page of somebody else. Nothing changed."
    ),
    "resolved": lambda line: f"{line.who} resolved it{line.way}.",
    "resolved_late": lambda line: f"{line.who} resolved it{line.way} after the end. Nothing changed.",
    "recovered": _recovered,
    "stood_down": lambda line: f"Told to stand down: {line.named('people')}.",
    "escalated": _escalated,
    "taken_over": lambda line: f"{line.who} took it over{line.way}{_from(line)}.",
    "reassigned": lambda line: (
        f"{line.who} gave it{_from(line)} to {line.named('to')}{line.way}: they are called now, and then the chain."
    ),
    "told_who_has_it": lambda line: f"Told that {line.named('holder')} has it: {line.named('people')}.",
    "snoozed": lambda line: (
        f"{line.who} put it off{line.way}: asked again in {spell_duration(line.data.get('for_s', 0))}."
    ),
    "asked_again": lambda line: (
        f"{line.named('had_it') or 'Whoever had it'} had it for {spell_duration(line.data.get('after_s', 0) // 60 * 60 or 60)} "
        "and it goes on: they are called again, then the chain."
    ),
    "person_added": lambda line: f"{line.who} added {line.named('added')}{line.way}.",
    "customer_update": _customer_update,
    "note": lambda line: f"{line.who} noted{line.way}.",
    "postmortem_started": lambda line: f"{line.who} began the post-mortem {line.data.get('postmortem', '')}{line.way}.",
    "postmortem_published": _published,
}


def sentence(line: Line) -> str:
    """Return the sentence of one timeline line. Raises KeyError for a kind that has none."""
    return LINES[line.kind](line)
