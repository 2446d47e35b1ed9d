"""Schedules on their pages: who is on call and why, over which weeks, and how somebody takes a shift."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import clock
from ledger.texts import read
from oncall.models import Override, Schedule
from oncall.rota.resolve import on_call
from oncall.schedules import planned
from oncall.services.overrides import make_override
from oncall.services.schedules import add_layer, retire_schedule, set_members
from tests import builders as make
from tests.accounts.house import House
from tests.accounts.test_people_pages import text
from tests.once import built

BERLIN = ZoneInfo("Europe/Berlin")
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
# schedules are about today: a house of another day would have other people on call
_house, house = built(lambda: House(clock.now()))


@pytest.fixture
def now():
    return clock.now()


@pytest.fixture
def page(house):
    return f"/schedules/{house.schedule.public_id}/"


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def local(at):
    """An instant as a form of the schedule's zone (Berlin) has it."""
    return at.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M")


def queries_of(client, path):
    """How many questions a page asks the database."""
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


def names(schedule, at):
    schedule = Schedule.objects.get(pk=schedule.pk)
    return [person.name for person in on_call(planned(schedule, clock.now()), at).people]


def test_the_list_says_who_is_on_call_who_follows_and_how_many_holes_there_are(house, as_, now):
    make.schedule(
        house.people["viewer"], name="Office", team=house.team, now=now,
        restrictions=[{"starts": "09:00", "ends": "17:00", "days": [0]}],
    )  # fmt: skip
    shown = text(as_("viewer").get("/schedules/"))
    assert "Shop Platform" in shown
    assert "Office" in shown
    assert "holes , first" in shown


def test_the_list_asks_as_often_for_many_as_for_one(house, as_, now):
    client = as_("viewer")
    few = queries_of(client, "/schedules/")
    for number in range(5):
        make.schedule(house.colleague, name=f"More {number}", team=house.team, now=now)
    assert queries_of(client, "/schedules/") == few


def test_the_page_says_at_once_who_is_on_call_until_when_and_who_follows(house, as_, page):
    shown = text(as_("viewer").get(page))
    first, second = house.people["manager"].name, house.people["admin"].name
    assert f"{first} is primary on call until Mon" in shown
    assert f"{second} because override #1 by {second} replaces layer 1 (Weekly), where it is the turn of" in shown


def test_times_are_told_in_the_zone_of_the_schedule_and_in_the_readers(house, as_, page, now):
    viewer = house.people["viewer"]
    viewer.timezone = "America/Toronto"
    viewer.save(now=now, reason="Moved")
    shown = text(as_("viewer").get(page))
    assert "09:00 03:00 Toronto" in shown
    assert "Times in Berlin; yours are in Toronto" in shown


def test_a_hole_is_hatched_and_said_in_words(house, as_, page, now):
    make_override(
        house.schedule, kind="remove", whom=house.people["manager"], start_at=now, end_at=now + timedelta(hours=5),
        by=house.people["admin"], now=now, reason="Test",
    )  # fmt: skip
    answer = as_("viewer").get(page)
    assert "Nobody is primary on call now" in text(answer)
    assert 'class="k-unknown"' in answer.content.decode()
    assert "has nobody because override #2" in text(answer)


def test_what_was_is_told_from_the_record_though_the_rotation_has_other_members_now(house, as_, page, now):
    before = text(as_("viewer").get(page))
    assert "Mon" in before
    layer = house.schedule.layers.get()
    assert names(house.schedule, now) == ["Manager Larkspur"]
    set_members(layer, people=[house.colleague.public_id], at_once=True, now=clock.now(), reason="Test")
    shown = text(as_("viewer").get(page))
    assert "Bob Colleague is primary on call" in shown
    assert "Manager Larkspur" in shown.split("Shifts")[1].split("Overrides in view")[0]


def test_a_change_of_clocks_in_the_weeks_in_view_is_marked(house, as_, page):
    shown = text(as_("viewer").get(f"{page}?from=2027-03-22"))
    assert "Sun 28 Mar 2027: 02:00 becomes 03:00; the day has 23 hours" in shown


@pytest.mark.parametrize("weeks", [2, 4, 12])
def test_the_page_zooms_and_asks_as_often_for_twelve_weeks_as_for_two(house, as_, page, weeks):
    client = as_("viewer")
    assert queries_of(client, f"{page}?weeks={weeks}") == queries_of(client, f"{page}?weeks=2")
    shown = client.get(f"{page}?weeks={weeks}&from=2030-01-07").content.decode()
    assert f"?from=2030-01-07&amp;weeks={weeks}" in shown


def test_a_role_behind_the_first_has_a_band_of_its_own(house, as_, page, now):
    add_layer(
        house.schedule, name="Backup", zone="Europe/Berlin", unit="days", lengths=[1], starts="2026-01-05T09:00",
        people=[house.colleague.public_id], role="secondary", now=now, reason="Test",
    )  # fmt: skip
    shown = text(as_("viewer").get(page))
    assert "Bob Colleague is secondary on call" in shown
    assert "Secondary" in shown


