"""Hours planned against hours lived, how evenly a schedule is carried, and who covers some days."""

import csv
from datetime import date, timedelta

import pytest

from ledger import clock
from oncall.hours import days_window, hours_report
from oncall.models import Schedule
from oncall.services.duty import record_up_to
from oncall.services.overrides import make_override
from oncall.services.schedules import set_members
from tests import builders as make
from tests.accounts.house import House
from tests.accounts.test_people_pages import text
from tests.api import cast
from tests.oncall.rota_cast import BERLIN, utc
from tests.once import built

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MARCH = utc(2026, 3, 1, 0, 30)
APRIL = days_window(date(2026, 4, 1), date(2026, 4, 30), BERLIN)
# schedules are about today: a house of another day would have other people on call
_house, house = built(lambda: House(clock.now()))


@pytest.fixture
def team(db):
    return make.team(now=MARCH)


@pytest.fixture
def ana(team):
    return make.person("Ana Duarte", team=team, now=MARCH)


@pytest.fixture
def ben(team):
    return make.person("Ben Okafor", team=team, now=MARCH)


@pytest.fixture
def shop(team, ana, ben):
    """Ana and Ben take weeks in turn since 2 March."""
    return make.schedule(ana, ben, team=team, starts="2026-03-02T09:00", now=MARCH)


def report(schedule, now, within=APRIL):
    """Planned and actual hours by name."""
    record_up_to(schedule, now)
    rows = hours_report(Schedule.objects.get(pk=schedule.pk), within, now=now)
    return {row.name: (row.planned_length / HOUR, row.actual_length / HOUR) for row in rows}


def test_who_took_over_worked_more_than_planned_and_who_gave_less(shop, ana, ben):
    start = utc(2026, 4, 14, 7)  # in a week of Ana's
    make_override(
        shop,
        kind="replace",
        who=ben,
        whom=ana,
        start_at=start,
        end_at=start + DAY,
        by=ana,
        now=utc(2026, 4, 10),
        reason="Dentist",
    )
    found = report(shop, utc(2026, 5, 2))
    assert sum(actual for _, actual in found.values()) == 30 * 24
    (ana_planned, ana_did), (ben_planned, ben_did) = found["Ana Duarte"], found["Ben Okafor"]
    assert (ana_planned - ana_did, ben_did - ben_planned) == (24, 24)


def test_what_was_planned_is_the_plan_of_the_time_and_not_of_today(shop, ana, ben, team):
    cid = make.person("Cid Weber", team=team, now=MARCH)
    set_members(shop.layers.get(), people=[cid.public_id], at_once=True, now=utc(2026, 4, 15), reason="New team")
    found = report(shop, utc(2026, 5, 2))
    assert found["Cid Weber"][0] == 0
    assert found["Cid Weber"][1] > 300
    assert found["Ana Duarte"][0] + found["Ben Okafor"][0] == 30 * 24


def test_time_that_nobody_had_is_a_row_of_its_own(shop, ana):
    start = utc(2026, 4, 14, 7)
    make_override(
        shop,
        kind="remove",
        whom=ana,
        start_at=start,
        end_at=start + 5 * HOUR,
        by=ana,
        now=utc(2026, 4, 10),
        reason="Away",
    )
    assert report(shop, utc(2026, 5, 2))["nobody"] == (0, 5)


def test_time_before_the_schedule_is_not_on_record_and_nobody_s(shop):
    whole = days_window(date(2026, 2, 27), date(2026, 3, 8), BERLIN)
    found = report(shop, utc(2026, 5, 2), whole)
    assert found["not on record"][1] == 2 * 24 + 1.5


def test_a_month_to_come_is_planned_as_now_and_has_no_actual_hours(shop):
    found = report(shop, utc(2026, 3, 20))
    assert sum(planned for planned, _ in found.values()) == 30 * 24
    assert sum(actual for _, actual in found.values()) == 0


