"""The auditor: once a turn, whatever fails; findings from when to when; people are called for what endangers pages."""

from datetime import timedelta

import pytest

from config import ticks, watchdog
from config.steps import STEPS, Step
from config.ticks import Tick
from evidence.models import AuditHour, AuditorState, DeadManState, SelfCheckFinding
from evidence.queries.watch import auditor_standing, minutes_audited
from evidence.services.audit import audit
from incidents.models import Alert, Incident
from incidents.services.transitions import resolve
from ledger import liveness
from ledger.actors import Actor
from ledger.models import Entry, LedgerSubject
from ledger.promises import Breach, Promise
from oncall import ticks as oncall
from oncall.models import Page
from tests import builders

MINUTE = timedelta(minutes=1)


class Switch:
    """A promise that a test breaks and keeps; `mends` says whether its repair helps."""

    def __init__(self, name="test.holds", *, mends=None, **more):
        self.broken, self.repairs, self.mends = False, 0, mends
        self.promise = Promise(
            name=name, says="It holds.", trouble="it does not hold", check=self.check, remedy="Mend it.",
            repair=None if mends is None else self.repair, mends="mends it" if mends is not None else "", **more,
        )  # fmt: skip

    def check(self, now):
        return Breach("It is broken.", ("mon_x",)) if self.broken else None

    def repair(self, now):
        self.repairs += 1
        self.broken = self.broken and not self.mends


@pytest.fixture
def switch():
    return Switch()


@pytest.fixture
def danger():
    return Switch("test.pages_leave", endangers=True)


def entries(kind):
    return list(Entry.objects.filter(kind=kind).order_by("id"))


# --- turns ------------------------------------------------------------------------------------------


def test_a_turn_is_one_audit_and_the_next_is_due_at_the_full_minute(house, switch):
    assert audit([switch.promise], now=house.now + timedelta(seconds=7)).checked == 1
    for seconds in (7, 8, 59):
        assert audit([switch.promise], now=house.now + timedelta(seconds=seconds)) is None
    assert audit([switch.promise], now=house.now + MINUTE) is not None


def test_a_clock_set_back_does_not_stop_the_auditor_for_long(house, switch):
    audit([switch.promise], now=house.now + timedelta(hours=1))
    assert audit([switch.promise], now=house.now) is not None


def test_an_audit_whose_process_died_says_nothing_and_the_next_one_runs(house, switch):
    AuditorState.objects.create(due_at=house.now, begun_at=house.now - MINUTE)
    audit([switch.promise], now=house.now)
    assert AuditorState.objects.get().done_at == house.now
    assert AuditHour.objects.get().minutes_audited == 1


def test_an_audit_overtaken_by_the_next_does_not_ask_for_a_ping(house, switch):
    def overtaken(now):
        AuditorState.objects.update(begun_at=now + MINUTE)

    slow = Promise("test.slow", "It is slow.", "slow", overtaken, "Wait.")
    audit([slow], now=house.now)
    assert AuditorState.objects.get().done_at is None
    assert not DeadManState.objects.exists()


# --- findings ---------------------------------------------------------------------------------------


def test_a_finding_says_from_when_to_when(house, switch):
    switch.broken = True
    for minute in range(3):
        audit([switch.promise], now=house.now + minute * MINUTE)
    found = SelfCheckFinding.objects.get()
    assert (found.name, found.sentence, found.about) == ("test.holds", "It is broken.", ["mon_x"])
    assert (found.opened_at, found.last_seen_at, found.seen) == (house.now, house.now + 2 * MINUTE, 3)
    switch.broken = False
    audit([switch.promise], now=house.now + 3 * MINUTE)
    found.refresh_from_db()
    assert (found.closed_at, found.repaired) == (house.now + 3 * MINUTE, False)
    assert [len(entries(f"selfcheck.{kind}")) for kind in ("opened", "closed")] == [1, 1]
    about = LedgerSubject.objects.filter(kind="selfcheckfinding")
    assert set(about.values_list("object_id", flat=True)) == {found.public_id}


def test_the_next_time_is_a_finding_of_its_own(house, switch):
    for minute, broken in enumerate((True, False, True)):
        switch.broken = broken
        audit([switch.promise], now=house.now + minute * MINUTE)
    assert SelfCheckFinding.objects.count() == 2
    assert SelfCheckFinding.objects.filter(closed_at__isnull=True).count() == 1


