"""Rotations by form: drafted, looked at before and after, confirmed; and schedules made and taken out of force."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from ledger import clock
from ledger.texts import read
from oncall.models import LayerMembers, Schedule, ScheduleLayer
from oncall.rota.resolve import on_call
from oncall.schedules import planned
from oncall.services.policies import create_policy
from oncall.services.schedules import set_members
from tests import builders as make
from tests.accounts.house import House
from tests.accounts.test_people_pages import text
from tests.once import built

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = timedelta(weeks=1)
# schedules are about today: a house of another day would have other people on call
_house, house = built(lambda: House(clock.now()))


@pytest.fixture
def now():
    return clock.now()


@pytest.fixture
def layer(house):
    return house.schedule.layers.get()


@pytest.fixture
def sent(house, layer):
    """The form of the house's rotation as it is drawn."""

    def filled(*people, **changes):
        return {
            "name": layer.name, "role": "primary", "place": "1", "lengths": "4", "unit": "weeks", "starts": layer.starts,
            "zone": layer.zone, "effect": "hand_off", "date": "", "version": str(Schedule.objects.get(pk=house.schedule.pk).version),
            "people": [one.public_id for one in people], "step": "review", **changes,
        }  # fmt: skip

    return filled


def confirmed(client, address, data, reason="More hands"):
    """The review, and what its own form sends back."""
    page = client.post(address, data)
    carried = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.content.decode()):
        carried.setdefault(name, []).append(value)
    carried.pop("csrfmiddlewaretoken", None)
    return page, client.post(address, {**carried, "reason": reason, "step": "confirm"}, follow=True)


def on_call_now(house):
    schedule, instant = Schedule.objects.get(pk=house.schedule.pk), clock.now()
    return [one.name for one in on_call(planned(schedule, instant), instant).people]


def test_an_edit_is_shown_in_words_and_kept_with_its_reason(house, as_, layer, sent):
    people = house.people
    data = sent(people["manager"], people["responder"], people["admin"])
    page, answer = confirmed(as_("manager"), f"/rotations/{layer.public_id}/", data)
    shown = text(page)
    assert "Nothing is kept yet." in shown
    assert "Responder Larkspur" in shown
    assert "gains" in shown
    assert "Who is on call now stays." in shown
    assert "Weekly is kept." in text(answer)
    newest = LayerMembers.objects.order_by("-pk").first()
    assert newest.people == [people[role].public_id for role in ("manager", "responder", "admin")]
    assert read(newest.history.first().history_change_reason) == "More hands"
    assert on_call_now(house) == ["Manager Larkspur"]


def test_looking_at_the_difference_keeps_nothing(house, as_, layer, sent):
    as_("manager").post(f"/rotations/{layer.public_id}/", sent(house.people["admin"]))
    assert LayerMembers.objects.filter(layer=layer).count() == 1
    assert Schedule.objects.get(pk=house.schedule.pk).version == house.schedule.version


def test_without_a_reason_nothing_is_kept(house, as_, layer, sent):
    _, answer = confirmed(as_("manager"), f"/rotations/{layer.public_id}/", sent(house.people["admin"]), reason=" ")
    assert answer.status_code == 422
    assert "Say why in a few words." in text(answer)
    assert LayerMembers.objects.filter(layer=layer).count() == 1


def test_who_is_not_in_the_list_any_more_hands_over_now_if_that_is_wished(house, as_, layer, sent):
    data = sent(house.people["admin"], effect="now")
    page, _ = confirmed(as_("manager"), f"/rotations/{layer.public_id}/", data)
    assert "Who is on call changes at once." in text(page)
    assert on_call_now(house) == ["Admin Larkspur"]


