"""Monitors out of a document: what it would change, and doing it as a loop over the services of one.

An entry is known by its service and its name. What is not in the document stays as it is: a file never retires anything, and
secrets are neither written into one nor taken from one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.access import require
from accounts.models import Team, User
from monitors.exchange import Entry
from monitors.kinds import KINDS
from monitors.models import Monitor, Rule, Service
from monitors.queries import down_rules, monitors_in_force
from monitors.services.bulk import OF_MONITOR, OF_RULE, Difference, sentence_of
from monitors.services.definition import NUMBER_FIELDS, define
from monitors.services.inventory import create_service
from monitors.services.monitors import change_monitor, create_monitor

LABELS = {**OF_MONITOR, **OF_RULE}
NEW, CHANGED, SAME = "new", "changed", "same"


@dataclass(frozen=True)
class Step:
    """What an entry would do. what: NEW, CHANGED or SAME. refused: why it would do nothing."""

    entry: Entry
    what: str = SAME
    differences: tuple[Difference, ...] = ()
    refused: str = ""


def entries_of(monitors: Sequence[Monitor]) -> list[Entry]:
    """Monitors as a document has them: settings a person can give, without secrets, in the order of their fields."""
    rules = down_rules(monitors)
    return [_entry(monitor, rules.get(monitor.pk)) for monitor in monitors]


def plan(entries: Sequence[Entry], *, by: User) -> list[Step]:
    """What each entry would do to what is in force now; nothing is changed."""
    held, teams = _held(), _teams()
    rules = down_rules(list(held.values()))
    services = {one.name.casefold(): one for one in Service.objects.in_force().select_related("team")}
    return [
        _plan(entry, held.get(_key(entry)), rules, services.get(entry.service.casefold()), teams, by)
        for entry in entries
    ]


def take_in(entries: Sequence[Entry], *, by: User, now: datetime, reason: str) -> list[Step]:
    """Do it, each entry in a transaction of its own; one that is refused stops none of the others."""
    done = []
    for entry in entries:
        (step,) = plan([entry], by=by)
        if not step.refused and step.what != SAME:
            try:
                with transaction.atomic():
                    _do(entry, step, by, now, reason)
            except (ValidationError, PermissionDenied) as error:
                step = Step(entry, step.what, refused=sentence_of(error))
        done.append(step)
    return done


def _plan(
    entry: Entry,
    monitor: Monitor | None,
    rules: dict[int, Rule],
    service: Service | None,
    teams: dict[str, Team],
    by: User,
) -> Step:
    kind = KINDS.get(entry.kind)
    if kind is None:
        return Step(entry, refused=f"There is no type of check {entry.kind[:40]}; there are {', '.join(KINDS)}.")
    if entry.team and entry.team.casefold() not in teams:
        return Step(entry, refused=f"There is no team {entry.team[:80]}.")
    unknown = set(entry.target) - {one.name for one in kind.fields if not one.secret}
    if unknown:
        return Step(entry, refused=f"A check of type {kind.label} has no {', '.join(sorted(unknown))[:120]}.")
    try:
        if monitor is None:
            define(kind, {**entry.numbers, "target": entry.target}, None, None)
            require(by, "edit", Monitor(team=_team(entry, teams) or (service.team if service else None)))
            return Step(entry, NEW)
        require(by, "edit", monitor)
        return _change(entry, monitor, rules.get(monitor.pk), teams)
    except (ValidationError, PermissionDenied) as error:
        return Step(entry, refused=sentence_of(error))
    except TypeError:
        return Step(entry, refused="A value has the wrong shape for its setting.")


def _change(entry: Entry, monitor: Monitor, rule: Rule | None, teams: dict[str, Team]) -> Step:
    if monitor.kind != entry.kind:
        return Step(entry, refused=f"It is a check of type {KINDS[monitor.kind].label}; a type is never changed.")
    read = define(KINDS[monitor.kind], {**entry.numbers, "target": entry.target}, monitor, rule)
    after: dict[str, Any] = {"interval_s": read.interval_s, "timeout_s": read.timeout_s, **read.rule}
    found = [
        Difference(LABELS[name], getattr(holder, name, None), after[name])
        for holder, names in ((monitor, ("interval_s", "timeout_s")), (rule, tuple(read.rule)))
        for name in names
        if getattr(holder, name, None) != after[name]
    ]
    target = read.target.as_json()
    found += [
        Difference(one.label, monitor.target.get(one.name), target[one.name])
        for one in KINDS[monitor.kind].fields
        if one.name in target and monitor.target.get(one.name) != target[one.name]
    ]
    if entry.tags is not None and entry.tags != monitor.tags:
        found.append(Difference(LABELS["tags"], ", ".join(monitor.tags), ", ".join(entry.tags)))
    team = _team(entry, teams)
    if team is not None and team.pk != monitor.team_id:
        found.append(Difference(LABELS["team"], monitor.team, team))
    return Step(entry, CHANGED if found else SAME, tuple(found))


def _do(entry: Entry, step: Step, by: User, now: datetime, reason: str) -> None:
    team = _team(entry, _teams())
    if step.what == CHANGED:
        monitor = _held()[_key(entry)]
        changes = {**entry.numbers, "target": entry.target, **({"team": team} if team else {})}
        changes |= {} if entry.tags is None else {"tags": entry.tags}
        if team:
            require(by, "edit", Monitor(team=team))
        change_monitor(monitor, changes, now=now, reason=reason)
        return
    service = Service.objects.in_force().filter(name__iexact=entry.service).first()
    if service is None:
        service = create_service(name=entry.service, team=team, now=now, reason=reason)
    create_monitor(
        service=service,
        name=entry.name,
        kind=entry.kind,
        target=entry.target,
        team=team,
        tags=entry.tags or (),
        now=now,
        reason=reason,
        **entry.numbers,
    )


def _entry(monitor: Monitor, rule: Rule | None) -> Entry:
    kind = KINDS[monitor.kind]
    numbers: dict[str, Any] = {"interval_s": monitor.interval_s, "timeout_s": monitor.timeout_s}
    numbers |= {name: getattr(rule, name) for name in NUMBER_FIELDS if rule is not None and hasattr(rule, name)}
    given = {one.name: monitor.target[one.name] for one in kind.fields if not one.secret and one.name in monitor.target}
    team = monitor.team.name if monitor.team else None
    return Entry(monitor.service.name, monitor.name, monitor.kind, team, numbers, given, monitor.tags)


def _held() -> dict[tuple[str, str], Monitor]:
    return {(one.service.name.casefold(), one.name.casefold()): one for one in monitors_in_force()}


def _teams() -> dict[str, Team]:
    return {team.name.casefold(): team for team in Team.objects.in_force()}


def _team(entry: Entry, teams: dict[str, Team]) -> Team | None:
    return teams.get(entry.team.casefold()) if entry.team else None


def _key(entry: Entry) -> tuple[str, str]:
    return entry.service.casefold(), entry.name.casefold()
