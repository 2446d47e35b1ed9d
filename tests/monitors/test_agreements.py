"""What was promised of a service: written, approved by somebody else, judged month by month."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.actors import Actor, acting_as
from ledger.tables import Scope
from monitors.agreed import doubts, read_percent, spelled
from monitors.agreements import doubts_of, periods, uptime_of, windows_of
from monitors.availability import Verdict, percent
from monitors.composing import ms_of
from monitors.evidence import period_tables
from monitors.models import MaintenanceSpan, MaintenanceWindow, Monitor, MonitorState, Service, StateInterval
from monitors.service_life import service_lives
from monitors.services import change_monitor, create_system, set_systems
from monitors.services.agreements import approve_sla, change_sla, set_composition
from monitors.uptime import lives_of, of_monitors, of_services
from tests import builders

pytestmark = pytest.mark.django_db
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)


def lived(monitor, *turns):
    """Give a monitor a life: (instant, state) from which the state held; the last one still does."""
    state = MonitorState.objects.get(pk=monitor.pk)
    first = state.interval
    begins, held = turns[-1]
    StateInterval.objects.filter(pk=first.pk).update(state=held, started_at=begins)
    for (start, past), (end, _) in itertools.pairwise(turns):
        StateInterval.objects.create(monitor=monitor, state=past, started_at=start, ended_at=end, recorded_at=start)
    MonitorState.objects.filter(pk=monitor.pk).update(state=held, since=begins)
    return monitor


@pytest.fixture
def shop():
    builders.organisation(now=JANUARY)
    return builders.service("Shop", now=JANUARY)


def watched(service, name, *turns):
    made = builders.monitor(name, service=service, now=JANUARY)
    return lived(made, *(turns or ((JANUARY, "up"),)))


def minutes(day, start, length):
    begins = JANUARY + timedelta(days=day - 1, minutes=start)
    return begins, begins + timedelta(minutes=length)


def down_for(day, start, length):
    begins, ends = minutes(day, start, length)
    return (JANUARY, "up"), (begins, "down"), (ends, "up")


def test_a_month_is_judged_by_what_was_seen(shop):
    watched(shop, "Basket", *down_for(10, 0, 50))
    sla = builders.sla(shop, now=JANUARY)
    january, february, march = periods([sla], now=NOW)[sla.pk]
    assert [one.verdict for one in (january, february, march)] == [Verdict.MISSED, Verdict.MET, Verdict.IN_PROGRESS]
    assert (january.name, january.figures.down_ms) == ("2026-01", 50 * 60_000)
    assert (january.shown("measured"), spelled(january.shortfall_ms)) == ("99.88", "5 min 21 s")


def test_terms_that_change_hold_from_then_on_and_score_nothing_anew(shop):
    watched(shop, "Basket", *down_for(10, 0, 50))
    sla = builders.sla(shop, now=JANUARY)
    change_sla(sla, {"target_ppm": 990_000}, now=NOW, reason="They pay less")
    january, february, march = periods([sla], now=NOW)[sla.pk]
    assert [one.target_ppm for one in (january, february, march)] == [999_000, 999_000, 990_000]
    assert january.verdict == Verdict.MISSED
    assert (january.version, march.version) == (1, 2)


def test_a_month_before_it_took_effect_is_not_judged(shop):
    sla = builders.sla(shop, since=date(2026, 2, 10), now=JANUARY)
    assert [window.start.month for window in windows_of(sla, now=NOW)] == [2, 3]
    later = change_sla(sla, {"window": "quarter"}, now=NOW, reason="Test")
    assert [one.name for one in periods([later], now=NOW)[sla.pk]] == ["2026-Q1"]


def test_who_wrote_the_terms_does_not_approve_them(shop):
    ana, ben = builders.person("Ana", "manager"), builders.person("Ben", "manager")
    with acting_as(Actor("user", ana.public_id, "Ana")):
        sla = builders.sla(shop, now=JANUARY)
    with pytest.raises(ValidationError, match="You wrote these terms"):
        approve_sla(sla, person=ana, now=NOW)
    approve_sla(sla, person=ben, now=NOW, reason="Read and right")
    assert (sla.approved_by, sla.approved_at) == (ben, NOW)
    with acting_as(Actor("user", ben.public_id, "Ben")):
        change_sla(sla, {"target_ppm": 999_900}, now=NOW, reason="Sales promised it")
    assert sla.approved_at is None
    with pytest.raises(ValidationError, match="You wrote these terms"):
        approve_sla(sla, person=ben, now=NOW)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"target_ppm": 0}, "target_ppm"),
        ({"target_ppm": 1_000_001}, "target_ppm"),
        ({"window": "week"}, "window"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"latency_ms": 500}, "latency_ppm"),
        ({"effective_until": date(2025, 1, 1)}, "effective_until"),
        ({"dependencies": [{"name": "", "target_ppm": 5}]}, "dependencies"),
        ({"notice_required_s": -1}, "notice_required_s"),
        ({"name": " "}, "name"),
        ({"name": "standard PLAN"}, "name"),
    ],
)
def test_terms_that_make_no_sense_are_refused_by_field(shop, terms, field):
    sla = builders.sla(shop, now=JANUARY)
    builders.sla(builders.service("Other", now=JANUARY), now=JANUARY)
    with pytest.raises(ValidationError) as refused:
        if "name" in terms and terms["name"].strip():
            builders.sla(shop, name=terms["name"], now=JANUARY)
        else:
            change_sla(sla, terms, now=NOW, reason="Test")
    assert list(refused.value.error_dict) == [field]


def test_a_target_that_checks_cannot_show_or_parts_cannot_give_is_doubtful(shop):
    watched(shop, "Basket")
    sla = builders.sla(
        shop, target_ppm=999_990, now=JANUARY,
        dependencies=[{"name": "Payments", "target_ppm": 999_900}, {"name": "Cloud", "target_ppm": 999_900}],
    )  # fmt: skip
    budget, product = doubts_of(sla, [])
    assert budget.startswith("The budget of 25 s is less than five intervals of 1 min: one failed check decides it.")
    assert "its dependencies promise together: 99.9800 %" in product
    assert doubts(target_ppm=990_000, interval_s=60, window_ms=2_592_000_000, dependencies=[], past=[]) == []


def test_a_target_that_was_hardly_ever_reached_is_doubtful(shop):
    watched(shop, "Basket", *down_for(10, 0, 50))
    missed = periods([builders.sla(shop, now=JANUARY)], now=NOW)[shop.slas.get().pk][0].figures
    terms = {"interval_s": 60, "window_ms": 2_592_000_000, "dependencies": []}
    (sentence,) = doubts(target_ppm=999_000, past=[missed] * 3, **terms)
    assert sentence == "Fewer than three of the last 3 windows reached it; the best was 99.8879 %."
    assert doubts(target_ppm=998_000, past=[missed] * 3, **terms) == []
    assert doubts(target_ppm=999_000, past=[missed] * 2, **terms) == []


@pytest.mark.parametrize(("text", "ppm"), [("99.9", 999_000), ("99.95 %", 999_500), ("100", 1_000_000), ("0.0001", 1)])
def test_percentages_are_read_exactly(text, ppm):
    assert read_percent(text) == ppm


@pytest.mark.parametrize("text", ["", "0", "100.1", "99.99999", "-5", "99,9", "٩٩"])
def test_what_is_no_percentage_is_refused(text):
    with pytest.raises(ValueError, match="percentage"):
        read_percent(text)


def test_a_monitor_that_only_informs_is_no_outage_from_then_on(shop):
    first = watched(shop, "Basket", *down_for(10, 0, 50))
    watched(shop, "Search")
    before = of_services([shop], windows_of(builders.sla(shop, now=JANUARY), now=NOW), now=NOW)[shop.pk]
    set_composition(
        shop, composition="all", quorum=0, roles={first.pk: "internal"}, now=JANUARY + timedelta(days=9, minutes=20),
        reason="It is a cache",
    )  # fmt: skip
    after = of_services([shop], windows_of(shop.slas.get(), now=NOW), now=NOW)[shop.pk]
    assert (before[0].down_ms, after[0].down_ms) == (50 * 60_000, 20 * 60_000)


def test_a_quorum_is_kept_by_the_service_and_the_past_stays_all(shop):
    names = ("Paris", "Oslo", "Rome")
    watched(shop, names[0], *down_for(10, 0, 60))
    watched(shop, names[1], *down_for(10, 30, 60))
    watched(shop, names[2])
    changed = JANUARY + timedelta(days=9, minutes=20)
    set_composition(shop, composition="quorum", quorum=2, roles={}, now=changed, reason="Two of three are enough")
    (told,) = of_services([shop], [windows_of(builders.sla(shop, now=JANUARY), now=NOW)[0]], now=NOW)[shop.pk]
    # 20 minutes of the first one alone while all had to be up, then the 30 in which two are down
    assert told.down_ms == (20 + 30) * 60_000
    with pytest.raises(ValidationError, match="Between 1 and its 3 primary monitors"):
        set_composition(shop, composition="quorum", quorum=4, roles={}, now=NOW, reason="Test")


def test_a_monitor_that_moved_counts_where_it_was(shop):
    other = builders.service("Other", now=JANUARY)
    moved = watched(shop, "Basket", *down_for(10, 0, 60))
    change_monitor(moved, {"service": other}, now=JANUARY + timedelta(days=9, minutes=40), reason="It is theirs")
    window = windows_of(builders.sla(shop, now=JANUARY), now=NOW)[:1]
    told = of_services([shop, other], window, now=NOW)
    assert [told[one.pk][0].down_ms / 60_000 for one in (shop, other)] == [40, 20]


def test_life_begins_when_its_systems_entered_scope_and_not_with_the_first_monitor(shop):
    system = create_system(name="Cluster", scope_from=date(2026, 1, 11), now=JANUARY, reason="Test")
    set_systems(shop, [system], now=JANUARY, reason="Test")
    late = builders.monitor("Late", service=shop, now=JANUARY + timedelta(days=20))
    lived(late, (JANUARY + timedelta(days=20), "up"))
    told = uptime_of(shop, now=NOW, zone=UTC)[-1]
    assert (told.name, told.figures.partial) == ("2026-01", True)
    assert (told.figures.unknown_ms, told.figures.up_ms) == (10 * 86_400_000, 11 * 86_400_000)


def test_screens_status_pages_and_agreements_say_the_same(shop):
    watched(shop, "Basket", *down_for(10, 0, 50))
    watched(shop, "Search", (JANUARY, "up"), (minutes(12, 0, 30)[0], "paused"), (minutes(12, 0, 30)[1], "up"))
    life = service_lives([shop.pk], JANUARY, now=NOW)[shop.pk]
    (told,) = of_services(
        [shop], [windows_of(builders.sla(shop, since=date(2025, 1, 1), now=JANUARY), now=NOW)[-3]], now=NOW
    )[shop.pk]
    for state in ("down", "paused"):
        shown = sum((one.end - one.start).total_seconds() for one in life if one.state == state)
        assert shown * 1000 == getattr(told, f"{state}_ms")


def test_a_monitor_on_its_own_is_asked_by_the_same_function(shop):
    one = watched(shop, "Basket", *down_for(10, 0, 50))
    window = windows_of(builders.sla(shop, now=JANUARY), now=NOW)[:1]
    alone, service = of_monitors([one], window, now=NOW)[one.pk], of_services([shop], window, now=NOW)[shop.pk]
    assert alone == service
    assert percent(alone[0].measured) == "99.8879"


def test_what_fell_silent_is_unknown_before_anybody_wrote_it_down(shop):
    one = watched(shop, "Basket")
    silent = NOW - timedelta(hours=3)
    StateInterval.objects.filter(monitor=one, ended_at=None).update(covered_until=silent)
    MonitorState.objects.filter(pk=one.pk).update(covered_until=silent, silent_at=silent + timedelta(minutes=2))
    figures = of_services([shop], windows_of(builders.sla(shop, now=JANUARY), now=NOW)[-1:], now=NOW)[shop.pk][0]
    assert figures.unknown_ms == 3 * 3_600_000


def planned(service, day, start, length, **said):
    """Planned work over a service, recorded and approved long before unless said otherwise."""
    begins, ends = minutes(day, start, length)
    told = {"recorded_at": JANUARY, "approved_at": JANUARY, "announced_at": JANUARY, "requested_by": None, **said}
    window = MaintenanceWindow(
        name=f"Work {day}", covered=[service.public_id], starts="x", length_s=1, terms_at=JANUARY
    )
    window.save(now=JANUARY, reason="Test")
    ana, ben = builders.person(f"Ana{day}"), builders.person(f"Ben{day}")
    MaintenanceSpan.objects.create(
        window=window, terms=1, occurrence=begins, planned_start=begins, planned_end=ends, retroactive=False,
        covered=[service.public_id], approved_by=ben, **{**told, "requested_by": ana},
    )  # fmt: skip


def test_planned_work_is_taken_out_only_if_the_agreement_allows_it(shop):
    watched(shop, "Basket", *down_for(10, 0, 120))
    planned(shop, 10, 0, 120)
    builders.sla(shop, now=JANUARY)
    builders.sla(shop, name="With work", maintenance_allowance_s=90 * 60, now=JANUARY)
    none, some = (periods([sla], now=NOW)[sla.pk][0].figures for sla in shop.slas.order_by("pk"))
    assert (none.excluded_ms, none.down_ms, none.maintenance_ms) == (0, 120 * 60_000, 120 * 60_000)
    assert (some.excluded_ms, some.down_ms, some.down_excluded_ms) == (90 * 60_000, 30 * 60_000, 90 * 60_000)
    assert none.strict == some.strict


@pytest.mark.parametrize(
    "said", [{"recorded_at": NOW}, {"approved_at": None}, {"announced_at": JANUARY + timedelta(days=9)}]
)
def test_planned_work_that_came_too_late_takes_nothing_out(shop, said):
    watched(shop, "Basket", *down_for(10, 0, 120))
    planned(shop, 10, 0, 120, **said)
    sla = builders.sla(shop, maintenance_allowance_s=None, notice_required_s=3 * 86_400, now=JANUARY)
    assert periods([sla], now=NOW)[sla.pk][0].figures.excluded_ms == 0


def rows_of(table):
    return [dict(zip(table.header, row, strict=True)) for row in table.rows()]


def test_the_intervals_of_a_pack_add_up_to_its_months(shop):
    """Tie-out: whoever adds up state_intervals by hand comes to uptime_monthly, state by state."""
    watched(shop, "Basket", *down_for(10, 0, 50))
    other = builders.service("Other", now=JANUARY)
    watched(other, "Search", (JANUARY, "up"), (minutes(12, 0, 30)[0], "unknown"), (minutes(12, 0, 30)[1], "up"))
    builders.sla(shop, now=JANUARY, latency_ms=500, latency_ppm=990_000)
    scope = Scope("period", "test", NOW, JANUARY + timedelta(days=5), NOW)
    tables = {table.query: rows_of(table) for table in period_tables(scope)}
    for month in tables["uptime_monthly"]:
        for state in ("up", "down", "degraded", "unknown", "paused"):
            added = sum(
                max(0, ms(min(one["end_at"] or NOW, month["life_to"])) - ms(max(one["start_at"], month["life_from"])))
                for one in tables["state_intervals"]
                if one["service_id"] == month["service_id"] and one["state"] == state
            )
            assert added == month[f"{state}_ms"], (month["period"], state)
    assert [(one["period"], one["partial"]) for one in tables["uptime_monthly"]] == [
        ("2026-01", True), ("2026-02", False), ("2026-03", True)
    ] * 2  # fmt: skip
    january = tables["sla_monthly"][0]
    assert (january["verdict"], january["target_ratio"], january["down_ms"]) == ("missed", "0.999000", 50 * 60_000)
    assert [one["target_ratio"] for one in tables["sla_definitions"]] == ["0.999000"]


def ms(moment):
    return (moment - JANUARY) // timedelta(milliseconds=1)


def test_many_agreements_cost_as_many_queries_as_one(shop):
    watched(shop, "Basket")
    builders.sla(shop, now=JANUARY)

    def queries():
        slas = list(shop.slas.model.objects.select_related("service"))
        with CaptureQueriesContext(connection) as seen:
            periods(slas, now=NOW)
        return len(seen)

    few = queries()
    for number in range(5):
        service = builders.service(f"Service {number}", now=JANUARY)
        watched(service, f"Monitor {number}")
        builders.sla(service, now=JANUARY)
    assert queries() == few <= 12
    assert Service.objects.count() == Monitor.objects.count() == 6


@pytest.mark.parametrize("us", [0, 1, 999, 1_000, 499_999, 500_000, 999_499, 999_999])
def test_the_database_cuts_instants_to_the_same_millisecond_as_we_do(shop, us):
    one = builders.monitor("Basket", service=shop, now=JANUARY)
    began = JANUARY + timedelta(days=59, microseconds=us)
    lived(one, (began, "up"), (began + timedelta(hours=1, microseconds=500), "down"))
    (piece, *_) = sorted(lives_of([one.pk], JANUARY, NOW, now=NOW)[one.pk])
    assert piece == (ms_of(began), ms_of(began + timedelta(hours=1, microseconds=500)), "up")