def test_nights_of_months_add_up_to_those_of_the_quarter(shop):
    record_up_to(shop, utc(2026, 7, 2))
    schedule = Schedule.objects.get(pk=shop.pk)

    def nights(first, last):
        rows = hours_report(schedule, days_window(first, last, BERLIN), now=utc(2026, 7, 2))
        return sum(row.planned.nights for row in rows if row.planned), sum(
            row.actual.nights for row in rows if row.actual
        )

    months = [(4, 30), (5, 31), (6, 30)]
    by_month = [nights(date(2026, month, 1), date(2026, month, last)) for month, last in months]
    assert tuple(map(sum, zip(*by_month, strict=True))) == nights(date(2026, 4, 1), date(2026, 6, 30)) == (91, 91)


@pytest.mark.parametrize(("first", "last"), [((2026, 4, 2), (2026, 4, 1)), ((2025, 1, 1), (2026, 12, 31))])
def test_days_that_are_none_or_more_than_a_year_are_refused(first, last):
    with pytest.raises(ValueError, match="at most a year apart"):
        days_window(date(*first), date(*last), BERLIN)


def test_the_page_and_the_file_say_the_same(house, as_):
    page = f"/schedules/{house.schedule.public_id}/hours"
    today = clock.now().date()
    days = f"?first={today + DAY}&last={today + 10 * DAY}"
    shown = text(as_("auditor").get(f"{page}/{days}"))
    answer = as_("auditor").get(f"{page}.csv{days}")
    rows = list(csv.DictReader(answer.content.decode().splitlines()))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert {row["person"] for row in rows} >= {"Manager Larkspur"}
    assert all(row["person"] in shown for row in rows)
    assert round(sum(float(row["planned_hours"]) for row in rows)) in (239, 240, 241)


def test_days_that_cannot_be_read_say_so(house, as_):
    answer = as_("viewer").get(f"/schedules/{house.schedule.public_id}/hours/?first=2026-05-01&last=2020-01-01")
    assert answer.status_code == 422
    assert "It is not before the first day" in text(answer)
    assert as_("viewer").get(f"/schedules/{house.schedule.public_id}/hours.csv?first=soon&last=").status_code == 422


def test_a_program_reads_the_same(db):
    now = clock.now()
    team = make.team("Payments", now=now)
    rita = cast.person("responder", "Rita", team=team)
    shop = make.schedule(rita, name="Refunds", team=team, starts="2026-01-05T09:00", now=now)
    days = {"first_day": f"{now.date() + DAY}", "last_day": f"{now.date() + 10 * DAY}"}
    told = cast.client(rita).post(f"/api/v1/schedules/{shop.public_id}/hours/", days, "json").json()
    assert [(row["name"], row["actual_seconds"]) for row in told["rows"]] == [("Rita", 0)]
    assert told["rows"][0]["planned_seconds"] in (239 * 3600, 240 * 3600, 241 * 3600)
    wrong = cast.client(rita).post(
        f"/api/v1/schedules/{shop.public_id}/hours/", {**days, "last_day": "2020-01-01"}, "json"
    )
    assert (wrong.status_code, cast.problems(wrong)) == (400, ["last_day"])


def test_the_page_of_a_schedule_says_how_evenly_it_is_carried(house, as_):
    shown = text(as_("viewer").get(f"/schedules/{house.schedule.public_id}/")).split("Fairness", 1)[1]
    assert "Manager Larkspur" in shown
    assert "Off the mean" in shown


def test_who_covers_some_days_is_said_for_every_schedule_and_holes_stand_out(house, as_):
    now = clock.now()
    make.schedule(
        house.colleague, name="Office", team=house.team, now=now,
        restrictions=[{"starts": "09:00", "ends": "17:00", "days": [0, 1, 2, 3, 4, 5, 6]}],
    )  # fmt: skip
    first = now.date() + 5 * DAY
    shown = text(as_("viewer").get(f"/schedules/cover/?first={first}&last={first + 2 * DAY}"))
    assert all(name in shown for name in ("Shop", "Billing", "Office"))
    assert "holes" in shown
    assert "Bob Colleague" in shown
    over = as_("viewer").get("/schedules/cover/?first=2020-01-01&last=2020-01-02")
    assert "These days are over" in text(over)
    assert as_("viewer").get("/schedules/cover/?first=2026-01-01&last=2027-01-02").status_code == 422
