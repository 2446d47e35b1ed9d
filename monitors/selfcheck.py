"""What monitoring promises: checks are planned in time, a probe runs them, and silence is written down as such."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from ledger.liveness import running_since
from ledger.promises import MOST_NAMED, Breach, Promise, counted, named, waiting
from monitors.engine.beating import judge_heartbeats
from monitors.engine.sweeping import sweep_plans, sweep_silence
from monitors.engine.ticks import claim
from monitors.kinds import HEARTBEAT
from monitors.models import Heartbeat, MonitorState, Ping, ProbePlan, ProbeSlot
from monitors.places import SILENT, Place, locations_in_force, places
from monitors.states import MEASURED

PLANNED_WITHIN = timedelta(seconds=30)
# A probe takes a plan at once; it is kept for its last slot, the timeout and 15 s more.
TAKEN_WITHIN = timedelta(seconds=15)
SWEPT_WITHIN = timedelta(seconds=30)
SILENT_FOR = timedelta(seconds=60)
HEARD_WITHIN = timedelta(seconds=60)
JUDGED_WITHIN = timedelta(seconds=60)
# What a probe that is dead or overrun leaves behind; a stopped engine says so itself.
NOT_RUN = ("lost", "late")


def checks_planned(now: datetime) -> Breach | None:
    """No slot of the timetable lies in the past."""
    overdue = ProbeSlot.objects.filter(next_due_at__lt=now - PLANNED_WITHIN).order_by("next_due_at")
    first = list(overdue.values_list("next_due_at", "monitor__public_id")[:MOST_NAMED])
    if not first:
        return None
    about = named(public_id for _, public_id in first)
    return Breach(waiting(overdue.count(), "check", _instant(first[0][0]), now, "to be planned"), about)


def plans_taken(now: datetime) -> Breach | None:
    """A probe takes every plan."""
    idle = ProbePlan.objects.filter(claimed_at__isnull=True, created_at__lt=now - TAKEN_WITHIN)
    found = list(idle.order_by("created_at").values_list("created_at", "location__name", "location__public_id"))
    if not found:
        return None
    places = sorted({name for _, name, _ in found})
    sentence = waiting(len(found), "plan", found[0][0], now, f"for a probe at {', '.join(places[:3])}")
    return Breach(sentence, named(public_id for _, _, public_id in found))


def plans_end(now: datetime) -> Breach | None:
    """Plans nobody brought to an end are written down as missed."""
    left = ProbePlan.objects.filter(lost_after__lt=now - SWEPT_WITHIN).order_by("lost_after")
    oldest = left.values_list("lost_after", flat=True).first()
    if oldest is None:
        return None
    return Breach(waiting(left.count(), "lost plan", oldest, now, "to be written down as missed"))


def silence_written(now: datetime) -> Breach | None:
    """A state whose last result no longer speaks is closed into unknown."""
    measured = [state.value for state in MEASURED]
    silent = MonitorState.objects.filter(silent_at__lt=now - SILENT_FOR, state__in=measured)
    silent = silent.filter(monitor__retired_at__isnull=True).exclude(monitor__kind=HEARTBEAT).order_by("silent_at")
    first = list(silent.values_list("silent_at", "monitor__public_id")[:MOST_NAMED])
    if not first:
        return None
    about = named(public_id for _, public_id in first)
    return Breach(waiting(silent.count(), "silent monitor", _instant(first[0][0]), now, "to become unknown"), about)


def heartbeats_judged(now: datetime) -> Breach | None:
    """No heartbeat's time has passed unseen, and no ping waits to be judged."""
    due = Heartbeat.objects.filter(look_at__lt=now - JUDGED_WITHIN).order_by("look_at")
    first = list(due.values_list("look_at", "monitor__public_id")[:MOST_NAMED])
    if first:
        about = named(public_id for _, public_id in first)
        return Breach(waiting(due.count(), "heartbeat", _instant(first[0][0]), now, "to be looked at"), about)
    oldest = Ping.objects.filter(judged_at__isnull=True).order_by("id").values_list("received_at", flat=True).first()
    if oldest is None or oldest >= now - JUDGED_WITHIN:
        return None
    return Breach(waiting(Ping.objects.filter(judged_at__isnull=True).count(), "ping", oldest, now, "to be judged"))


def monitors_seen(now: datetime) -> Breach | None:
    """The last check of every watched monitor was run, whatever it came to."""
    watched, unseen = _watched_and_unseen(now)
    if not unseen:
        return None
    ids = _watched().filter(_not_run(now)).order_by("pk").values_list("monitor__public_id", flat=True)[:MOST_NAMED]
    said = f"{counted(unseen, 'monitor')} of {watched:,} did not get the last check that was planned."
    return Breach(said, named(ids))


