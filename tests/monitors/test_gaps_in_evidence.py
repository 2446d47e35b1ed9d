"""MC-1 and MC-2: the days and gaps of a period, and that they add up to what intervals and checks say."""

from datetime import timedelta

import pytest

from evidence.services.seals import seal_due_days
from ledger.link import link_entries
from ledger.tables import Scope
from monitors.evidence_continuity import continuity_tables, ratio
from monitors.models import ContinuityDay, Monitor, MonitoringGap, Result, Service, StateInterval
from monitors.queries import spans
from monitors.services import pause_monitor, resume_monitor
from monitors.services.gaps import explain_gap
from tests import builders
from tests.monitors.night import T0, Night, minutes

pytestmark = pytest.mark.django_db


@pytest.fixture
def night(db, monkeypatch, settings):
    """Two monitors; a crash from 9.5 to 30, a pause of one from 40 to 45, and a service that nobody watches."""
    night = Night(monkeypatch, settings)
    shop = builders.service("Shop", now=T0)
    night.monitors = [builders.monitor(name, service=shop, now=T0, interval_s=60) for name in ("Front", "Back")]
    builders.service("Search", now=T0 + minutes(10))
    night.lay_on_minutes()
    night.run(10)
    night.stop()
    night.pass_by(minutes(20))
    night.start()
    night.run(40)
    pause_monitor(night.monitors[0], now=night.wall, reason="Test")
    night.run(45)
    resume_monitor(night.monitors[0], now=night.wall, reason="Test")
    night.lay_on_minutes()
    night.run(60)
    return night


def tables(night, start=T0, end=None):
    scope = Scope("period", "a night", end or night.wall, start, end or night.wall)
    made = continuity_tables(scope, list(Monitor.objects.all()), list(Service.objects.all()))
    return [[dict(zip(table.header, row, strict=True)) for row in table.rows()] for table in made]


def test_every_gap_is_told_with_its_cause_and_its_thread_to_the_ledger(night):
    gap = MonitoringGap.objects.get()
    ada = builders.person("Ada Admin", "admin")
    explain_gap(gap, text="The rack lost power.", incident="inc-2026-0042", person=ada, now=night.wall)
    link_entries()
    crash, *others = tables(night)[1]
    assert (crash["cause"], crash["duration_s"], crash["scope"]) == ("crash", 1230, "all")
    assert (crash["incident_id"], crash["explanations"]) == ("INC-2026-0042", ["The rack lost power."])
    assert crash["affected_services"] == [night.monitors[0].service.public_id]
    assert crash["effect_on_low_bound_s"] == 2 * 20 * 60  # both unknown from 10 to 30
    assert crash["ledger_seq_first"] < crash["ledger_seq_last"]
    assert {(one["cause"], one["duration_s"]) for one in others} == {("paused", 300), ("no_monitor", 50 * 60)}


def test_the_effect_of_all_gaps_is_what_the_monitors_were_unwatched(night):
    told = tables(night)[1]
    unwatched = sum(
        (span.end - span.start).total_seconds()
        for held in spans([one.pk for one in night.monitors], T0, night.wall, now=night.wall).values()
        for span in held
        if span.state in ("unknown", "paused")
    )
    assert unwatched == 2 * 1200 + 300
    assert sum(one["effect_on_low_bound_s"] for one in told if one["cause"] != "no_monitor") == unwatched


def test_a_period_that_cuts_a_gap_counts_what_lies_in_it(night):
    (crash, *_) = tables(night, start=T0 + minutes(25))[1]
    assert crash["effect_on_low_bound_s"] == 2 * 5 * 60


def test_a_day_is_told_with_the_seal_that_signed_its_figures(night):
    end = T0.replace(hour=0) + timedelta(days=1)
    link_entries()
    seal_due_days(end + timedelta(minutes=20))
    (day,) = tables(night, end=end)[0]
    ran = Result.objects.filter(outcome="ok", retry=False).count()
    assert (day["checks_executed"], day["checks_expected"]) == (ran, 2 * 21 * 60 - 5)
    assert day["seal_ok"] is True
    assert day["executed_ratio"] == f"0.{ran * 10_000 // day['checks_expected']:04d}"
    # heard from 0 to 9.5 and from 30 to the last sign, which is noted down every five seconds at most
    assert day["scheduler_up_s"] == 570 + 1770
    assert StateInterval.objects.exists()


@pytest.mark.parametrize(
    ("executed", "expected", "told"),
    [(1439, 1440, "0.9993"), (19_999, 20_000, "0.9999"), (1440, 1440, "1.0000"), (None, 5, None), (0, 0, None)],
)
def test_the_ratio_is_cut_and_never_rounded_up(executed, expected, told):
    assert ratio(ContinuityDay(checks_executed=executed, checks_expected=expected)) == told
