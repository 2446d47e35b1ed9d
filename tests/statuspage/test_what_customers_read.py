"""A fault as customers live through it: what the page says at each step, and what it says afterwards."""

import re
from datetime import timedelta

from incidents.services.transitions import resolve
from ledger.actors import SYSTEM
from ledger.texts import text_hash
from ledger.verify import verify
from monitors.services import retire_monitor
from statuspage.models import StatusUpdate
from tests import builders


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def test_a_fault_from_the_first_failed_check_to_the_last_word(status):
    assert "Everything works" in text(status.get())
    status.breaks()
    assert "Not working: Placing orders" in text(status.get()), "measured, before anybody wrote a word"
    status.tell("investigating", "Placing an order fails.", affected={status.component.public_id: "down"})
    page = text(status.get())
    assert "Orders cannot be placed" in page
    assert "Investigating. Placing an order fails." in page
    assert "Affects Placing orders." in page
    status.mends()
    status.tell("monitoring", "It works again; we watch.", affected={status.component.public_id: "up"})
    assert status.state() == "Working"
    status.world.advance(minutes=10)
    status.tell("resolved", "Orders are placed as usual.")
    page = text(status.get())
    assert "Everything works" in page
    past = page.split("Past incidents", 2)[2]
    assert re.search(r"Orders cannot be placed.*13 min.*Resolved\. .*Monitoring\. .*Investigating\. ", past)


def test_the_states_are_those_of_the_json(status):
    assert status.state() == "Working"
    status.breaks()
    assert status.state() == "Not working"
    status.mends()
    assert status.state() == "Working"


def test_a_person_may_say_that_something_is_broken_which_no_monitor_sees(status):
    status.breaks()
    status.mends()
    status.tell("identified", "Orders arrive twice.", affected={status.component.public_id: "degraded"})
    assert status.state() == "Slow or in part"
    status.tell("resolved", "Each order arrives once.")
    assert status.state() == "Working"


def test_nobody_can_talk_a_measured_fault_away(status):
    status.breaks()
    status.tell("resolved", "All is well.", affected={status.component.public_id: "up"})
    assert status.state() == "Not working"
    assert "Everything works" not in text(status.get())


def test_an_open_incident_is_never_everything_works(status):
    status.breaks()
    status.mends()
    status.tell("monitoring", "We watch.", affected={status.component.public_id: "up"})
    page = text(status.get())
    assert "Everything works" not in page
    assert "Every component is measured as working." in page


def test_time_nobody_watched_is_a_gap_and_never_working(status):
    status.world.advance(minutes=5)
    status.world.skip(hours=2)
    said = status.summary()
    assert said["components"][0]["words"] in ("Not measured", "Working")
    status.world.advance(minutes=5)
    [component] = status.summary()["components"]
    today = component["days"][-1]
    assert today["state"] == "unknown"
    assert 7_000 < today["seconds"]["unknown"] < 7_400
    page = status.get().content.decode()
    assert "not measured 1 h 5" in page or "not measured 2 h" in page
    assert 'class="k-unknown"' in page


def test_as_soon_as_the_last_result_no_longer_speaks_it_is_not_measured(status):
    status.world.advance(minutes=5)
    status.world.now += timedelta(minutes=10)  # the engine stands still; nothing has swept
    assert status.state() == "Not measured"
    assert "Everything works" not in text(status.get())


def test_a_component_nobody_watches_is_not_measured_and_has_no_green_day(status):
    builders.component(
        status.page, builders.service("Fax", now=status.world.now), "Fax to the depot", now=status.world.now
    )
    fax = status.summary()["components"][1]
    assert (fax["state"], fax["since"]) == ("unknown", None)
    assert {day["state"] for day in fax["days"]} == {None}


def test_taking_a_monitor_away_does_not_improve_the_past(status):
    status.world.watch("Checkout page")
    status.world.advance(minutes=3)
    status.breaks()
    status.mends()
    down = status.summary()["components"][0]["days"][-1]["seconds"]["down"]
    retire_monitor(status.world.monitors["Checkout API"], now=status.world.now, reason="Test")
    status.world.advance(minutes=1)
    today = status.summary()["components"][0]["days"][-1]
    assert (today["state"], today["seconds"]["down"]) == ("down", down)
    assert down > 0
    assert status.state() == "Working"


def test_ninety_days_are_shown_in_the_zone_of_the_page(status):
    days = status.summary()["components"][0]["days"]
    assert len(days) == 90
    assert days[-1]["date"] == "2026-03-17"


def test_a_hidden_component_is_nowhere(status):
    builders.component(
        status.page, builders.service("Depot", now=status.world.now), "Depot 9", is_hidden=True, now=status.world.now
    )
    assert "Depot 9" not in status.get().content.decode() + status.get("summary.json").content.decode()


def test_past_incidents_leave_the_page_after_fourteen_days_and_the_open_one_does_not(status):
    status.breaks()
    status.mends()
    status.tell("resolved", "It is over.")
    assert "It is over." in text(status.get())
    status.world.now += timedelta(days=15)
    assert "It is over." not in text(status.get())
    assert "Nothing was reported in the last 14 days." in text(status.get())
    status.tell("investigating", "It came back.", title="Orders fail again")
    status.world.now += timedelta(days=30)
    assert "It came back." in text(status.get())


def test_an_incident_without_a_public_word_is_not_listed(status):
    status.breaks()
    status.mends()
    assert status.summary()["incidents"] == []


def test_a_correction_takes_the_place_of_what_was_wrong_and_says_so(status):
    status.breaks()
    wrong = status.tell("investigating", "Order fail since Mondy.", title="Order fail")
    status.world.advance(minutes=3)
    status.correct(wrong, "Orders fail since Monday.", title="Orders fail")
    page = text(status.get())
    assert "Mondy" not in page
    assert re.search(r"Orders fail since Monday\. .*corrected 03:05", page)
    [incident] = status.summary()["incidents"]
    assert incident["id"] == wrong.public_id, "customers know the incident under the id of its first update"
    [update] = incident["updates"]
    assert (update["corrected"], update["occurred_at"][11:16], update["recorded_at"][11:16]) == (True, "03:02", "03:05")
    assert StatusUpdate.objects.get(pk=wrong.pk).text_sha256 == text_hash("Order fail since Mondy.")


def test_an_update_dated_back_shows_when_it_was_written(status):
    status.breaks()
    status.world.advance(minutes=20)
    status.tell("identified", "A change of ours.", occurred_at=status.world.now - timedelta(minutes=15))
    assert re.search(r"A change of ours\. 03:07, written 03:22", text(status.get()))


def test_the_story_of_the_incident_has_every_word_and_the_ledger_holds(status):
    status.breaks()
    wrong = status.tell("investigating", "We look.")
    status.correct(wrong, "We look into it.")
    resolve(status.world.incident, actor=SYSTEM, person=status.world.people["Bob"], how="screen", now=status.world.now)
    told = [line for line in status.world.story() if "customers" in line]
    assert told == [
        "Alice Adeyemi told customers on Larkspur status: investigating.",
        "Alice Adeyemi corrected what customers read on Larkspur status: investigating.",
    ]
    update = StatusUpdate.objects.latest("pk")
    assert update.entry.kind == "incident.customer_update"
    subjects = set(update.entry.subjects.values_list("kind", "object_id"))
    assert {("statusupdate", update.public_id), ("statuspage", status.page.public_id)} <= subjects
    status.world.tick()
    assert verify().faults == ()
    status.world.twilio.texts[-1].expected = True