def locations_heard(now: datetime) -> Breach | None:
    """Every location that something is checked from is heard."""
    begun = running_since("engine", "watchdog", now=now, heard_within=HEARD_WITHIN)
    quiet = [
        one for one in places(locations_in_force(), now=now) if one.heard == SILENT and _long_silent(one, begun, now)
    ]
    if not quiet:
        return None
    names = ", ".join(one.location.name for one in quiet[:3])
    watched = sum(one.monitors for one in quiet)
    checked = f"{counted(watched, 'monitor')} {'is' if watched == 1 else 'are'} checked from there."
    return Breach(f"Nothing is heard from {names}; {checked}", named(one.location.public_id for one in quiet))


def _long_silent(place: Place, begun: datetime | None, now: datetime) -> bool:
    """Longer than its slack, counted from when the engine came up, was first to check from it, or last heard it."""
    instants = [at for at in (place.result_at, place.since, begun) if at is not None]
    return bool(instants) and now - max(instants) > place.patience + SILENT_FOR


def not_blind(now: datetime) -> Breach | None:
    """Some watched monitor is really being checked."""
    watched, unseen = _watched_and_unseen(now)
    if not watched or unseen < watched:
        return None
    whom = "The one watched monitor is not" if watched == 1 else f"None of {watched:,} watched monitors is"
    return Breach(f"{whom} being checked: what is planned is not run.")


def _watched_and_unseen(now: datetime) -> tuple[int, int]:
    found = _watched().aggregate(watched=Count("pk"), unseen=Count("pk", filter=_not_run(now)))
    return found["watched"], found["unseen"]


def _watched() -> QuerySet[MonitorState]:
    found = MonitorState.objects.filter(monitor__retired_at__isnull=True, monitor__paused_at__isnull=True)
    return found.exclude(monitor__kind=HEARTBEAT)


def _not_run(now: datetime) -> Q:
    """Lost since the engine came up: what a dead engine left behind is over with the next check."""
    begun = running_since("engine", "watchdog", now=now, heard_within=HEARD_WITHIN)
    return Q(seen_code__in=NOT_RUN, seen_at__gt=begun) if begun else Q(pk__in=[])


def _instant(moment: datetime | None) -> datetime:
    assert moment is not None  # noqa: S101 - the query compared it
    return moment


PROMISES = (
    Promise(
        name="monitors.checks_planned",
        says="No check waits for more than 30 s to be planned.",
        trouble="checks are not planned",
        check=checks_planned,
        remedy="Look for `step_failed` with the step claim in the engine's log.",
        repair=claim,
        mends="plans what is due",
        endangers=True,
    ),
    Promise(
        name="monitors.plans_taken",
        says="A probe takes every plan within 15 s.",
        trouble="no probe runs the checks",
        check=plans_taken,
        remedy="Start a worker on the queue of that location.",
        endangers=True,
    ),
    Promise(
        name="monitors.plans_end",
        says="Checks of a plan that was lost are written down as missed.",
        trouble="lost checks are not written down",
        check=plans_end,
        remedy="Look for `step_failed` with the step sweep in the engine's log.",
        repair=sweep_plans,
        mends="writes them down",
    ),
    Promise(
        name="monitors.silence_written",
        says="A state whose last result no longer speaks is written down as unknown within 60 s; screens say so at once.",
        trouble="silence is not written down",
        check=silence_written,
        remedy="Look for `step_failed` with the step sweep in the engine's log.",
        repair=sweep_silence,
        mends="writes it down",
    ),
    Promise(
        name="monitors.heartbeats_judged",
        says="A heartbeat's deadline is judged within 60 s, and so is every ping.",
        trouble="heartbeats are not judged",
        check=heartbeats_judged,
        remedy="Look for `step_failed` with the step heartbeats, or `heartbeat_not_judged`, in the engine's log.",
        repair=judge_heartbeats,
        mends="judges what waits",
        endangers=True,
    ),
    Promise(
        name="monitors.monitors_seen",
        says="The last check planned for every watched monitor was run.",
        trouble="some monitors are not checked",
        check=monitors_seen,
        remedy="Give the location another probe, or the monitors a longer interval.",
    ),
    Promise(
        name="monitors.locations_heard",
        says="Every location that monitors are checked from was heard within two intervals and 60 s.",
        trouble="a location is silent",
        check=locations_heard,
        remedy="Look whether its probe runs there and reaches the broker, and whether its clock is right.",
    ),
    Promise(
        name="monitors.not_blind",
        says="At least one watched monitor is really being checked.",
        trouble="nothing is being checked",
        check=not_blind,
        remedy="Look whether a worker takes the queue probe.<location>.",
        endangers=True,
    ),
)
