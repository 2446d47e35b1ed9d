"""When the record is wrong two people say so: what was recorded stays, and every answer about the past counts it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, transaction

from accounts.second_person import SamePerson
from ledger.models import Entry
from oncall.lived import lived_in, spans_of
from oncall.models import OnCallCorrection, OnCallInterval, Schedule
from oncall.rota.calendar import Window
from oncall.rota.fairness import loads
from oncall.rota.problems import ScheduleError
from oncall.services.corrections import Decided, approve_correction, refuse_correction, request_correction
from oncall.ticks import duty
from tests import builders
from tests.builders import NIGHT, REASON
from tests.oncall.rota_cast import utc

pytestmark = pytest.mark.django_db
MONDAY = utc(2026, 3, 23, 8)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = MONDAY + 2 * DAY


@pytest.fixture
def cast(db):
    team = builders.team()
    people = [builders.person(name, team=team) for name in ("Ana", "Ben", "Cid")]
    managers = [builders.person(name, "manager", team=team) for name in ("Mona", "Mark")]
    names = ("ana", "ben", "cid", "mona", "mark")
    return SimpleNamespace(team=team, **dict(zip(names, [*people, *managers], strict=True)))


@pytest.fixture
def shop(cast):
    made = builders.schedule(cast.ana, cast.ben, team=cast.team)
    duty(MONDAY)
    made.refresh_from_db()
    return made


def ask(shop, *people, start=MONDAY - 8 * HOUR, end=MONDAY + HOUR, by, **more):
    given = {
        "start_at": start,
        "end_at": end,
        "people": [one.public_id for one in people],
        "reason": "Cid covered",
        **more,
    }
    return request_correction(shop, by=by, now=NOW, **given)


def told(shop, start=NIGHT, end=NOW):
    """(names, start, end) of who was on call, `?` for what is not on record."""
    found = lived_in(Schedule.objects.get(pk=shop.pk), Window(start, end), "primary", now=NOW)
    names = ["?" if one.people is None else "+".join(p.name for p in one.people) or "-" for one in found]
    return [(name, one.start, one.end) for name, one in zip(names, found, strict=True)]


def test_a_request_changes_nothing_and_an_approval_lies_over_the_record(shop, cast):
    asked = ask(shop, cast.cid, by=cast.cid)
    assert told(shop) == [("Ana", NIGHT, MONDAY), ("Ben", MONDAY, NOW)]
    approve_correction(asked, by=cast.mona, now=NOW)
    start, end = MONDAY - 8 * HOUR, MONDAY + HOUR
    assert told(shop) == [("Ana", NIGHT, start), ("Cid", start, end), ("Ben", end, NOW)]
    assert OnCallInterval.objects.filter(ended_at=MONDAY, started_at=NIGHT).exists(), "what was recorded stays"
    assert asked.intervals == list(OnCallInterval.objects.order_by("pk").values_list("public_id", flat=True))


def test_figures_count_it(shop, cast):
    within = Window(NIGHT, NOW)
    approve_correction(ask(shop, cast.cid, by=cast.cid), by=cast.mona, now=NOW)
    carried = {
        load.person.name: load.length / HOUR
        for load in loads(spans_of(lived_in(shop, within, "primary", now=NOW)), within, shop.zone)
    }
    assert carried == {"Ana": (MONDAY - NIGHT) / HOUR - 8, "Cid": 9, "Ben": 47}


def test_nobody_is_an_answer_too_and_the_later_decision_holds(shop, cast):
    approve_correction(ask(shop, by=cast.mona), by=cast.mark, now=NOW)
    assert ("-", MONDAY - 8 * HOUR, MONDAY + HOUR) in told(shop)
    approve_correction(ask(shop, cast.cid, cast.ana, by=cast.mona), by=cast.mark, now=NOW + HOUR)
    assert ("Cid+Ana", MONDAY - 8 * HOUR, MONDAY + HOUR) in told(shop)


def test_a_refused_one_and_one_taken_back_count_nothing_and_stay(shop, cast):
    refuse_correction(ask(shop, cast.cid, by=cast.cid), by=cast.mona, now=NOW, reason="Ana answered")
    refuse_correction(ask(shop, cast.cid, by=cast.cid), by=cast.cid, now=NOW, reason="My mistake")
    assert told(shop) == [("Ana", NIGHT, MONDAY), ("Ben", MONDAY, NOW)]
    assert [one.standing for one in OnCallCorrection.objects.all()] == ["refused", "refused"]


def test_it_takes_two_people_where_there_are_two(shop, cast):
    own = ask(shop, by=cast.mona)
    with pytest.raises(SamePerson):
        approve_correction(own, by=cast.mona, now=NOW)
    cast.mark.is_active = False
    cast.mark.save(now=NOW, reason="Left")
    assert approve_correction(own, by=cast.mona, now=NOW).approved_alone is True


def test_what_is_decided_is_decided(shop, cast):
    done = approve_correction(ask(shop, by=cast.mona), by=cast.mark, now=NOW)
    for again in (approve_correction, refuse_correction):
        with pytest.raises(Decided):
            again(done, by=cast.mark, now=NOW, reason="x")
    with pytest.raises(DatabaseError), transaction.atomic():
        OnCallCorrection.objects.update(approved=False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": NIGHT - HOUR}, "start_at"),
        ({"end": NOW + HOUR}, "start_at"),
        ({"start": NOW, "end": MONDAY}, "end_at"),
        ({"reason": "  "}, "reason"),
        ({"people": ["usr_0000000000000000"]}, "people"),
    ],
)
def test_what_cannot_be_corrected_says_why(shop, cast, change, field):
    with pytest.raises(ScheduleError) as refused:
        ask(shop, cast.cid, by=cast.cid, **change)
    assert list(refused.value.problems) == [field]


def test_what_is_on_record_already_is_no_correction(shop, cast):
    with pytest.raises(ScheduleError) as refused:
        ask(shop, cast.ana, end=MONDAY - HOUR, by=cast.cid)
    assert list(refused.value.problems) == ["people"]


def test_time_before_the_record_is_neither_somebodys_nor_nobodys(shop):
    assert told(shop, start=NIGHT - DAY, end=NIGHT + HOUR) == [("?", NIGHT - DAY, NIGHT), ("Ana", NIGHT, NIGHT + HOUR)]
    assert told(shop, start=NOW - HOUR, end=NOW + HOUR)[-1] == ("?", NOW, NOW + HOUR)


def test_request_and_decision_are_lines_without_a_name_or_a_reason(shop, cast):
    approve_correction(ask(shop, cast.cid, by=cast.mona), by=cast.mark, now=NOW, reason=REASON)
    lines = Entry.objects.filter(kind__startswith="oncall.correction_").order_by("pk")
    assert [one.kind for one in lines] == ["oncall.correction_requested", "oncall.correction_approved"]
    assert not any(word in one.line for one in lines for word in ("Cid", "covered", "Mona"))
