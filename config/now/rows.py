"""The rows of the board: services, who would be called, what is muted, the watcher itself. Reads only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from config.health import engine_ticks
from config.liveness import ENGINE, WATCHDOG
from config.now.merge import Stretch, in_words, together, worst
from config.wording import count, length, listed
from evidence.queries.watch import AuditorStanding, DeadManStanding, auditor_standing, dead_man_standing
from incidents.models import Incident
from incidents.observed import shown_state, standing_of, stretches_between
from ledger.models import Entry, Liveness
from monitors.maintenance import times_between
from monitors.models import Monitor, ProbeSlot
from oncall.escalation.plan import Named, Who
from oncall.escalation.targets import people_of, stand_for
from oncall.escalation.who import reachable_contacts
from oncall.exercises import newest_canary
from oncall.models import Canary, CatchAll
from oncall.queries import lag_s, people_by_id, policies_in_force

LATE_S, FRESH_S = 10, 20
# three turns of the auditor, and of the pings that follow them
AUDITED_WITHIN = timedelta(seconds=180)
ORDER = ("down", "verifying", "degraded", "unknown", "paused", "up")


@dataclass(frozen=True)
class Row:
    """One row of the board. `spans` are drawn as states, `blocks` as named stretches."""

    state: str
    word: str
    name: str
    href: str = ""
    since: datetime | None = None
    who: str = ""
    incident: Incident | None = None
    spans: Sequence[Stretch] = ()
    blocks: Sequence[tuple[datetime, datetime, str, str]] = ()
    label: str = ""
    # `since` is the last sign of life; a fresh one is "just now", because an exact one would change at every look
    heard: bool = False
    fresh: bool = False

    @property
    def calm(self) -> bool:
        """Whether a phone may leave out its line: it is empty, or nothing but well all the time."""
        return not self.blocks and {state for _, _, state in self.spans} <= {"up"}


@dataclass(frozen=True)
class Board:
    """The groups of the board over one axis."""

    services: list[Row] = field(default_factory=list)
    duty: list[Row] = field(default_factory=list)
    muted: list[Row] = field(default_factory=list)
    maintenance: list[Row] = field(default_factory=list)
    watcher: list[Row] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    # nobody outside is told that we live
    alone: bool = False


def board(
    monitors: Sequence[Monitor], open_incidents: Iterable[Incident], *, start: datetime, end: datetime, now: datetime
) -> Board:
    """Everything on the board; the number of queries does not depend on how much is watched."""
    known = standing_of(monitors, now=now)
    states = {monitor.pk: shown_state(known.get(monitor.pk)) for monitor in monitors}
    since = {
        key: standing.verifying_since if states[key] == "verifying" else standing.since
        for key, standing in known.items()
    }
    counts = Counter(states.values())
    outside = dead_man_standing()
    return Board(
        services=services(monitors, states, since, open_incidents, start=start, now=now),
        duty=duty(start=start, end=end, now=now),
        muted=muted(monitors, start=start, now=now, end=end),
        maintenance=maintenance(start=start, now=now, end=end),
        watcher=[*watcher(len(monitors), start=start, now=now), dead_man(outside, now=now), *canary()],
        counts=dict(counts),
        alone=not outside.named,
    )


def minute(now: datetime) -> datetime:
    """The minute `now` lies in: lines that grew with every second would change the page at every look."""
    return now.replace(second=0, microsecond=0)


def services(
    monitors: Sequence[Monitor],
    states: dict[int, str],
    since: dict[int, datetime | None],
    open_incidents: Iterable[Incident],
    *,
    start: datetime,
    now: datetime,
) -> list[Row]:
    """One row a service that has monitors, the worst first."""
    lines = stretches_between(monitors, start, minute(now), now=now)
    theirs: dict[int, list[Monitor]] = defaultdict(list)
    for monitor in monitors:
        theirs[monitor.service_id].append(monitor)
    incidents = {incident.service_id: incident for incident in reversed(list(open_incidents))}
    rows = []
    for service_id, group in theirs.items():
        service = group[0].service
        state = worst(states[monitor.pk] for monitor in group)
        at = [begun for monitor in group if states[monitor.pk] == state and (begun := since.get(monitor.pk))]
        line = together(lines.get(monitor.pk, []) for monitor in group)
        rows.append(
            Row(
                state=state,
                word="",
                name=service.name,
                href=service.public_id,
                since=_since(state, at),
                who=_watched(group, states, state),
                incident=incidents.get(service_id),
                spans=line,
                label=in_words(service.name, line),
            )
        )
    return sorted(rows, key=lambda row: (ORDER.index(row.state), row.name))


def _since(state: str, instants: list[datetime]) -> datetime | None:
    """Trouble began with the first of them; all being well began with the last."""
    if not instants:
        return None
    return max(instants) if state in ("up", "paused") else min(instants)


def _watched(group: Sequence[Monitor], states: dict[int, str], state: str) -> str:
    same = sum(1 for monitor in group if states[monitor.pk] == state)
    if len(group) == 1 or same == len(group):
        return count(len(group), "monitor")
    return f"{same} of {count(len(group), 'monitor')}"


def duty(*, start: datetime, end: datetime, now: datetime) -> list[Row]:
    """Who a policy calls first and then, and who is called when nobody else can be."""
    policies = list(policies_in_force())
    catch_all = CatchAll.current()
    targets = {target for policy in policies for step in policy.steps for target in step["people"]}
    stands = stand_for(targets, now=now)
    people = people_by_id(people_of(targets, now=now) | set(catch_all.people))
    reachable = {contact.person for contact in reachable_contacts(people.values())}
    rows = [_policy(policy, stands, people, reachable, start, end) for policy in policies]
    return [*rows, _catch_all(catch_all, people, reachable, start, end)]


def _policy(
    policy: Any,
    stands: Mapping[str, tuple[Named, ...]],
    people: dict[str, User],
    reachable: set[str],
    start: datetime,
    end: datetime,
) -> Row:
    called = [[one.person for one in Who({}, named=stands).stands_for(step["people"])] for step in policy.steps]
    steps = [[str(people[one]) for one in step if one in people] for step in called]
    then = [f"{listed(names)} after {length(policy.steps[i]['delay_s'])}" for i, names in enumerate(steps[1:])]
    first = listed(steps[0]) if steps else "nobody"
    silent = sorted({str(people[one]) for step in called for one in step if one in people and one not in reachable})
    who = f"no confirmed contact: {listed(silent)}" if silent else "then " + ", ".join(then) if then else "one step"
    return Row(
        state="degraded" if silent else "",
        word="Policy",
        name=policy.name,
        href=policy.public_id,
        who=who,
        blocks=[(start, end, "k-shift", first)],
        label=f"{policy.name} calls {first} first",
    )


def _catch_all(
    catch_all: CatchAll, people: dict[str, User], reachable: set[str], start: datetime, end: datetime
) -> Row:
    names = [str(people[one]) for one in catch_all.people if one in people and one in reachable]
    said = listed(names) or "nobody named: the admins are called"
    return Row(
        state="" if names else "degraded",
        word="Catch-all",
        name=count(len(names), "person", "people") if names else "Nobody",
        who="called when nobody else can be" if names else "the admins are called instead",
        blocks=[(start, end, "k-shift" if names else "k-unknown", said if names else "")],
        label=f"Catch-all: {said}",
    )


def muted(monitors: Sequence[Monitor], *, start: datetime, now: datetime, end: datetime) -> list[Row]:
    """What is not watched because somebody said so."""
    paused = [monitor for monitor in monitors if monitor.paused_at]
    return [
        Row(
            state="paused",
            word="",
            name=monitor.name,
            href=monitor.public_id,
            since=monitor.paused_at,
            who=f"{monitor.service.name}; no alert can come of it",
            blocks=[(max(start, monitor.paused_at or now), end, "k-shift", "paused until somebody resumes it")],
            label=f"{monitor.name}: paused",
        )
        for monitor in paused
    ]


def maintenance(*, start: datetime, now: datetime, end: datetime) -> list[Row]:
    """Planned work in progress or coming on the axis: a fault of what it covers pages nobody inside."""
    return [
        Row(
            state="maintenance" if one.in_progress else "",
            word="In progress" if one.in_progress else "Planned" if one.state == "planned" else "Approved",
            name=one.window.name,
            href=one.window.public_id,
            since=one.start,
            who="waits for approval, mutes nothing"
            if one.state == "planned"
            else f"{count(len(one.span.covered), 'service or monitor', 'services and monitors')} muted",
            blocks=[(max(start, one.start), min(end, one.end), "k-shift", one.window.name)],
            label=f"{one.window.name}: maintenance",
        )
        for one in times_between(start, end, now=now)
        if one.end > now and not one.span.ending
    ]


def watcher(watched: int, *, start: datetime, now: datetime) -> list[Row]:
    """The watcher's own signs of life. A component that was never heard is unknown, not well."""
    latest: dict[str, Liveness] = {row.component: row for row in Liveness.objects.order_by("seen_at")}
    slot = ProbeSlot.objects.filter(next_due_at__isnull=False).order_by("next_due_at").first()
    late = (now - slot.next_due_at).total_seconds() if slot and slot.next_due_at else 0.0
    unlinked = Entry.objects.filter(seq__isnull=True).count()
    last = Entry.objects.order_by("-seq").exclude(seq__isnull=True).values_list("seq", flat=True).first()
    overdue = lag_s(now=now)
    checks_late = f"the longest overdue waits {length(late, 1)}"
    ticking = latest.get(ENGINE) or latest.get(WATCHDOG)
    return [
        _alive("Checks", latest.get("step:claim"), late <= LATE_S, count(watched, "monitor") + ", none overdue", checks_late, start, now),
        _engine(latest, start, now),
        _alive("Paging", latest.get("step:plan"), overdue <= LATE_S, "no page overdue", f"a page is {length(overdue, 1)} late", start, now),
        _alive("Ledger", latest.get("step:link"), unlinked < 100, f"line {last or 0:,}", f"{unlinked} lines wait for their number", start, now),
        self_checks(auditor_standing(now=now), ticking, now=now),
    ]  # fmt: skip


