"""Closed months are sealed once; two people may correct one, and then it has a revision that says so."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from ledger.models import Entry
from monitors.agreements import periods
from monitors.maintenance_rules import Contract
from monitors.models import MonthlyAvailability, StateInterval
from monitors.overlays import Lying
from monitors.services.adjustments import approve_adjustment, refuse_adjustment, request_adjustment
from monitors.services.agreements import create_sla
from monitors.services.months import seal_months
from tests import builders

BORN = datetime(2026, 4, 1, tzinfo=UTC)
MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
CLOSED = datetime(2026, 6, 3, 1, tzinfo=UTC)
FAULT = datetime(2026, 5, 10, 2, tzinfo=UTC)
HOUR, HOUR_MS = timedelta(hours=1), 3_600_000


@pytest.fixture(name="house")
def house_in_may(db):
    """Up all of April and May, but for an hour of May that was down."""
    builders.organisation(now=BORN)
    team = builders.team(now=BORN)
    people = [builders.person(name, "manager", team=team, now=BORN) for name in ("Mona Meyer", "Max Muster")]
    service = builders.service(team=team, now=BORN)
    monitor = builders.monitor(service=service, now=BORN)
    row = StateInterval.objects.get(monitor=monitor)
    StateInterval.objects.filter(pk=row.pk).update(
        state="up", ended_at=FAULT, closed_recorded_at=FAULT, covered_until=FAULT
    )
    for state, start, end in (("down", FAULT, FAULT + HOUR), ("up", FAULT + HOUR, None)):
        row = StateInterval.objects.create(
            monitor=monitor, state=state, started_at=start, ended_at=end, recorded_at=start, closed_recorded_at=end,
            covered_until=end or CLOSED + 60 * 24 * HOUR,
        )  # fmt: skip
    monitor.standing.interval, monitor.standing.state, monitor.standing.since = row, "up", row.started_at
    monitor.standing.covered_until = monitor.standing.silent_at = CLOSED + 60 * 24 * HOUR
    monitor.standing.save()
    return type(
        "House", (), {"service": service, "monitor": monitor, "mona": people[0], "max": people[1], "team": team}
    )


def month(service, name="2026-05", sla=""):
    return MonthlyAvailability.objects.filter(service=service, month=name, sla=sla).order_by("-revision").first()


def promised(house, **more):
    return create_sla(
        service=house.service, name="Gold", target_ppm=999_000, timezone="UTC", effective_from=date(2026, 4, 1), now=BORN,
        reason="Test", **more,
    )  # fmt: skip


def ask(house, **more):
    given = {
        "start": FAULT, "end": FAULT + HOUR, "to_state": "up", "reason": "The assertion was wrong", "evidence": "TICKET-7",
        "by": house.mona, "now": CLOSED,
    }  # fmt: skip
    return request_adjustment(house.monitor, **{**given, **more})


def test_a_month_is_sealed_on_the_third_of_the_next_and_once(house):
    assert seal_months(JUNE + timedelta(days=2) - timedelta(seconds=1)) == 1, "April"
    assert seal_months(JUNE + timedelta(days=2)) == 1
    assert seal_months(CLOSED) == 0
    row = month(house.service)
    assert (row.total_ms, row.down_ms, row.unknown_ms) == (31 * 24 * HOUR_MS, HOUR_MS, 0)
    assert (row.revision, row.verdict, row.policy) == (1, "", "calc-1")
    assert Entry.objects.filter(kind="availability.month_sealed").count() == 2


def test_an_agreement_gets_its_verdict_by_its_own_terms(house):
    sla = promised(house)
    seal_months(CLOSED)
    assert month(house.service, "2026-05", sla.public_id).verdict == "missed"
    assert month(house.service, "2026-04", sla.public_id).verdict == "met"


def test_a_sealed_month_stays_as_it_is_when_intervals_or_terms_change(house):
    sla = promised(house)
    seal_months(CLOSED)
    StateInterval.objects.filter(started_at=FAULT)._raw_delete("default")
    told = {one.name: one for one in periods([sla], now=CLOSED)[sla.pk]}
    assert (told["2026-05"].figures.down_ms, told["2026-05"].verdict) == (HOUR_MS, "missed")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        MonthlyAvailability.objects.update(down_ms=0)


def test_maintenance_is_excluded_only_by_the_rule(house):
    promised(house, notice_required_s=86_400, maintenance_allowance_s=7200)
    planned = {"team": house.team, "by": house.mona, "approved_by": house.max, "length": HOUR}
    builders.window(house.service, starts_in=48 * HOUR, now=FAULT - 48 * HOUR, **planned)
    seal_months(CLOSED)
    rows = {row.sla: row for row in MonthlyAvailability.objects.filter(month="2026-05")}
    alone, agreed = rows.pop(""), next(iter(rows.values()))
    assert (alone.excluded_ms, alone.down_ms, alone.maintenance_ms) == (0, HOUR_MS, HOUR_MS)
    assert (agreed.excluded_ms, agreed.down_excluded_ms) == (0, 0), "it was never announced"
    over = Lying(MAY, JUNE).over(house.service, [type("W", (), {"start": MAY, "end": JUNE})], Contract())
    assert over.excluded == [(FAULT, FAULT + HOUR)], "an agreement that asks for no notice lets it count"


def test_two_people_correct_a_month_and_it_gets_a_revision(house):
    sla = promised(house)
    seal_months(CLOSED)
    asked = ask(house)
    assert month(house.service).revision == 1, "a request changes nothing"
    with pytest.raises(ValidationError, match="Let somebody else approve: Max Muster"):
        approve_adjustment(asked, by=house.mona, now=CLOSED)
    done = approve_adjustment(asked, by=house.max, now=CLOSED + HOUR, reason="Seen in the log")
    first, second = MonthlyAvailability.objects.filter(month="2026-05", sla="").order_by("revision")
    assert (first.down_ms, second.down_ms, second.adjusted_ms) == (HOUR_MS, 0, HOUR_MS)
    assert (second.revision, second.supersedes, second.adjustment) == (2, first, asked.public_id)
    assert (second.approved_by, second.reason_sha256) == (house.max, asked.reason_sha256)
    assert month(house.service, "2026-05", sla.public_id).verdict == "met"
    assert month(house.service, "2026-04").revision == 1
    assert StateInterval.objects.get(started_at=FAULT).state == "down", "what was measured stays"
    effect = {one["sla"]: one for one in done.effect}
    assert (effect[""]["down_ms_before"], effect[""]["down_ms_after"]) == (str(HOUR_MS), "0")
    assert effect[""]["measured_after"] == "1.000000"
    told = {one.name: one for one in periods([sla], now=CLOSED)[sla.pk]}
    assert told["2026-05"].verdict == "met"


def test_a_refused_request_changes_nothing_and_cannot_be_decided_again(house):
    seal_months(CLOSED)
    done = refuse_adjustment(ask(house), by=house.max, now=CLOSED, reason="It was down")
    assert (done.standing, month(house.service).revision) == ("refused", 1)
    with pytest.raises(ValidationError, match="refused already"):
        approve_adjustment(done, by=house.max, now=CLOSED)


@pytest.mark.parametrize(
    ("differs", "field"),
    [
        ({"end": FAULT + 2 * HOUR}, "start"),
        ({"start": BORN - HOUR, "end": BORN + HOUR}, "start"),
        ({"end": CLOSED + HOUR}, "end"),
        ({"end": FAULT}, "end"),
        ({"to_state": "down"}, "to_state"),
        ({"to_state": "paused"}, "to_state"),
        ({"reason": " "}, "reason"),
        ({"evidence": ""}, "evidence"),
    ],
)
def test_what_cannot_be_corrected_is_refused_by_field(house, differs, field):
    with pytest.raises(ValidationError) as refused:
        ask(house, **differs)
    assert list(refused.value.error_dict) == [field]


def test_one_stretch_is_asked_about_once_at_a_time(house):
    ask(house)
    with pytest.raises(ValidationError, match="Decide that one first"):
        ask(house, start=FAULT + HOUR / 2, end=FAULT + HOUR)
