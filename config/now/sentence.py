"""The first line of the Now page: one sentence that answers, and a second that says the rest. Pure but for its types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from config.wording import count, length, listed, numeral
from incidents.models import Incident


@dataclass(frozen=True)
class Headline:
    """state: the mark beside the sentence. The instant inside it is drawn by the template."""

    state: str
    before: str
    since: datetime | None
    after: str
    lead: str


def headline(
    incidents: Sequence[Incident],
    counts: Mapping[str, int],
    *,
    engine: str,
    unwell: Sequence[str],
    next_call: str,
    now: datetime,
) -> Headline:
    """What a person who has just woken up must know.

    engine: why it stands still, "" while it runs. unwell: parts of the watcher that are late or silent.
    """
    if engine:
        rest = f" {count(len(incidents), 'incident')} open." if incidents else ""
        return Headline("unknown", "Watchbook is not watching.", None, "", f"{engine}{rest}")
    said = _worst(incidents[0], list(incidents[1:]), counts, next_call, now) if incidents else _quiet(counts)
    if not unwell:
        return said
    warning = f"The watcher itself is not well: {listed([name.lower() for name in unwell])}."
    return replace(said, state="degraded" if said.state in ("", "up") else said.state, lead=f"{warning} {said.lead}")


def _worst(
    worst: Incident, others: list[Incident], counts: Mapping[str, int], next_call: str, now: datetime
) -> Headline:
    has = f"{worst.acknowledged_by} has it." if worst.acknowledged_by else f"Nobody has it yet{next_call}."
    more = f" {count(len(others), 'other incident')} open." if others else ""
    lead = f"For {length(now - worst.opened_at, 1)}.{more} {_rest(counts)}"
    return Headline("down", f"{worst.title} since", worst.opened_at, f". {has}", lead)


def _rest(counts: Mapping[str, int]) -> str:
    """The monitors in a sentence, trouble first."""
    words = {
        "down": "down",
        "verifying": "failing, not yet confirmed",
        "degraded": "degraded",
        "unknown": "not watched",
        "paused": "paused",
        "up": "up",
    }
    said = [f"{counts[state]:,} {word}" for state, word in words.items() if counts.get(state)]
    return f"Of {count(sum(counts.values()), 'monitor')}: {', '.join(said)}." if said else "Nothing is watched yet."


def _quiet(counts: Mapping[str, int]) -> Headline:
    total, up = sum(counts.values()), counts.get("up", 0)
    if not total:
        lead = "Give Watchbook the address your customers use; it is checked from the next second on."
        return Headline("", "Nothing is watched yet", None, ".", lead)
    if counts.get("down"):
        said = f"{numeral(counts['down']).capitalize()} {'monitor is' if counts['down'] == 1 else 'monitors are'} down"
        return Headline("down", said, None, ", and no incident is open.", _rest(counts))
    if counts.get("verifying"):
        said = f"{numeral(counts['verifying']).capitalize()} {'check fails' if counts['verifying'] == 1 else 'checks fail'}"
        return Headline("degraded", said, None, ", not yet confirmed.", _rest(counts) + " No incident is open.")
    if up == total:
        said = "The one monitor is up" if total == 1 else f"All {total:,} monitors are up"
        return Headline("up", said, None, ".", "No incident is open.")
    if counts.get("unknown"):
        return Headline(
            "unknown", f"{up:,} of {total:,} monitors are seen up", None, ".", _rest(counts) + " No incident is open."
        )
    return Headline("up", "Nothing is wrong", None, ".", _rest(counts) + " No incident is open.")