def test_another_length_is_another_layer_and_the_person_on_call_stays(house, as_, layer, sent):
    people = house.people
    data = sent(people["manager"], people["admin"], lengths="1", unit="days", effect="now")
    confirmed(as_("manager"), f"/rotations/{layer.public_id}/", data)
    layer.refresh_from_db()
    assert layer.until is not None
    assert ScheduleLayer.objects.get(until=None, schedule=house.schedule).unit == "days"
    assert on_call_now(house) == ["Manager Larkspur"]


def test_somebody_who_cannot_be_reached_or_is_on_call_elsewhere_is_named_beforehand(house, as_, layer, sent, now):
    silent = make.person("Silent Sam", team=house.team, mail=False, now=now)
    shown = text(as_("manager").post(f"/rotations/{layer.public_id}/", sent(silent, effect="now")))
    assert "Silent Sam cannot be reached" in shown
    shown = text(as_("manager").post(f"/rotations/{layer.public_id}/", sent(house.people["admin"], effect="now")))
    assert "Admin Larkspur is primary on call in Billing too" in shown


def test_an_empty_list_is_a_hole_and_the_difference_says_so(house, as_, layer, sent):
    shown = text(as_("manager").post(f"/rotations/{layer.public_id}/", sent(effect="now")))
    assert "would have nobody" in shown


def test_nothing_changed_is_said_and_offers_nothing_to_keep(house, as_, layer, sent):
    page = as_("manager").post(f"/rotations/{layer.public_id}/", sent(house.people["manager"], house.people["admin"]))
    assert "Nothing: all is as it was." in text(page)
    assert 'value="confirm"' not in page.content.decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lengths": "soon"}, "You wrote soon."),
        ({"lengths": "400", "unit": "weeks"}, "A turn lasts 1 to 52 weeks."),
        ({"effect": "date"}, "Say on which date."),
        ({"name": " "}, "This field is required."),
        ({"starts": "1999-01-04T09:00"}, "Choose a year between 2000 and 2199."),
        ({"people": ["usr_nobody"]}, "usr_nobody is nobody who can be paged."),
        ({"hours-0-days": ["0"], "hours-0-starts": "nine", "hours-0-ends": "17:00"}, "Write times of day as 09:00"),
    ],
)
def test_a_rotation_that_cannot_be_kept_says_why_and_nothing_is_lost(house, as_, layer, sent, change, sentence):
    answer = as_("manager").post(f"/rotations/{layer.public_id}/", sent(house.people["admin"], **change))
    assert answer.status_code == 422
    assert sentence in text(answer)


def test_a_person_twice_is_refused(house, as_, layer, sent):
    answer = as_("manager").post(f"/rotations/{layer.public_id}/", sent(house.people["admin"], house.people["admin"]))
    assert "A person stands in a rotation once." in text(answer)


def test_the_order_is_changed_by_plain_buttons_and_what_was_typed_stays(house, as_, layer, sent):
    people = house.people
    data = {**sent(people["manager"], people["admin"], name="Half a name"), "edit": "down-0"}
    page = as_("manager").post(f"/rotations/{layer.public_id}/", data).content.decode()
    assert re.findall(r'value="(usr_\w+)" selected', page) == [people["admin"].public_id, people["manager"].public_id]
    assert 'value="Half a name"' in page
    data["edit"] = "drop-1"
    page = as_("manager").post(f"/rotations/{layer.public_id}/", data).content.decode()
    assert re.findall(r'value="(usr_\w+)" selected', page) == [people["manager"].public_id]


def test_a_plan_that_somebody_else_changed_meanwhile_is_not_written_over(house, as_, layer, sent, now):
    client, address = as_("manager"), f"/rotations/{layer.public_id}/"
    data = sent(house.people["admin"])
    set_members(layer, people=[house.colleague.public_id], since=now + 9 * WEEK, now=clock.now(), reason="Test")
    _, answer = confirmed(client, address, data)
    assert answer.status_code == 409
    assert LayerMembers.objects.filter(layer=layer).count() == 2