def self_checks(auditor: AuditorStanding, engine: Liveness | None, *, now: datetime) -> Row:
    """The auditor: what it found, in the words of the worst finding. Before its first turn there is nothing to say."""
    row = Row(state="", word="Not yet", name="Self-checks", who="the first audit has not run", label="Self-checks")
    waited = engine is not None and now - engine.started_at > AUDITED_WITHIN
    if auditor.done_at is None:
        return replace(row, state="unknown", word="Silent", who="no audit has run") if waited else row
    row = replace(row, since=auditor.done_at, heard=True)
    if not auditor.on_time:
        return replace(row, state="unknown", word="Silent", who="nobody knows whether the rest is true")
    if not auditor.open:
        return replace(row, state="up", word="On time", who=f"{count(auditor.checked, 'promise')}, all hold")
    first, more = auditor.open[0], len(auditor.open) - 1
    said = f"{first.sentence.rstrip('.')}, and {more:,} more" if more else first.sentence
    state, word = ("down", "In danger") if first.endangers else ("degraded", "Found")
    return replace(row, state=state, word=word, since=first.opened_at, heard=False, who=said)


def dead_man(standing: DeadManStanding, *, now: datetime) -> Row:
    """Whether somebody outside is told each minute that we live; silence is not held against one nobody named."""
    row = Row(
        state="", word="Not set", name="Dead-man", who="nobody outside notices if this machine dies", label="Dead-man"
    )
    if not standing.named:
        return row
    if standing.withheld_at:
        why = "not pinged, so that it calls somebody"
        return replace(row, state="degraded", word="Withheld", since=standing.withheld_at, who=why)
    row = replace(row, since=standing.ok_at, heard=standing.ok_at is not None)
    if standing.failed:
        return replace(row, state="degraded", word="Not reached", who=standing.error)
    if standing.ok_at is None:
        return replace(row, word="Not yet", who=f"{standing.host} is pinged after the next audit")
    silent = now - standing.ok_at > AUDITED_WITHIN
    return replace(row, state="unknown" if silent else "up", word="Silent" if silent else "Pinged", who=standing.host)