def test_the_history_tells_of_every_part_in_one_list(house, as_, page, now):
    shown = text(as_("viewer").get(page)).split("Configuration history", 1)[1]
    assert "members of Weekly v1" in shown
    assert "Manager Larkspur, Admin Larkspur, from the first turn" in shown
    assert "Admin Larkspur instead of whoever has it" in shown


def test_a_retired_schedule_is_read_and_offers_nothing(house, as_, page, now):
    retire_schedule(house.schedule, now=now, reason="Merged")
    shown = text(as_("admin").get(page))
    assert "Out of force since" in shown
    assert "Take this shift" not in shown


def test_a_responder_takes_a_shift_with_one_button_and_no_more(house, as_, page, now):
    client, start = as_("responder"), now + 3 * WEEK
    end = start + DAY
    asked = client.get(f"{page}take/?role=primary&start={stamp(start)}&end={stamp(end)}")
    assert "Responder Larkspur gains 24 h" in text(asked)
    assert "Everybody who comes on call has a confirmed contact." in text(asked)
    answer = client.post(f"{page}take/", {"role": "primary", "start": local(start), "end": local(end)}, follow=True)
    assert "Responder Larkspur instead of" in text(answer)
    assert names(house.schedule, start + timedelta(hours=1)) == ["Responder Larkspur"]
    made = Override.objects.order_by("-pk").first()
    assert (made.made_by, made.who) == (house.people["responder"],) * 2
    assert read(made.history.first().history_change_reason) == "Took the shift"


def test_a_shift_that_runs_is_taken_from_now_on(house, as_, page, now):
    sent = {"role": "primary", "start": local(now - DAY), "end": local(now + DAY), "reason": "Feeling well"}
    as_("responder").post(f"{page}take/", sent)
    assert names(house.schedule, clock.now()) == ["Responder Larkspur"]


@pytest.mark.parametrize(
    "query", ["", "?role=primary", "?role=boss&start=2099-01-05T09:00:00Z&end=2099-01-06T09:00:00Z"]
)
def test_a_link_to_no_shift_leads_nowhere(house, as_, page, query):
    assert as_("responder").get(f"{page}take/{query}").status_code == 404


def test_a_shift_that_is_over_cannot_be_taken_and_the_form_says_so(house, as_, page, now):
    sent = {"role": "primary", "start": local(now - 2 * DAY), "end": local(now - DAY)}
    answer = as_("responder").post(f"{page}take/", sent)
    assert answer.status_code == 422
    assert "An override ends later than it starts." in text(answer)


def test_an_override_is_made_by_form_and_says_what_it_changes(house, as_, page, now):
    start = now + 3 * WEEK
    sent = {
        "kind": "add", "role": "primary", "who": house.colleague.public_id, "whom": "", "start": local(start),
        "end": local(start + DAY), "reason": "Big sale",
    }  # fmt: skip
    answer = as_("manager").post(f"{page}override/", sent, follow=True)
    assert "Override #2 is kept." in text(answer)
    assert "Bob Colleague as well as" in text(answer)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"end": ""}, "This field is required."),
        ({"who": ""}, "Say who comes on call."),
        ({"kind": "remove", "who": ""}, "Say who is removed."),
        ({"end": "2026-99-01T00:00"}, "You wrote 2026-99-01T00:00."),
        ({"start": "2020-01-01T09:00"}, "The past is on record: choose now or later."),
        ({"reason": ""}, "Say why in a few words."),
    ],
)
def test_an_override_that_cannot_be_kept_says_why(house, as_, page, now, change, sentence):
    sent = {
        "kind": "replace", "role": "primary", "who": house.colleague.public_id, "whom": "", "start": "",
        "end": local(now + DAY), "reason": "Big sale", **change,
    }  # fmt: skip
    answer = as_("manager").post(f"{page}override/", sent)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "Big sale" in text(answer) or change == {"reason": ""}


def test_an_override_is_withdrawn_and_the_page_says_who_is_on_call_then(house, as_, now):
    address = f"/overrides/{house.override.public_id}/end/"
    assert "Admin Larkspur" in text(as_("manager").get(address))
    answer = as_("manager").post(address, {"reason": "Not needed", "version": house.override.version}, follow=True)
    assert "Override #1 is ended." in text(answer)
    house.override.refresh_from_db()
    assert house.override.retired_at is not None
    again = as_("manager").post(address, {"reason": "Not needed", "version": house.override.version})
    assert (again.status_code, "It is over by then." in text(again)) == (422, True)


def test_pages_of_people_and_policies_lead_to_the_schedule(house, as_, page):
    shown = as_("viewer").get(f"/people/{house.people['manager'].public_id}/policies/")
    assert page in shown.content.decode()
