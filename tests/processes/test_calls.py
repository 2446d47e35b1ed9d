"""Phones that ring, with real processes: a voice mail, a power cut while it rings, a process that dies over a key."""

import pytest

from tests.processes.peers import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(180)]


def page_of(house, number, person):
    return next(page for page in house.pages(number, person=person.id) if page["kind"] == "voice")


def calls_to(house, person, words):
    return [call for call in list(house.twilio.calls) if call.to == person.phone and words in call.heard]


def test_a_voice_mail_is_nobody_so_the_next_person_is_called_at_once(house, target):
    dana, carla = house.reached_by_call(), house.people["Carla"]
    house.watch("Voice mail", target.url, service=house.called)
    target.kill()
    call = house.twilio.expect_call(dana.phone, within=15)
    call.machine()
    assert "Severity 1. Voice mail is down. It concerns By call, since" in call.heard

    # the step would have waited 30 seconds for Dana
    house.twilio.expect(carla.phone, "SEV1 Voice mail is down", within=10)
    house.smtp.expect(carla.email, "SEV1 Voice mail is down", within=10)
    number = house.incident("Voice mail is down")["number"]
    said = page_of(house, number, dana)
    assert (said["state"], said["reason"], said["confirmed_at"]) == ("answered", "no_key", None)
    assert said["accepted_at"] and said["delivered_at"] and said["answered_at"]

    assert f"Acknowledged {number}" in house.reply(carla, "4")
    target.start()
    house.incident_becomes("Voice mail is down", "resolved")
    house.twilio.expect(carla.phone, "Stand down", number, within=10)
    house.smtp.expect(carla.email, "tand down", number, within=10)
    assert "Stand down." in house.twilio.expect_call(dana.phone, within=10).pick_up()
    house.twilio.verify_nothing_else()
    house.ledger_holds()


def test_the_power_is_cut_while_the_phone_rings_and_the_key_is_heard_all_the_same(house, target):
    dana = house.reached_by_call()
    house.watch("Ringing", target.url, service=house.called)
    target.kill()
    call = house.twilio.expect_call(dana.phone, within=15).ring()
    house.product.kill_everything()
    house.product.start()
    call.pick_up()
    assert call.press("4").startswith("You have it.")
    taken = house.incident_becomes("Ringing is down", "acknowledged", within=10)
    assert taken["acknowledged_by"]["id"] == dana.id
    (told,) = [entry for entry in house.timeline(taken["number"]) if entry["kind"] == "acknowledged"]
    assert told["how"] == "key press in call to +44 … 82"
    page = wait_for("the page has an end", lambda: page_of(house, taken["number"], dana), within=10)
    assert (page["state"], page["confirmed_how"]) == ("confirmed", "voice")
    assert len(calls_to(house, dana, "Ringing is down")) == 1
    house.ledger_holds()


def test_a_key_over_which_a_process_died_still_acknowledges(house, target):
    dana = house.reached_by_call()
    house.watch("Dying", target.url, service=house.called)
    target.kill()
    call = house.twilio.expect_call(dana.phone, within=15)
    call.pick_up()
    house.product.arm("answer.before_commit")
    assert "application error" in call.press("4")
    assert house.product.struck
    house.product.wait_until_ready()
    taken = house.incident_becomes("Dying is down", "acknowledged", within=25)
    assert taken["acknowledged_by"]["id"] == dana.id
    assert page_of(house, taken["number"], dana)["confirmed_how"] == "voice"
    house.ledger_holds()
