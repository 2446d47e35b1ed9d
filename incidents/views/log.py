"""The lines of a timeline as a page shows them: newest first, two clocks, a symbol, a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from incidents.models import Incident, TimelineEntry
from incidents.queries import story_of
from incidents.story import Line, sentence
from incidents.subjects import KIND
from incidents.wording import join_names
from oncall.models import Page, Policy, StepExecution
from oncall.notify.names import title_of
from oncall.notify.states import CANCELLED, PLANNED
from oncall.queries import held_pages, people_by_id
from oncall.reachwords import told

LATE = timedelta(minutes=1)
SAME = timedelta(seconds=5)
SYMBOLS = {
    "opened": ("m-down", "is-down"),
    "declared": ("i-person", ""),
    "paging": ("i-act", ""),
    "alert_joined": ("m-down", "is-down"),
    "alert_closed": ("m-up", "is-up"),
    "reopened": ("m-down", "is-down"),
    "acknowledged": ("m-confirmed", ""),
    "acknowledged_too": ("m-confirmed", ""),
    "resolved": ("m-met", "is-up"),
    "recovered": ("m-up", "is-up"),
    "stood_down": ("i-act", ""),
    "escalated": ("i-act", ""),
    "taken_over": ("m-confirmed", ""),
    "reassigned": ("i-person", ""),
    "told_who_has_it": ("i-act", ""),
    "snoozed": ("i-act", ""),
    "asked_again": ("i-act", ""),
    "person_added": ("i-person", ""),
    "note": ("i-note", ""),
    "customer_update": ("i-public", ""),
    "postmortem_started": ("i-note", ""),
    "postmortem_published": ("m-met", ""),
}
RECORDED = {
    "note": "typed",
    "customer_update": "written",
    "opened": "confirmed",
    "alert_joined": "confirmed",
    "recovered": "confirmed",
}
PEOPLE_KEYS = ("spared", "people", "added", "had_it", "to", "holder")


@dataclass(frozen=True)
class LogLine:
    """What components/entry.html draws."""

    anchor: str
    happened_at: datetime
    recorded_at: datetime
    symbol: str
    css: str
    said: str
    quote: str
    recorded_word: str
    who: str = ""
    dated: bool = False  # it happened on another day than the incident began, in the page's zone

    @property
    def recorded_later_day(self) -> bool:
        """Whether the second clock needs a day of its own."""
        return timezone.localdate(self.recorded_at) != timezone.localdate(self.happened_at)

    @property
    def same(self) -> bool:
        """Whether one clock is enough to say."""
        return abs(self.recorded_at - self.happened_at) < SAME

    @property
    def late(self) -> bool:
        """Whether the clocks differ by more than a minute, which a reader must not miss."""
        return self.recorded_at - self.happened_at > LATE


def log_of(incident: Incident) -> list[LogLine]:
    """The whole story with the steps of its escalation and pages held back, newest first; six queries for any number of lines."""
    entries, steps = story_of(incident), steps_of(incident)
    named = {who for entry in entries for who in _people_in(entry)}
    people = people_by_id(named | {one["person"] for step in steps for one in step.recipients})
    names = {public_id: str(person) for public_id, person in people.items()}
    policies = policy_names({entry.data.get("policy", "") for entry in entries} - {""})
    lines = [_line(entry, names, policies) for entry in entries] + [_step(step, names) for step in steps]
    lines += [_held(page) for page in held_pages(KIND, incident.number)]
    began = timezone.localdate(incident.opened_at)
    lines = [replace(line, dated=timezone.localdate(line.happened_at) != began) for line in lines]
    # what was recorded later stands above what happened at the same instant
    return sorted(lines, key=lambda line: (line.happened_at, line.recorded_at), reverse=True)


def steps_of(incident: Incident) -> list[StepExecution]:
    """The steps taken for an incident, in order."""
    mine = StepExecution.objects.filter(run__subject_kind=KIND, run__subject_id=incident.number)
    return list(mine.order_by("executed_at", "pk"))


def _step(step: StepExecution, names: dict[str, str]) -> LogLine:
    called = [names.get(one["person"], "somebody") for one in step.recipients if one["contacts"]]
    again = f", round {step.loop}" if step.loop > 1 else ""
    where = "Catch-all" if step.reason.startswith("catch_all") else f"Step {step.step}{again}"
    said = f"{where}: {join_names(called)} paged." if called else f"{where}: nobody could be paged."
    said = f"{said} {told(step.recipients, names)}".rstrip()
    return LogLine(
        anchor=step.public_id,
        happened_at=step.planned_at,
        recorded_at=step.executed_at,
        symbol="i-act" if called else "m-failed",
        css="" if called else "is-down",
        said=said,
        quote="",
        recorded_word="taken",
    )


def _held(page: Page) -> LogLine:
    """A page that a limit held back, and what became of it."""
    what = f"{title_of(page.kind)} to {page.person_name}"
    if page.carried_by_id:
        became = "It went out in one message with others."
    elif page.state == PLANNED:
        became = f"Next at {timezone.localtime(page.due_at):%H:%M}."
    elif page.state == CANCELLED:
        became = "It was called off before it was its turn."
    else:
        became = "It went out later."
    return LogLine(
        anchor=page.public_id,
        happened_at=page.held_at or page.planned_at,
        recorded_at=page.held_at or page.planned_at,
        symbol="i-act",
        css="",
        said=f"{what} held back: as many as allowed went there lately. {became}",
        quote="",
        recorded_word="held",
    )


def policy_names(public_ids: set[str]) -> dict[str, str]:
    """Names of policies by public id, retired ones too: a line keeps the id, a reader wants the name."""
    return dict(Policy.objects.filter(public_id__in=public_ids).values_list("public_id", "name"))


def _people_in(entry: TimelineEntry) -> Iterable[str]:
    for key in PEOPLE_KEYS:
        found = entry.data.get(key, [])
        yield from [found] if isinstance(found, str) else found


def _line(entry: TimelineEntry, names: dict[str, str], policies: dict[str, str]) -> LogLine:
    data = {**entry.data, "policy_name": policies.get(entry.data.get("policy", ""), "")}
    who = str(entry.person) if entry.person else "Watchbook"
    symbol, css = SYMBOLS.get(entry.kind, ("i-act", ""))
    return LogLine(
        anchor=entry.public_id,
        happened_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        symbol=symbol,
        css=css,
        said=sentence(Line(entry.kind, who=who, how=entry.how, data=data, names=names)),
        quote=getattr(entry, "text", ""),
        recorded_word=RECORDED.get(entry.kind, "recorded"),
        who=f"ledger line {entry.entry.seq:,}" if entry.entry.seq else "",
    )