def test_a_check_that_fails_is_itself_a_finding_and_holds_up_no_other(house, switch):
    def fails(now):
        raise RuntimeError("with details that may be secret")

    switch.broken = True
    broken = Promise("test.fails", "It can be checked.", "it cannot be checked", fails, "Mend it.", endangers=True)
    outcome = audit([broken, switch.promise], now=house.now)
    assert (outcome.broken, outcome.endangered) == (2, True)
    assert SelfCheckFinding.objects.get(name="test.fails").sentence == "This could not be checked: RuntimeError."


def test_a_finding_that_cannot_be_written_down_endangers(house, monkeypatch):
    danger, calm = Switch("test.a"), Switch("test.b")
    danger.broken = calm.broken = True
    monkeypatch.setattr("evidence.services.findings.record", lambda *args, **more: 1 / 0)
    assert audit([danger.promise, calm.promise], now=house.now).endangered


def test_what_a_repair_mends_is_recorded_and_closed_once_it_is_held_at_first_sight(house):
    once = Switch(mends=True, endangers=True)
    once.broken = True
    outcome = audit([once.promise], now=house.now)
    assert (outcome.broken, outcome.endangered, once.repairs) == (1, False, 1)
    found = SelfCheckFinding.objects.get()
    assert (found.closed_at, found.repaired) == (None, True)
    audit([once.promise], now=house.now + MINUTE)
    found.refresh_from_db()
    assert (found.closed_at, found.repaired) == (house.now + MINUTE, True)
    assert not Incident.objects.exists()


def test_what_only_repairs_keep_going_is_broken_all_the_same(house):
    kept = Switch(mends=True, endangers=True)
    kept.broken = True
    audit([kept.promise], now=house.now)
    kept.broken = True
    assert audit([kept.promise], now=house.now + MINUTE).endangered
    assert Incident.objects.count() == 1


def test_a_repair_that_fails_is_no_worse_than_none(house):
    one = Switch(mends=False)
    one.broken = True
    one.promise = Promise("test.holds", "It holds.", "no", one.check, "Mend it.", lambda now: 1 / 0, "mends it")
    audit([one.promise], now=house.now)
    assert SelfCheckFinding.objects.get().repaired is False


def test_findings_of_promises_that_a_new_version_dropped_are_closed(house, switch):
    switch.broken = True
    audit([switch.promise], now=house.now)
    audit([], now=house.now + MINUTE)
    assert SelfCheckFinding.objects.get().closed_at == house.now + MINUTE


# --- people are called --------------------------------------------------------------------------------


def test_what_two_audits_see_becomes_an_incident_by_the_normal_route(house, danger):
    danger.broken = True
    audit([danger.promise], now=house.now)
    assert not Incident.objects.exists()
    audit([danger.promise], now=house.now + MINUTE)
    incident, alert = Incident.objects.get(), Alert.objects.get()
    assert (incident.title, incident.severity, incident.detected_by) == (
        "Watchbook itself: it does not hold", 1, "watchbook",
    )  # fmt: skip
    assert incident.opened_at == house.now
    assert (alert.source, alert.identity, alert.reason) == ("watchbook", "test.pages_leave", "It is broken. Mend it.")
    oncall.plan(house.now + MINUTE)
    assert [page.person for page in Page.objects.all()] == [house.alice]
    assert SelfCheckFinding.objects.get().raised_at == house.now + MINUTE


def test_it_calls_once_and_resolves_when_the_promise_holds(house, danger):
    danger.broken = True
    for minute in range(5):
        audit([danger.promise], now=house.now + minute * MINUTE)
    assert Alert.objects.get().count == 1
    danger.broken = False
    audit([danger.promise], now=house.now + 5 * MINUTE)
    assert Incident.objects.get().state == "resolved"
    assert Alert.objects.get().closed_reason == "recovered"


def test_the_same_trouble_within_a_day_is_the_same_incident(house, danger):
    for minute, broken in enumerate((True, True, False, True, True)):
        danger.broken = broken
        audit([danger.promise], now=house.now + minute * MINUTE)
    assert Incident.objects.get().reopened_count == 1


def test_a_house_in_which_much_is_wrong_calls_people_once(house):
    many = [Switch(f"test.danger_{n}", endangers=True) for n in range(4)]
    for one in many:
        one.broken = True
    for minute in range(2):
        audit([one.promise for one in many], now=house.now + minute * MINUTE)
    assert Incident.objects.count() == 1
    assert Alert.objects.count() == 4


def test_without_a_route_the_catch_all_is_called(house, danger):
    house.route.retire(now=house.now, reason="Test")
    danger.broken = True
    for minute in range(2):
        audit([danger.promise], now=house.now + minute * MINUTE)
    oncall.plan(house.now + MINUTE)
    assert [page.person for page in Page.objects.all()] == [house.ada]


