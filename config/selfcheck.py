"""What the installation promises: its steps run, its disk has room, its clocks agree, pages can leave."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta

from celery import current_app
from django.conf import settings

from accounts.models import ContactMethod
from config import beat
from config.liveness import ENGINE, FAILED, STEP, WATCHDOG
from ledger import clock, liveness
from ledger.models import Liveness
from ledger.promises import Breach, Promise, counted, lasting, named
from oncall.escalation.who import channel_of
from oncall.models import CatchAll
from oncall.notify.setup import any_provider, ready
from oncall.queries import pages_can_leave, people_of_policies

LEAST_FREE_BYTES = 500_000_000
FULL_BELOW_BYTES = 50_000_000
CLOCKS_MAY_DIFFER = timedelta(seconds=2)
STEP_SILENT = timedelta(seconds=60)
LATE_TICK_MS = 10_000
BROKER_TIMEOUT_S = 1

# What the clock and the counter of this process showed at the last look: a step of the clock moves one without the other.
_last_look: tuple[datetime, float] | None = None


def celery_ticks(now: datetime) -> Breach | None:
    """Ticks come by Celery, not by a watchdog."""
    limit = timedelta(seconds=settings.WATCHDOG_AFTER_S * 3)
    by_celery, by_watchdog = liveness.age(ENGINE, now=now), liveness.age(WATCHDOG, now=now)
    if by_watchdog is None or by_watchdog > limit or (by_celery is not None and by_celery <= limit):
        return None
    since = "has never brought a tick" if by_celery is None else f"brought the last tick {lasting(by_celery)} ago"
    return Breach(f"Celery {since}: the watchdog runs the engine, because beat, broker or workers do not.")


def ticks_on_time(now: datetime) -> Breach | None:
    """A tick that should come each second is not ten seconds late."""
    recent = Liveness.objects.filter(component=ENGINE, seen_at__gte=now - STEP_SILENT, lag_ms__gte=LATE_TICK_MS)
    worst = recent.order_by("-lag_ms").values_list("lag_ms", flat=True).first()
    if worst is None:
        return None
    return Breach(f"The engine's last tick was {lasting(timedelta(milliseconds=worst))} late: it has too much to do.")


def steps_succeed(now: datetime) -> Breach | None:
    """No step of the tick fails each time."""
    lately = now - STEP_SILENT
    signs = Liveness.objects.filter(component__startswith=FAILED, seen_at__gte=lately, started_at__lte=lately)
    failing = {row.component.removeprefix(FAILED) for row in signs}
    well = Liveness.objects.filter(component__in=[STEP + name for name in failing], seen_at__gte=lately)
    broken = sorted(failing - {row.component.removeprefix(STEP) for row in well})
    if not broken:
        return None
    return Breach(f"{counted(len(broken), 'step')} of the engine failed each time for a minute: {', '.join(broken)}.")


def disk_has_room(now: datetime) -> Breach | None:
    """DATA_DIR can take more for a while."""
    return _free_below(LEAST_FREE_BYTES)


def disk_not_full(now: datetime) -> Breach | None:
    """DATA_DIR can take the next rows."""
    return _free_below(FULL_BELOW_BYTES)


def _free_below(least: int) -> Breach | None:
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free >= least:
        return None
    return Breach(f"{free // 1_000_000:,} MB are free where the data is; {least // 1_000_000:,} MB are needed.")


def clocks_agree(now: datetime) -> Breach | None:
    """This machine's clock is the database's, and nobody set it by a jump since the last look."""
    global _last_look
    before, here = _last_look, (machine_clock(), time.monotonic())
    apart = clock.now() - here[0]
    _last_look = here
    if abs(apart) > CLOCKS_MAY_DIFFER:
        return Breach(f"The clocks of the database and of a worker's machine are {lasting(abs(apart))} apart.")
    if before is None:
        return None
    jumped = (here[0] - before[0]) - timedelta(seconds=here[1] - before[1])
    if abs(jumped) <= CLOCKS_MAY_DIFFER:
        return None
    way = "forward" if jumped > timedelta(0) else "back"
    return Breach(f"The clock of this machine was set {way} by {lasting(abs(jumped))} since the last audit.")


def machine_clock() -> datetime:
    """What the clock of this machine shows."""
    return datetime.now(UTC)


def broker_answers(now: datetime) -> Breach | None:
    """The broker takes a connection; the embedded one is memory and always does."""
    if not settings.REDIS_URL:
        return None
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_S, interval_start=0)
    except Exception as error:  # noqa: BLE001 - each transport raises its own kinds; any of them means no
        return Breach(f"The broker cannot be reached ({type(error).__name__}); watchdogs do its work.")
    return None


def channel_set_up(now: datetime) -> Breach | None:
    """If anybody is to be paged, at least one way to page is set up."""
    if pages_can_leave() or not _wanted(now):
        return None
    return Breach("Neither EMAIL_URL nor TWILIO_ACCOUNT_SID is set, so no page can leave this machine.")


def channels_fit_people(now: datetime) -> Breach | None:
    """Everybody a policy names has a contact on a channel that is set up."""
    open_ = ready()
    held: dict[str, set[str]] = {}
    contacts = ContactMethod.objects.in_force().filter(user__public_id__in=_wanted(now), verified_at__isnull=False)
    for person, kind in contacts.order_by("pk").values_list("user__public_id", "kind"):
        held.setdefault(person, set()).add(channel_of(kind))
    cut_off = [person for person, channels in held.items() if not channels & open_]
    if not cut_off or not any_provider():
        return None
    verb = "is" if len(cut_off) == 1 else "are"
    said = f"{counted(len(cut_off), 'person', 'people')} who would be paged {verb} reached only over a channel that is not set up."
    return Breach(said, named(sorted(cut_off)))


def _wanted(now: datetime) -> set[str]:
    return people_of_policies(now=now) | set(CatchAll.current().people)


def _put_beat_table(now: datetime) -> None:
    beat.upsert_beat_table()


PROMISES = (
    Promise(
        name="config.celery_ticks",
        says="Celery brings a tick each second; the watchdog does not have to.",
        trouble="the watchdog runs the engine",
        check=celery_ticks,
        remedy="Start beat and the workers, or the broker. Pages go out meanwhile.",
        repair=_put_beat_table,
        mends="puts the beat table right",
    ),
    Promise(
        name="config.ticks_on_time",
        says="No tick of the engine is 10 s late.",
        trouble="the engine is overrun",
        check=ticks_on_time,
        remedy="Look at the machine's load, or start another worker.",
    ),
    Promise(
        name="config.steps_succeed",
        says="No step of the engine's tick fails for a minute on end.",
        trouble="a step of the engine fails",
        check=steps_succeed,
        remedy="Look for `step_failed` in the engine's log.",
        endangers=True,
    ),
    Promise(
        name="config.disk_has_room",
        says="500 MB are free where the data is.",
        trouble="the disk fills up",
        check=disk_has_room,
        remedy="Make room, or move DATA_DIR to a larger disk.",
    ),
    Promise(
        name="config.disk_not_full",
        says="50 MB are free where the data is.",
        trouble="the disk is full",
        check=disk_not_full,
        remedy="Make room now: soon nothing can be stored, and what cannot be stored is refused with 503.",
        endangers=True,
    ),
    Promise(
        name="config.clocks_agree",
        says="The clocks of database and workers are within 2 s, and nobody sets one by a jump.",
        trouble="clocks do not agree",
        check=clocks_agree,
        remedy="Let a time service slew the clocks. What is due is decided by the database's clock.",
    ),
    Promise(
        name="config.broker_answers",
        says="The broker takes a connection within 1 s.",
        trouble="the broker is away",
        check=broker_answers,
        remedy="Start the broker. Pages go out meanwhile, by the watchdogs.",
    ),
    Promise(
        name="config.channel_set_up",
        says="As long as somebody is to be paged, e-mail or phone is set up.",
        trouble="no page can leave",
        check=channel_set_up,
        remedy="Set EMAIL_URL or the TWILIO settings.",
        endangers=True,
        quiet=True,
    ),
    Promise(
        name="config.channels_fit_people",
        says="Everybody whom a policy or the catch-all names is reached over a channel that is set up.",
        trouble="some people are cut off",
        check=channels_fit_people,
        remedy="Set up the channel, or ask them for another contact.",
    ),
)
