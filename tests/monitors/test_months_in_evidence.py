"""Months as an auditor gets them are those that were sealed, or what the one function says; their checks are the days' checks."""

from datetime import timedelta

import pytest

from ledger.tables import Scope
from monitors.availability import Window, ratio_text
from monitors.continuity import continuity_of
from monitors.evidence_uptime import uptime_table
from monitors.models import Monitor, MonthlyAvailability
from monitors.overlays import Lying
from monitors.sealed import figures_in
from monitors.services.adjustments import approve_adjustment
from monitors.services.months import FIGURES, seal_months
from monitors.uptime import Asked, figures_of
from tests import builders
from tests.monitors.test_months_are_sealed import BORN, CLOSED, FAULT, HOUR, JUNE, MAY, ask, house_in_may  # noqa: F401 - house_in_may is the fixture `house`

DAY = timedelta(days=1)
SHARES = ("measured", "low", "high", "strict")
NOT_SEALED = dict.fromkeys(("sealed_month_id", "frozen_at", "revision", "supersedes", "adjustment_id", "reason"))


def months(house, start=MAY, end=JUNE, services=None):
    table = uptime_table(Scope("period", "test", end, start, end), services or [house.service])
    return [dict(zip(table.header, row, strict=True)) for row in table.rows()]


def says(row, figures):
    """Every figure of the row is that of the figures."""
    told = {"policy": "calc_version"}
    for name in FIGURES:
        if name != "degraded_is_down":
            assert row[told.get(name, name)] == getattr(figures, name), name
    for name in SHARES:
        assert row[f"uptime_{name}_ratio"] == ratio_text(getattr(figures, name)), name
    assert row["coverage_ratio"] == ratio_text(figures.coverage)


def test_a_sealed_month_is_told_as_it_was_sealed_with_its_newest_revision(house):
    seal_months(CLOSED)
    first = MonthlyAvailability.objects.get(month="2026-05")
    (row,) = months(house)
    says(row, figures_in(first))
    assert (row["sealed_month_id"], row["frozen_at"], row["revision"]) == (first.public_id, CLOSED, 1)
    assert row["supersedes"] is row["reason"] is row["approved_by"] is None

    asked = ask(house)
    approve_adjustment(asked, by=house.max, now=CLOSED + HOUR, reason="Yes")
    second = MonthlyAvailability.objects.get(month="2026-05", superseded_by=None)
    (row,) = months(house)
    says(row, figures_in(second))
    assert (row["down_ms"], row["adjusted_ms"]) == (0, 3_600_000)
    assert (row["revision"], row["supersedes"], row["frozen_at"]) == (2, first.public_id, CLOSED + HOUR)
    assert (row["adjustment_id"], row["reason"]) == (asked.public_id, "The assertion was wrong")
    assert row["approved_by"] == house.max.public_id


@pytest.mark.parametrize("corrected", [False, True])
def test_a_month_that_is_not_sealed_is_what_the_one_function_says_and_sealing_does_not_change_it(house, corrected):
    if corrected:
        approve_adjustment(ask(house), by=house.max, now=CLOSED, reason="Yes")
    (row,) = months(house)
    over = Lying(MAY, JUNE).over(house.service, [], None)
    says(row, figures_of([Asked(house.service, [Window(MAY, JUNE)], over)], now=JUNE)[0][0])
    assert {name: row[name] for name in NOT_SEALED} == NOT_SEALED
    seal_months(CLOSED)
    (sealed,) = months(house)
    assert {**sealed, **NOT_SEALED} == row


def test_a_part_of_a_sealed_month_is_not_given_out_for_the_sealed_month(house):
    seal_months(CLOSED)
    (row,) = months(house, end=FAULT + HOUR / 2)
    assert (row["down_ms"], row["partial"], row["frozen_at"]) == (1_800_000, True, None)


def test_checks_of_the_services_add_up_to_the_days_of_the_house(house):
    """Tie-out T-3: a monitor that moved counts once, with the service it was in on the day."""
    other = builders.service("Other", now=BORN)
    builders.monitor("Search", service=other, interval_s=300, now=MAY + 10 * DAY)
    moved = Monitor.objects.get(pk=house.monitor.pk)
    moved.service = other
    moved.save(now=MAY + 20 * DAY + HOUR, reason="Test")
    rows = months(house, services=[house.service, other])
    days = [continuity_of((MAY + number * DAY).date(), now=CLOSED) for number in range(31)]
    assert sum(row["checks_expected"] for row in rows) == sum(day.checks_expected for day in days) > 0
    assert sum(row["checks_executed"] for row in rows) == sum(day.checks_executed for day in days)
    first = next(row for row in rows if row["service_id"] == house.service.public_id)
    assert first["checks_expected"] == 20 * 1440