def canary() -> list[Row]:
    """Whether the newest canary that is over was confirmed; no row while none is sent."""
    newest = newest_canary()
    if not Canary.current().target:
        return []
    row = Row(state="", word="Not yet", name="Canary", who="none was sent yet", label="Canary")
    if newest is None:
        return [row]
    row = replace(row, since=newest.started_at, heard=True)
    if newest.answered_at is None:
        return [replace(row, state="down", word="Missed", who="nobody confirmed it", heard=False)]
    return [replace(row, state="up", word="Confirmed", who=f"after {length(newest.took_s or 0)}")]


def _engine(latest: dict[str, Liveness], start: datetime, now: datetime) -> Row:
    """The engine, run by Celery or by a watchdog, which is a thing to mend although every page still goes out."""
    fact = engine_ticks(now=now)
    heard = max(
        (latest[name] for name in (ENGINE, WATCHDOG) if name in latest), key=lambda row: row.seen_at, default=None
    )
    if fact.holds and heard is not None and heard.component == WATCHDOG:
        return replace(
            _alive("Engine", heard, True, fact.sentence, "", start, now), state="degraded", word="By watchdog"
        )
    # the age beside it says the rest; a sentence with seconds in it would change the page at every look
    return _alive("Engine", heard, fact.holds, "ticks every second", fact.sentence, start, now)


def _alive(name: str, heard: Liveness | None, holds: bool, well: str, ill: str, start: datetime, now: datetime) -> Row:
    """A component that was heard lately and whose figure holds is well; a silent one is unknown."""
    if heard is None:
        return Row(
            state="unknown",
            word="Never heard",
            name=name,
            who="no process has run it yet",
            label=f"{name}: never heard",
        )
    silent = (now - heard.seen_at).total_seconds() > 6 * LATE_S
    fresh = (now - heard.seen_at).total_seconds() <= FRESH_S
    until = max(start, minute(now) if fresh else heard.seen_at)
    spans: list[Stretch] = [(max(start, heard.started_at), until, "up")]
    if silent:
        spans.append((until, minute(now), "unknown"))
    state, word = ("unknown", "Silent") if silent else ("up", "On time") if holds else ("down", "Late")
    return Row(
        state=state,
        word=word,
        name=name,
        since=heard.seen_at,
        who=well if holds and not silent else ill,
        spans=spans,
        label=in_words(name, spans),
        heard=True,
        fresh=fresh,
    )
