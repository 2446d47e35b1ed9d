"""A night of planned work: what is broken is recorded and wakes nobody, and what still is at the end does."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from incidents.models import Alert, Incident
from ledger.models import Entry
from monitors.models import MaintenanceSpan, StateInterval
from monitors.services.window_times import cancel_time, end_early, extend
from monitors.services.windows import approve_window, cancel_window, change_window, plan_window


def planned(
    world, *, starts_in=1, minutes=6, covered=None, rrule="", by="Mona", approved_by="Ada", name="Database upgrade"
):
    start = world.now + timedelta(minutes=starts_in)
    window = plan_window(
        name=name, team=world.team, covered=covered or [world.service.public_id], zone="UTC", starts=f"{start:%Y-%m-%dT%H:%M}",
        length_s=minutes * 60, rrule=rrule, by=world.people[by], now=world.now, reason="Upgrade",
    )  # fmt: skip
    if approved_by:
        window = approve_window(window, by=world.people[approved_by], now=world.now, reason="Agreed")
    return window


def only_span(window):
    return window.spans.get()


def kinds():
    return list(Entry.objects.filter(kind__startswith="maintenance.").order_by("pk").values_list("kind", flat=True))


def test_a_fault_inside_a_window_is_recorded_and_wakes_nobody_until_it_ends(world):
    window = planned(world)
    world.breaks("Checkout API")
    world.advance(minutes=5)
    alert = Alert.objects.get()
    assert (alert.incident, alert.suppressed_by) == (None, window.public_id)
    assert Incident.objects.count() == 0
    world.phone("Alice").stays_silent()
    assert StateInterval.objects.get(ended_at=None).state == "down", "what was measured is not touched"

    world.advance(minutes=2)
    world.phone("Alice").expect_sms("Checkout API is down")
    alert.refresh_from_db()
    assert alert.incident == world.incident and world.incident.opened_at == alert.opened_at
    assert kinds() == ["maintenance.recorded", "maintenance.approved", "maintenance.started", "maintenance.closed"]
    span = only_span(window)
    assert (span.started_at, span.ended_at, span.ending) == (span.planned_start, span.planned_end, "ended")


def test_a_fault_that_is_over_before_the_window_is_wakes_nobody(world):
    planned(world)
    world.breaks("Checkout API")
    world.advance(minutes=3)
    world.mends("Checkout API")
    world.advance(minutes=6)
    alert = Alert.objects.get()
    assert alert.closed_at is not None and alert.incident is None
    world.phone("Alice").stays_silent()


def test_what_still_is_broken_pages_when_the_engine_was_stopped_over_the_end(world):
    window = planned(world)
    world.breaks("Checkout API")
    world.advance(minutes=3)
    world.skip(hours=3)
    world.advance(minutes=1)
    world.phone("Alice").expect_sms("Checkout API is down")
    span = only_span(window)
    assert span.ended_at == span.planned_end, "it ended when it was to, not when the engine came back"


def test_ending_early_pages_at_once_and_gives_the_rest_back(world):
    window = planned(world)
    world.breaks("Checkout API")
    world.advance(minutes=3)
    end_early(only_span(window), now=world.now, reason="Done sooner")
    world.advance(minutes=1)
    world.phone("Alice").expect_sms("Checkout API is down")
    assert only_span(window).ended_at == world.now - timedelta(minutes=1)


def test_an_extension_goes_on_muting_and_is_a_part_of_its_own(world):
    window = planned(world)
    world.advance(minutes=2)
    span = only_span(window)
    extend(span, span.planned_end + timedelta(minutes=2), by=world.people["Mona"], now=world.now, reason="Slow disk")
    world.breaks("Checkout API")
    world.advance(minutes=6)
    world.phone("Alice").stays_silent()
    first, second = window.spans.order_by("part")
    assert (first.ending, second.part, second.planned_start) == ("ended", 1, first.planned_end)
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("Checkout API is down")


def test_an_unapproved_window_mutes_nothing(world):
    window = planned(world, approved_by="")
    world.breaks("Checkout API")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("Checkout API is down")
    world.mends("Checkout API")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("recovered")
    world.advance(minutes=2)
    assert only_span(window).ending == "lapsed"


def test_only_what_a_window_covers_is_quiet(world):
    other = world.watch("Refunds")
    planned(world, covered=[other.public_id], minutes=9)
    world.advance(minutes=1)
    world.breaks("Refunds")
    world.breaks("Checkout API")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("Checkout API is down")
    assert Alert.objects.get(monitor=other).incident is None
    world.mends("Refunds")
    world.mends("Checkout API")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("recovered")


def test_a_window_planned_for_the_past_is_flagged_and_over_at_once(world):
    window = planned(world, starts_in=-120, approved_by="")
    span = only_span(window)
    assert (span.retroactive, span.ending) == (True, "ended")
    assert only_span(approve_window(window, by=world.people["Ada"], now=world.now)).approved_at is None


def test_who_asked_does_not_approve_while_somebody_else_could(world):
    window = planned(world, approved_by="")
    with pytest.raises(ValidationError) as refused:
        approve_window(window, by=world.people["Mona"], now=world.now)
    assert "Let somebody else approve: Ada Admin" in str(refused.value)


def test_one_person_alone_may_approve_and_it_is_recorded_as_an_exception(world):
    ada = world.people["Ada"]
    ada.is_active = False
    ada.save(now=world.now, reason="Left")
    window = planned(world, approved_by="Mona")
    assert window.approved_alone and only_span(window).approved_alone
    assert '"alone":true' in Entry.objects.filter(kind="maintenance.approved").get().line


def test_a_change_of_a_series_replaces_what_has_not_begun_and_nothing_else(world):
    window = planned(world, rrule="FREQ=DAILY")
    assert window.spans.count() == 60
    world.advance(minutes=2)
    begun = window.spans.order_by("planned_start").first()
    change_window(window, {"length_s": 180}, by=world.people["Mona"], now=world.now, reason="Faster now")
    window.refresh_from_db()
    begun.refresh_from_db()
    assert (begun.ending, begun.planned_end - begun.planned_start) == (None, timedelta(minutes=6))
    assert window.spans.filter(terms=1, ending="superseded").count() == 59
    fresh = window.spans.filter(terms=2)
    assert fresh.count() == 60 and not fresh.exclude(approved_at=None).exists()
    assert window.approved_at is None, "what was approved is no longer what is planned"


def test_coming_times_are_written_down_sixty_days_ahead_while_time_goes_on(world):
    window = planned(world, rrule="FREQ=DAILY")
    world.skip(hours=24 * 5)
    assert window.spans.count() == 65
    late = window.spans.filter(retroactive=True).count()
    assert late == 0, "what is written down was so before it began"
    world.skip(hours=24 * 70)
    missed = window.spans.filter(retroactive=True)
    assert 0 < missed.count() <= 12, "what the engine slept through is flagged"


def test_one_time_of_a_series_can_be_left_out_and_the_series_ended(world):
    window = planned(world, rrule="FREQ=DAILY")
    first = window.spans.order_by("planned_start").first()
    cancel_time(first, now=world.now, reason="Release day")
    world.breaks("Checkout API")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("Checkout API is down")
    cancel_window(window, now=world.now, reason="Moved to the new database")
    assert not window.spans.filter(ending=None).exists()
    world.mends("Checkout API")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("recovered")


def test_facts_of_a_window_are_set_once(world):
    window = planned(world)
    span = only_span(window)
    MaintenanceSpan.objects.filter(pk=span.pk).update(started_at=world.now)
    with pytest.raises(Exception, match="append-only"):
        MaintenanceSpan.objects.filter(pk=span.pk).update(started_at=world.now + timedelta(hours=1))
