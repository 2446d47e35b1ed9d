"""Chapter: what went wrong in a way worth telling. Each is one function; what is told of it is in docs/demo.md."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from config.demo import answers, customers
from config.demo.checks import carry, fail, next_of, watch
from config.demo.world import Demo, actor_of, doing
from incidents.services.work import declare
from monitors.models import Monitor, ProbeSlot
from monitors.services.monitors import change_monitor, pause_monitor, resume_monitor

MINUTE = timedelta(minutes=1)


def tell(demo: Demo) -> None:
    """All of them."""
    for episode in (
        nobody_answers,
        engine_stands_still,
        paused_and_forgotten,
        wrong_severity,
        late_night_flapping,
        somebody_sees_it_first,
        still_going_on,
    ):
        episode(demo)


def nobody_answers(demo: Demo) -> None:
    """03:12: the first person sleeps through it, the second is on a plane, every loop of the ladder goes by.

    The catch-all reaches an admin after three quarters of an hour.
    """
    when = demo.ago(0.39, hour=2.2)
    fail(demo, "Label request", when, 95 * MINUTE)
    answers.later(demo, "Label request", when + 52 * MINUTE, answers.anybody_has_it)
    answers.later(demo, "Label request", when + 64 * MINUTE, answers.note)


def engine_stands_still(demo: Demo) -> None:
    """The machine of Watchbook itself is moved: forty minutes in which nobody watched, and they stay unknown."""
    start = demo.ago(0.27, hour=4.75)
    end = start + 40 * MINUTE
    demo.stopped.append((start, end))

    def stops(now: datetime) -> None:
        for monitor in _running(demo):
            if monitor.pk not in demo.watched:
                carry(monitor, now)

    def goes_on(now: datetime) -> None:
        # as the timetable finds it: slots went by that nobody planned
        ProbeSlot.objects.update(skipped_at=now)
        for monitor in _running(demo):
            if monitor.pk not in demo.watched:
                watch(demo, monitor.pk, next_of(monitor, now))

    demo.at(start, stops)
    demo.at(end, goes_on)


def paused_and_forgotten(demo: Demo) -> None:
    """A monitor is paused for a move and forgotten for three weeks; another one is paused as you read this."""

    def pause(name: str, reason: str, who: str) -> answers.Do:
        def act(_: Demo, __: object, now: datetime) -> None:
            monitor = demo.monitors.get(name)
            if monitor is not None:
                monitor = Monitor.objects.get(pk=monitor.pk)
                carry(monitor, now)
                with doing(demo.people[who]):
                    pause_monitor(monitor, now=now, reason=reason)

        return act

    def resume(now: datetime) -> None:
        monitor = Monitor.objects.get(pk=demo.monitors["Nightly export"].pk)
        with doing(demo.people["Lena"]):
            resume_monitor(monitor, now=now, reason="Found paused in the monthly look. Nobody had resumed it.")
        watch(demo, monitor.pk, now + timedelta(seconds=1), extra=True)

    def when(share: float, hour: float, do: answers.Do) -> None:
        demo.at(demo.ago(share, hour=hour), lambda now: do(demo, None, now))  # type: ignore[arg-type]

    moved = "Moved to the new database tonight; it would page all night."
    when(0.17, 16.5, pause("Nightly export", moved, "Kofi"))
    demo.at(demo.ago(0.11, hour=9.25), resume)
    when(0.016, 15.0, pause("Carrier status feed", "The carrier changes its feed until Friday.", "Tomas"))


def wrong_severity(demo: Demo) -> None:
    """The portal was SEV4 and woke nobody while no customer could sign in. It is SEV2 since."""
    when = demo.ago(0.22, hour=7.6)
    fail(demo, "Portal home", when, 130 * MINUTE)
    answers.later(demo, "Portal home", when + 96 * MINUTE, answers.anybody_has_it)
    answers.later(demo, "Portal home", when + 99 * MINUTE, answers.note)

    def corrected(now: datetime) -> None:
        monitor = Monitor.objects.get(pk=demo.monitors["Portal home"].pk)
        carry(monitor, now)
        with doing(demo.people["Ingrid"]):
            change_monitor(
                monitor,
                {"severity": 2, "urgency": "high"},
                now=now,
                reason="SEV4 was wrong: customers could not sign in for two hours and nobody was called.",
            )

    demo.at(when + 5 * 60 * MINUTE, corrected)


def late_night_flapping(demo: Demo) -> None:
    """Five short failures between 23:40 and 02:00: one incident that reopens, and somebody who stays up."""
    when = demo.ago(0.083, hour=22.6)
    for turn in range(5):
        begins = when + turn * 27 * MINUTE
        fail(demo, "Parcel by number", begins, 5 * MINUTE)
        answers.later(demo, "Parcel by number", begins + 4 * MINUTE, answers.anybody_has_it)
    answers.later(demo, "Parcel by number", when + 4 * 27 * MINUTE + 5 * MINUTE, answers.bring_in("Lena"))
    answers.later(demo, "Parcel by number", when + 4 * 27 * MINUTE + 6 * MINUTE, answers.note)


def somebody_sees_it_first(demo: Demo) -> None:
    """A warehouse calls: the handheld scanners are slow. No monitor says so, a person declares it."""
    when = demo.ago(0.33, hour=10.4)

    def declares(now: datetime) -> None:
        person = demo.people["Lena"]
        with transaction.atomic():
            incident = declare(
                title="Scanners in hall 2 take ten seconds for each parcel",
                severity=3,
                service=demo.services["Warehouse"],
                actor=actor_of(person),
                person=person,
                how="screen",
                now=now,
                note="The shift lead called. Everything is green here.",
                opened_at=now - 15 * MINUTE,
            )

        def follows(do: answers.Do, after: int) -> None:
            def act(moment: datetime) -> None:
                incident.refresh_from_db()
                if incident.is_open:
                    do(demo, incident, moment)

            demo.at(now + after * MINUTE, act)

        follows(answers.anybody_has_it, 3)
        follows(answers.note, 21)
        follows(answers.say_over, 48)

    demo.at(when, declares)


def still_going_on(demo: Demo) -> None:
    """Nineteen minutes before now labels stop printing. It goes on when the demo is opened (config.demo_target)."""
    when = demo.end - 19 * MINUTE
    fail(demo, "Label request", when, 24 * 60 * MINUTE)
    answers.later(demo, "Label request", when + 9 * MINUTE, answers.anybody_has_it)
    answers.later(demo, "Label request", when + 11 * MINUTE, customers.are_told)
    answers.later(demo, "Label request", when + 13 * MINUTE, answers.note)


def _running(demo: Demo) -> list[Monitor]:
    """Monitors that are checked at this moment."""
    return list(Monitor.objects.in_force().filter(paused_at__isnull=True).defer("secrets"))
