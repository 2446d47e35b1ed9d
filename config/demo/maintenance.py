"""Chapter: work that was announced. Windows that went to plan, some that did not, and one that nobody approved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from config.demo.checks import fail
from config.demo.people import ZONE
from config.demo.world import Demo, doing
from incidents.release import release
from ledger.actors import SYSTEM, acting_as
from monitors.models import MaintenanceSpan, MaintenanceWindow
from monitors.services.window_times import end_early, extend, turn
from monitors.services.windows import announce_window, approve_window, cancel_window, plan_window

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
WALL = "%Y-%m-%dT%H:%M"


class Work(NamedTuple):
    """A window to be: what it is called, what it covers, who asks, who approves (nobody: it lapses), and its terms."""

    name: str
    covers: str
    asks: str
    approves: str | None
    lasts: timedelta
    description: str
    rrule: str = ""


UPKEEP = Work(
    "Monthly upkeep of the orders database", "Checkout", "Jonas", "Ingrid", 45 * MINUTE,
    "Indexes are rebuilt; orders wait in the queue.", "FREQ=MONTHLY;BYDAY=1SU",
)  # fmt: skip
ROUTERS = Work(
    "New routers at the carrier", "Carrier gateway", "Lena", "Jonas", 2 * HOUR,
    "The carrier replaces both routers. Rates and bookings are cut off for some minutes.",
)  # fmt: skip
DATABASE = Work(
    "Orders database to version 17", "Checkout", "Jonas", "Ingrid", HOUR,
    "Read-only for half an hour. The way back was rehearsed.",
)  # fmt: skip
PRINTERS = Work(
    "Firmware of the printers", "Label printing", "Lena", None, HOUR, "All halls, one after the other."
)  # fmt: skip
MOVE = Work(
    "Move of the portal to the new cluster", "Customer portal", "Ingrid", "Jonas", 3 * HOUR, "Sessions are lost once."
)  # fmt: skip
COMING = Work(
    "Edge proxies: new certificates and kernel", "Tracking API", "Lena", "Jonas", HOUR, "One proxy after the other."
)  # fmt: skip
ASKED = Work(
    "Warehouse scanners: new access points", "Warehouse", "Jonas", None, 2 * HOUR, "Hall 3 first, then the others."
)  # fmt: skip


def spread(demo: Demo) -> None:
    """A monthly window, and six single ones; the engine begins and ends each when it was to."""
    every_month = demo.start + 2 * DAY
    _asked(demo, UPKEEP, every_month, _first_sunday(every_month) + timedelta(hours=4))
    _gets_done_early(demo)
    _takes_longer(demo)
    _asked(demo, PRINTERS, demo.ago(0.17, hour=9) - 3 * DAY, demo.ago(0.17, hour=20))
    _is_called_off(demo)
    last = demo.end.replace(minute=0, second=0)
    _asked(demo, COMING, last - 40 * HOUR, last + 5 * DAY)
    _asked(demo, ASKED, last - 28 * HOUR, last + 9 * DAY)
    day = demo.start.replace(hour=0, minute=0, second=5) + DAY
    while day < demo.end:
        demo.at(day, _day(demo))
        day += DAY


def _gets_done_early(demo: Demo) -> None:
    """The gateway fails inside the window, wakes nobody, and the rest of the time is given back."""
    starts = demo.ago(0.55, hour=20)
    _asked(demo, ROUTERS, starts - 6 * DAY, starts)
    fail(demo, "Carrier status feed", starts + 8 * MINUTE, 19 * MINUTE)

    def ends(now: datetime) -> None:
        with doing(demo.people["Lena"]):
            end_early(
                _running(ROUTERS, now), now=now, reason="Both routers carry traffic; the carrier has confirmed it."
            )

    demo.at(starts + 85 * MINUTE, ends)


def _takes_longer(demo: Demo) -> None:
    """The upgrade takes longer than was approved, and longer than it was extended by: then people are paged."""
    starts = demo.ago(0.28, hour=21)
    _asked(demo, DATABASE, starts - 9 * DAY, starts)
    fail(demo, "Place order", starts + 20 * MINUTE, 97 * MINUTE)

    def goes_on(now: datetime) -> None:
        with doing(demo.people["Jonas"]):
            reason = "An index takes longer than in the rehearsal."
            extend(_running(DATABASE, now), starts + 100 * MINUTE, by=demo.people["Jonas"], now=now, reason=reason)
        for moment in (starts + HOUR, starts + 100 * MINUTE):
            demo.at(moment + timedelta(seconds=1), _turn)

    demo.at(starts + 52 * MINUTE, goes_on)


def _is_called_off(demo: Demo) -> None:
    """A move is put off on the morning before; the window is cancelled with its reason."""
    starts = demo.ago(0.09, hour=19)
    _asked(demo, MOVE, starts - 5 * DAY, starts)

    def cancelled(now: datetime) -> None:
        with doing(demo.people["Ingrid"]):
            window = MaintenanceWindow.objects.in_force().get(name=MOVE.name)
            cancel_window(window, now=now, reason="The sale was prolonged; nothing moves before it is over.")

    demo.at(starts - 11 * HOUR, cancelled)


def _asked(demo: Demo, work: Work, asked: datetime, starts: datetime) -> None:
    """Somebody plans it, somebody else approves it an hour later, and customers are told. starts: UTC, of the first time."""

    def plans(now: datetime) -> bool:
        wall = starts.astimezone(ZoneInfo(ZONE)).strftime(WALL)
        covered = [demo.services[work.covers].public_id]
        with doing(demo.people[work.asks]):
            plan_window(
                by=demo.people[work.asks], now=now, reason="Work that was agreed on", name=work.name, covered=covered,
                team=demo.services[work.covers].team, description=work.description, zone=ZONE, starts=wall,
                length_s=int(work.lasts.total_seconds()), rrule=work.rrule,
            )  # fmt: skip
        return False

    def approves(now: datetime) -> bool:
        approver = demo.people[str(work.approves)]
        with doing(approver):
            approve_window(_window(work), by=approver, now=now, reason="Read, and the way back is known")
        with doing(demo.people[work.asks]):
            announce_window(_window(work), now=now + 20 * MINUTE, reason="Customers were told by mail")
        return False

    asked = max(asked, demo.start + 8 * HOUR)
    demo.at(asked, plans)
    if work.approves:
        demo.at(asked + HOUR, approves)
    if not work.rrule:
        demo.at(starts + timedelta(seconds=1), _turn)
        demo.at(starts + work.lasts + timedelta(seconds=2), _turn)


def _day(demo: Demo) -> Callable[[datetime], bool]:
    """What the engine does about windows: times are written ahead once a day, each begins and ends on its second."""

    def turns(now: datetime) -> bool:
        _turn(now)
        coming = MaintenanceSpan.objects.filter(ending__isnull=True, planned_start__range=(now, now + DAY))
        for start, end in coming.exclude(window__rrule="").values_list("planned_start", "planned_end"):
            demo.at(start + timedelta(seconds=1), _turn)
            demo.at(end + timedelta(seconds=1), _turn)
        return False

    return turns


def _turn(now: datetime) -> bool:
    """As the engine does it: a window that is over lets go of what still fails."""
    with acting_as(SYSTEM):
        return turn(now) + release(now) > 0


def _window(work: Work) -> MaintenanceWindow:
    return MaintenanceWindow.objects.in_force().get(name=work.name)


def _running(work: Work, now: datetime) -> MaintenanceSpan:
    spans: Any = MaintenanceSpan.objects.filter(window__name=work.name, ending__isnull=True, planned_start__lte=now)
    found: MaintenanceSpan = spans.get()
    return found


def _first_sunday(after: datetime) -> datetime:
    """Midnight UTC of the first Sunday of a month that comes after an instant."""
    day = (after.replace(day=1, hour=0, minute=0, second=0) + 32 * DAY).replace(day=1)
    return day + (6 - day.weekday()) * DAY
