"""Who comes on call is told an hour before and at the start, each once, with what they take over; whatever happens to the engine."""

from datetime import timedelta

import pytest
from django.db import transaction

from incidents.handoffs import tell_due
from incidents.models import Incident
from incidents.services.rows import next_serial
from ledger.models import Entry
from monitors.services.monitors import pause_monitor
from oncall.models import Notice, Page
from oncall.rota.handoffs import handoffs
from oncall.services.overrides import make_override
from oncall.services.schedules import add_layer, change_schedule
from oncall.ticks import duty
from tests import builders
from tests.builders import NIGHT, REASON
from tests.monitors.test_two_workers_race import at_once
from tests.oncall import rota_cast
from tests.oncall.rota_cast import ANA, BEN, utc

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
# Monday 23 March 2026, 09:00 in Berlin
HANDOFF = NIGHT + timedelta(days=6, hours=5)


@pytest.fixture
def cast(world):
    ana, ben = world.person("Ana"), world.person("Ben")
    schedule = builders.schedule(ana, ben, team=world.team)
    return ana, ben, schedule


def at(world, instant):
    """The engine's round at an instant, letters delivered."""
    world.now = instant
    duty(instant)
    told = tell_due(instant)
    world.settle(2)
    return told


def test_the_next_person_is_told_an_hour_before_and_at_the_start_and_nobody_else(world, cast):
    _, ben, _ = cast
    assert at(world, HANDOFF - HOUR - MINUTE) == 0
    assert at(world, HANDOFF - HOUR) == 1
    letter = world.smtp.expect(ben.email, "On call from Mon 23 Mar 2026 09:00: Shop", "Ana hands over.")
    assert "Mon 23 Mar 2026 09:00 to Mon 30 Mar 2026 09:00 (Europe/Berlin)" in letter.body
    assert "For you: Mon 23 Mar 2026 08:00 to Mon 30 Mar 2026 07:00 (UTC)" in letter.body, (
        "the clocks change in that week"
    )
    assert at(world, HANDOFF - MINUTE) == 0
    assert at(world, HANDOFF) == 1
    world.smtp.expect(ben.email, "You are on call: Shop")
    assert [at(world, HANDOFF + minutes * MINUTE) for minutes in (1, 30, 59, 61, 600)] == [0] * 5
    world.smtp.verify_nothing_else()


def test_after_a_standstill_what_still_helps_is_told_and_nothing_twice(world, cast):
    at(world, HANDOFF - 5 * HOUR)
    assert at(world, HANDOFF + 20 * MINUTE) == 1, "late, but told; that it was soon helps nobody any more"
    world.smtp.expect(cast[1].email, "You are on call: Shop")
    next_one = HANDOFF + timedelta(days=7)
    assert at(world, next_one + 2 * HOUR) == 0
    world.smtp.verify_nothing_else()


def test_it_says_what_is_open_what_is_muted_and_who_stands_behind(world, cast):
    ana, ben, schedule = cast
    cid = world.person("Cid")
    add_layer(
        schedule, name="Second", zone="UTC", unit="weeks", lengths=[1], starts="2026-03-02T00:00", people=[cid.public_id],
        role="secondary", now=NIGHT, reason=REASON,
    )  # fmt: skip
    service = builders.service(team=world.team)
    with transaction.atomic():
        year, serial, number = next_serial(NIGHT)
    Incident.objects.create(
        number=number, year=year, serial=serial, title="Orders fail", severity=2, severity_initial=2, urgency="low",
        service=service, state="triggered", opened_at=NIGHT, recorded_at=NIGHT,
    )  # fmt: skip
    builders.window(service, name="Upgrade", by=ana, approved_by=cid, starts_in=HANDOFF - NIGHT + HOUR)
    quiet = builders.monitor("Search", service=service)
    pause_monitor(quiet, now=NIGHT, reason=REASON)
    at(world, HANDOFF - HOUR)
    letter = world.smtp.expect(ben.email, "On call from")
    for line in (
        "Ana hands over.", "Secondary then: Cid.", "- SEV2 INC-2026-0001 Orders fail, since Tue 17 Mar 2026 04:00",
        "- Upgrade, Mon 23 Mar 2026 10:00", "- Search of Checkout, since Tue 17 Mar 2026 04:00",
    ):  # fmt: skip
        assert line in letter.body, letter.body


def test_who_takes_a_shift_at_once_is_told_at_once_and_who_gets_it_back_too(world, cast):
    ana, ben, schedule = cast
    now = NIGHT + timedelta(days=1)
    at(world, now)
    make_override(schedule, kind="replace", end_at=now + HOUR, who=ben, by=ben, now=now, reason=REASON)
    assert at(world, now) == 2
    world.smtp.expect(ben.email, "You are on call: Shop", "Ana hands over.")
    world.smtp.expect(ana.email, "On call from Wed 18 Mar 2026 05:00: Shop", "Ben hands over.")


def test_a_schedule_can_do_without(world, cast):
    _, _, schedule = cast
    change_schedule(
        schedule, name="Shop", team=world.team, zone="Europe/Berlin", handoff_notices=False, now=NIGHT, reason=REASON
    )  # fmt: skip
    assert (at(world, HANDOFF - HOUR), at(world, HANDOFF)) == (0, 0)


def test_that_it_was_made_and_what_became_of_it_is_on_record(world, cast):
    at(world, HANDOFF)
    notice = Notice.objects.get()
    page = Page.objects.get(reference=notice.public_id)
    assert (notice.pages, page.origin, page.urgency, page.state, page.accepted_at is not None) == (
        1, "handoff", "low", "accepted", True,
    )  # fmt: skip
    world.smtp.expect(notice.person.email, "You are on call: Shop")
    assert Entry.objects.filter(kind="oncall.notice_made", subjects__object_id=notice.public_id).count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_workers_that_find_one_hand_off_tell_it_once():
    team = builders.team()
    builders.schedule(builders.person("Ana", team=team), builders.person("Ben", team=team), team=team)
    duty(HANDOFF)
    at_once(*[lambda: tell_due(HANDOFF)] * 4)
    assert Notice.objects.count() == 1
    assert Page.objects.count() == 1


# pure: what a hand-off is


def test_a_turn_that_follows_ones_own_is_no_hand_off():
    alone = rota_cast.schedule(rota_cast.layer(ANA))
    assert handoffs(alone, rota_cast.window(utc(2026, 1, 6), utc(2026, 3, 1))) == []
    both = rota_cast.schedule(rota_cast.layer(ANA, BEN))
    (one, two) = handoffs(both, rota_cast.window(utc(2026, 1, 6), utc(2026, 1, 20)))
    assert (one.person, one.leaving, one.at, one.until) == (BEN, (ANA,), utc(2026, 1, 12, 8), utc(2026, 1, 19, 8))
    assert (two.person, two.at) == (ANA, utc(2026, 1, 19, 8))