def test_a_hand_off_that_came_since_the_difference_was_shown_is_noticed(house, as_, layer, sent):
    data = {**sent(house.people["admin"]), "step": "confirm", "reason": "Late", "at": "2020-01-06T08:00:00+00:00"}
    answer = as_("manager").post(f"/rotations/{layer.public_id}/", data)
    assert answer.status_code == 422
    assert "A hand-off has come meanwhile" in text(answer)


def test_a_rotation_ends_after_its_hole_was_shown(house, as_, layer):
    client, address = as_("manager"), f"/rotations/{layer.public_id}/end/"
    data = {"effect": "now", "date": "", "version": house.schedule.version}
    assert "would have nobody" in text(client.post(address, {**data, "step": "review"}))
    assert client.post(address, {**data, "step": "confirm"}).status_code == 422
    client.post(address, {**data, "step": "confirm", "reason": "Team is gone"})
    assert on_call_now(house) == []


def test_a_list_that_does_not_count_yet_is_taken_back(house, as_, layer, now):
    made = set_members(layer, people=[house.colleague.public_id], since=now + WEEK, now=now, reason="Test")
    client, address = as_("manager"), f"/rotations/lists/{made.public_id}/withdraw/"
    version = Schedule.objects.get(pk=house.schedule.pk).version
    assert "Take back the list of Weekly?" in text(client.get(address))
    assert "The list is taken back." in text(client.post(address, {"reason": "No", "version": version}, follow=True))


def test_a_schedule_is_made_with_its_first_rotation(house, as_):
    client = as_("manager")
    made = client.post("/schedules/new/", {"name": "Night", "team": house.team.public_id, "zone": "Europe/Berlin"})
    assert made.headers["Location"].endswith("/rotations/new/")
    data = {
        "name": "Nights", "role": "primary", "place": "1", "lengths": "1", "unit": "days", "starts": "2026-01-05T20:00",
        "zone": "Europe/Berlin", "effect": "now", "date": "", "version": "1", "people": [house.colleague.public_id],
        "hours-0-days": ["0", "4"], "hours-0-starts": "20:00", "hours-0-ends": "08:00", "step": "review",
    }  # fmt: skip
    page, answer = confirmed(client, made.headers["Location"], data)
    assert "nobody Bob Colleague" in text(page)
    assert "Mon, Fri 20:00 to 08:00" in text(answer)


def test_a_name_is_taken_once(house, as_):
    data = {"name": "shop", "team": house.team.public_id, "zone": "UTC"}
    answer = as_("manager").post("/schedules/new/", data)
    assert (answer.status_code, "There is a schedule shop already." in text(answer)) == (422, True)


def test_a_schedule_that_a_policy_calls_stays_and_the_page_says_which(house, as_, now):
    steps = [{"delay_s": 300, "people": [house.schedule.public_id]}]
    create_policy(name="Calls it", team=house.team, repeat=0, steps=steps, now=now, reason="Test")
    page = f"/schedules/{house.schedule.public_id}/edit/"
    assert "Shop stays for now: used by Calls it" in text(as_("manager").get(page))
    answer = as_("manager").post(
        f"/schedules/{house.schedule.public_id}/retire/", {"reason": "Old", "version": house.schedule.version}
    )
    assert (answer.status_code, "still called by Calls it" in text(answer)) == (422, True)


def test_a_schedule_is_renamed_and_retired(house, as_):
    client, address = as_("manager"), f"/schedules/{house.schedule.public_id}/"
    data = {
        "name": "Store",
        "team": house.team.public_id,
        "zone": "UTC",
        "reason": "New name",
        "version": house.schedule.version,
    }
    assert "Store is kept." in text(client.post(f"{address}edit/", data, follow=True))
    version = Schedule.objects.get(pk=house.schedule.pk).version
    answer = client.post(f"{address}retire/", {"reason": "Merged", "version": version}, follow=True)
    assert "Store is out of force." in text(answer)
    assert client.get(f"{address}edit/").status_code == 404