@pytest.mark.parametrize("more", [{}, {"endangers": True, "quiet": True}])
def test_other_findings_call_nobody(house, more):
    one = Switch(**more)
    one.broken = True
    for minute in range(3):
        audit([one.promise], now=house.now + minute * MINUTE)
    assert not Incident.objects.exists()


def test_a_person_who_resolves_it_is_not_called_again_for_the_same_span(house, danger):
    danger.broken = True
    for minute in range(2):
        audit([danger.promise], now=house.now + minute * MINUTE)
    resolve(
        Incident.objects.get(), actor=Actor("user", house.ada.public_id), person=house.ada, how="screen",
        now=house.now + 2 * MINUTE,
    )  # fmt: skip
    audit([danger.promise], now=house.now + 3 * MINUTE)
    danger.broken = False
    audit([danger.promise], now=house.now + 4 * MINUTE)
    assert Incident.objects.get().reopened_count == 0


# --- was the watcher at work ----------------------------------------------------------------------------


def test_each_minute_is_a_bit_of_its_hour(house, danger):
    calm = Switch()
    for minute, (broken, endangered) in enumerate(((False, False), (True, False), (True, True))):
        calm.broken, danger.broken = broken, endangered
        audit([calm.promise, danger.promise], now=house.now + minute * MINUTE)
    hour = AuditHour.objects.get()
    assert (hour.audited, hour.broken, hour.endangered) == (0b111, 0b110, 0b100)


def test_a_finished_hour_becomes_a_line_of_the_ledger_once(house, switch):
    for minute in (0, 1, 60, 61, 62, 180):
        audit([switch.promise], now=house.now + minute * MINUTE)
    lines = [entry.line for entry in entries("selfcheck.hour")]
    assert len(lines) == 2
    assert '"audited":"000000000000003"' in lines[0]
    assert '"minutes":3' in lines[1]
    assert AuditHour.objects.filter(entered_at__isnull=True).count() == 1


def test_minutes_nobody_audited_are_missing_from_the_count(house, switch):
    for minute in (30, 31, 32, 60, 240):
        audit([switch.promise], now=house.now + minute * MINUTE)
    total, audited, endangered = minutes_audited(now=house.now + 240 * MINUTE)
    assert (total, audited, endangered) == (210, 4, 0)


def test_an_auditor_that_is_silent_is_said_to_be(house, switch):
    assert not auditor_standing(now=house.now).on_time
    audit([switch.promise], now=house.now)
    assert auditor_standing(now=house.now + 3 * MINUTE).on_time
    assert not auditor_standing(now=house.now + 4 * MINUTE).on_time


# --- in the engine ----------------------------------------------------------------------------------------


def test_the_tick_runs_the_auditor_last_but_the_dead_man():
    assert [step.name for step in STEPS][-2:] == ["audit", "dead-man"]


def test_the_watchdog_runs_the_auditor_when_celery_does_not(house, monkeypatch):
    dog = watchdog.Watchdog()
    sent = []
    monkeypatch.setattr(dog, "_beside", lambda name, run: sent.append(name))
    monkeypatch.setattr(watchdog, "database_now", lambda: house.now)
    monkeypatch.setattr(watchdog, "close_old_connections", lambda: None)
    liveness.beat(ticks.ENGINE, now=house.now - MINUTE)
    dog.look()
    assert AuditorState.objects.get().done_at == house.now
    assert sent == ["send", "ping", "webhooks"]
    # its own sign of life is there by the second turn, and says that Celery's is not
    monkeypatch.setattr(watchdog, "database_now", lambda: house.now + MINUTE)
    dog._tick.last_run.clear()
    liveness.beat(ticks.WATCHDOG, now=house.now + MINUTE)
    dog.look()
    assert SelfCheckFinding.objects.filter(name="config.celery_ticks", closed_at__isnull=True).exists()


def test_a_step_that_fails_leaves_a_sign_of_it(now, db):
    Tick("engine", (Step("bad", lambda at: 1 / 0),)).run(now)
    assert liveness.age("failed:bad", now=now) == timedelta(0)


def test_in_a_sound_house_a_tick_of_the_engine_finds_nothing(house):
    builders.monitor("Search", service=house.service, url="https://search.example/")
    assert Tick("engine").run(house.now)["audit"] is True
    assert list(SelfCheckFinding.objects.values_list("name", "sentence")) == []
    assert AuditorState.objects.get().checked >= 30
