"""Response times by location and by day of the organisation's zone: counted anew for each, never averaged."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organisation
from ledger.ids import snowflake
from ledger.tables import Scope
from monitors.answer_days import answer_days
from monitors.availability import Window
from monitors.evidence import period_tables
from monitors.models import Location, PackProgress, Result, ResultPack
from monitors.packs import PackError, decode, good_totals
from monitors.periods import days_of
from monitors.response_times import gathered, summary_of
from monitors.samples import hour_of, samples
from monitors.services import create_location, set_locations
from tests import builders
from tests.monitors.checked import NOT_RUN, ran

BORN = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 4, 2, 9, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")


@pytest.fixture
def monitor(db):
    builders.organisation(now=BORN)
    return builders.monitor(service=builders.service(now=BORN), now=BORN, interval_s=300)


@pytest.fixture
def places(monitor):
    made = [create_location(name=name, now=BORN, reason="Test") for name in ("near", "far")]
    set_locations(monitor, made, now=BORN, reason="Test")
    return made


def timed_out(monitor, place, at):
    """The row that stays of a check that timed out."""
    Result.objects.create(
        day=at.date(), id=snowflake(), monitor=monitor, location=place, planned_at=at, recorded_at=at, monitor_version=1,
        outcome="failed", code="timeout", total_us=10_000_000,
    )  # fmt: skip


# --- counting -------------------------------------------------------------------------------------


def test_each_location_has_percentiles_of_its_own_and_all_together_are_counted_anew(monitor, places):
    near, far = places
    ran(monitor, NOW - DAY, NOW, lambda at: 100.0, place=near)
    ran(monitor, NOW - DAY, NOW, lambda at: 900.0 if at.minute < 30 else 300.0, place=far)
    found = gathered(monitor, [Window(NOW - DAY, NOW)])
    assert found.places == sorted([near.pk, far.pk])
    texts = {
        place: [found.told(place=place).percentiles[name].text for name in ("p50", "p95")]
        for place in (near.pk, far.pk, None)
    }
    # the mean of the two medians would be 200 or 500: no check took as long
    assert texts == {near.pk: ["100.0", "100.0"], far.pk: ["300.0", "900.0"], None: ["100.0", "900.0"]}
    assert [found.told(place=place).checks for place in (near.pk, far.pk, None)] == [288, 288, 576]


@pytest.mark.parametrize(
    ("zone", "first", "hours"),
    [(UTC, date(2026, 3, 29), 24), (BERLIN, date(2026, 3, 29), 23), (KOLKATA, date(2026, 3, 29), 24)],
)
def test_a_day_is_one_of_the_zone_and_as_long_as_the_zone_makes_it(monitor, zone, first, hours):
    ran(monitor, BORN, NOW, lambda at: 100.0 + at.astimezone(zone).day)
    found = gathered(monitor, days_of(first, 3, zone))
    for number in range(3):
        told = found.told(window=number)
        assert told.percentiles["p50"].text == told.slowest.text == f"{129.0 + number:.1f}"
    assert [found.told(window=number).ok for number in range(3)] == [hours * 12, 288, 288]


def test_windows_take_what_lies_in_them_wherever_they_begin(monitor):
    total = ran(monitor, NOW - 2 * DAY, NOW, lambda at: "failed" if at.hour == 4 else 100.0)
    edges = [NOW - 2 * DAY, NOW - DAY - timedelta(minutes=17), NOW - DAY + timedelta(minutes=3), NOW - HOUR, NOW]
    windows = [Window(*edge) for edge in pairwise(edges)]
    found = gathered(monitor, windows)
    assert sum(found.told(window=number).checks for number in range(4)) == found.told().checks == total
    for number, window in enumerate(windows):
        held = samples([monitor.pk], window.start, window.end)[monitor.pk]
        by_hand = Counter(one.outcome for one in held)
        told = found.told(window=number)
        assert (told.ok, told.failed) == (by_hand["ok"], by_hand["failed"])


def test_a_gap_between_windows_counts_nowhere(monitor):
    ran(monitor, NOW - DAY, NOW)
    apart = [Window(NOW - 20 * HOUR, NOW - 19 * HOUR), Window(NOW - 10 * HOUR, NOW - 9 * HOUR)]
    assert gathered(monitor, apart).told().ok == 24
    assert gathered(monitor, []).told().checks == 0


def test_checks_that_timed_out_are_counted_where_and_when_they_did(monitor, places):
    near, far = places
    at = NOW.replace(hour=3, minute=0) - DAY
    ran(
        monitor, NOW - 2 * DAY, NOW, lambda when: "failed" if when.hour == 3 and when.day == at.day else 50.0, place=far
    )
    ran(monitor, NOW - 2 * DAY, NOW, place=near)
    for minute in range(0, 60, 5):
        timed_out(monitor, far, at + timedelta(minutes=minute))
    found = gathered(monitor, days_of(at.date() - DAY, 3, UTC))
    lost = {
        (number, place): (told.failed, told.timeouts)
        for number in range(3)
        for place in (near.pk, far.pk)
        if (told := found.told(window=number, place=place)).failed or told.timeouts
    }
    assert lost == {(1, far.pk): (0, 12)}
    assert found.told(window=1, place=far.pk).percentiles["p99"].text == ">=10000.0"
    assert found.told(window=1, place=near.pk).percentiles["p99"].text == "100.0"


def test_the_newest_checks_are_rows_and_told_alike(monitor):
    place = Location.objects.get_or_create(name="local")[0]
    ran(monitor, NOW - DAY, NOW - 2 * HOUR)
    PackProgress.objects.update(hour=hour_of(NOW - 2 * HOUR))
    for number, (outcome, retry, late) in enumerate([("ok", 0, 0), ("failed", 0, 0), ("ok", 1, 0), ("ok", 0, 20)]):
        at = NOW - HOUR + timedelta(minutes=5 * number)
        Result.objects.create(
            day=at.date(), id=number, monitor=monitor, location=place, planned_at=at, monitor_version=1, outcome=outcome,
            recorded_at=at + timedelta(minutes=late), total_us=77_000, retry=bool(retry),
        )  # fmt: skip
    told = summary_of(monitor, NOW - HOUR, NOW)
    assert (told.ok, told.failed, told.percentiles["p50"].text) == (1, 1, "77.0")


def test_totals_are_read_from_a_pack_without_its_slots(monitor):
    answers = iter([100.0, "failed", 250.5] * 1000)
    ran(monitor, NOW - 3 * HOUR, NOW, lambda at: next(answers))
    body = bytes(ResultPack.objects.order_by("hour").values_list("body", flat=True)[0])
    assert good_totals(body) == [one.total for one in decode(body) if one.outcome == "ok" and not one.retry]
    with pytest.raises(PackError):
        good_totals(body[:-1])


# --- days for a page ------------------------------------------------------------------------------


def test_the_last_days_are_told_with_gaps_where_nothing_ran(monitor):
    ran(monitor, BORN, NOW, lambda at: NOT_RUN if at.day == 30 else 100.0 + at.hour)
    told = answer_days(monitor, now=NOW, zone=UTC)
    assert [one.day for one in told.days] == [date(2026, 3, 20) + number * DAY for number in range(14)]
    assert told.days[-1].told.checks == 9 * 12 + 6, "today so far"
    assert told.days[10].told.checks == 0
    name, _, values = told.series[2]
    strokes = [values[at * 96 : (at + 1) * 96] for at in range(14)]
    assert name == "median"
    assert strokes[0] == [111.0] * 95 + [None], "one stroke a day, and no line to the next"
    assert strokes[10] == [None] * 96
    assert (told.start, told.end) == (datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 3, tzinfo=UTC))


def test_a_day_of_23_hours_is_drawn_as_wide_as_it_is(monitor):
    ran(monitor, BORN, NOW)
    told = answer_days(monitor, now=NOW, zone=BERLIN)
    assert Counter(one.hours for one in told.days) == {24: 13, 23: 1}
    assert told.end == datetime(2026, 4, 2, 22, tzinfo=UTC)
    assert len(told.series[0][2]) == (13 * 24 + 23) * 4


def test_as_many_days_as_are_not_too_many_checks(monitor, places):
    assert len(answer_days(monitor, now=NOW, zone=UTC, most=288 * 2 * 5).days) == 5
    assert answer_days(monitor, now=NOW, zone=UTC, most=500) is None
    young = builders.monitor("Young", service=monitor.service, now=NOW - 2 * DAY, interval_s=300)
    assert len(answer_days(young, now=NOW, zone=UTC).days) == 3


def test_more_checks_and_more_places_are_no_more_questions(monitor, places):
    def questions():
        with CaptureQueriesContext(connection) as seen:
            answer_days(monitor, now=NOW, zone=UTC)
        return len(seen)

    since = NOW.replace(hour=0, minute=0) - DAY
    ran(monitor, since, NOW, place=places[0])
    few = questions()
    ran(monitor, since - 13 * DAY, since, place=places[0])
    ran(monitor, NOW - 14 * DAY, NOW, place=places[1])
    assert questions() == few <= 7


# --- evidence -------------------------------------------------------------------------------------


def tables(start, end):
    return {
        table.query: [dict(zip(table.header, row, strict=True)) for row in table.rows()]
        for table in period_tables(Scope("period", "test", end, start, end))
        if table.query.startswith("latency_")
    }


COUNTS = ("samples_ok", "samples_failed", "timeouts")


def test_days_of_a_pack_add_up_to_its_months_location_by_location(monitor, places):
    """Tie-out: counts of latency_daily by location are those of latency_monthly, and locations those of all together."""
    near, far = places
    builders.sla(monitor.service, now=BORN, latency_ms=200, latency_ppm=990_000)
    ran(monitor, BORN, NOW, lambda at: 100.0 + at.day, place=near)
    ran(monitor, BORN + 10 * DAY, NOW, lambda at: "failed" if at.hour == 5 else 250.0, place=far)
    timed_out(monitor, far, datetime(2026, 3, 20, 5, 5, tzinfo=UTC))
    told = tables(BORN + 5 * DAY, NOW)
    ids = {None, near.public_id, far.public_id}
    for month in told["latency_monthly"]:
        days = [
            row
            for row in told["latency_daily"]
            if row["day"].startswith(month["period"]) and row["location_id"] == month["location_id"]
        ]
        for column in COUNTS:
            assert sum(row[column] for row in days) == month[column]
        assert max(float(row["max_ms"].lstrip(">=")) for row in days) == float(month["max_ms"].lstrip(">="))
        assert month["threshold_ms"] == 200
    for rows in told.values():
        by_period = {}
        for row in rows:
            by_period.setdefault(row.get("period") or row["day"], {})[row["location_id"]] = row
        for held in by_period.values():
            assert set(held) <= ids
            for column in COUNTS:
                assert held[None][column] == sum(row[column] for place, row in held.items() if place)
    lost = [(row["day"], row["location_id"]) for row in told["latency_daily"] if row["timeouts"]]
    assert lost == [("2026-03-20", None), ("2026-03-20", far.public_id)]
    assert {row["day"] for row in told["latency_daily"]} == {f"{BORN + n * DAY:%Y-%m-%d}" for n in range(5, 33)}
    assert told["latency_daily"][0]["p50_ms"] == "106.0"


def test_days_of_a_pack_are_those_of_the_zone_cut_to_the_window(monitor):
    house = Organisation.current()
    house.timezone = "Europe/Berlin"
    house.save(now=BORN, reason="Test")
    ran(monitor, BORN, NOW)
    told = tables(datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC))
    days = {row["day"]: row["samples_ok"] for row in told["latency_daily"] if row["location_id"] is None}
    assert days == {"2026-03-28": 11 * 12, "2026-03-29": 23 * 12, "2026-03-30": 288, "2026-03-31": 2 * 12}
    assert {row["period_tz"] for row in told["latency_daily"]} == {"Europe/Berlin"}


def test_the_days_can_be_read_without_the_months(monitor):
    ran(monitor, NOW - 2 * DAY, NOW)
    scope = Scope("period", "test", NOW, NOW - 2 * DAY, NOW)
    (table,) = [one for one in period_tables(scope) if one.query == "latency_daily"]
    assert len(list(table.rows())) == 3 * 2
