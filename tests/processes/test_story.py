"""One fault, all the way through, with real processes. The same story runs embedded and grown."""

import pytest

from tests.processes.house import instant

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(180)]


def test_a_server_is_killed_and_comes_back_and_everybody_hears_what_they_must(house, target):
    ben, carla = house.people["Ben"], house.people["Carla"]
    monitor = house.watch("Checkout API", target.url)

    target.kill()
    opened = house.incident_becomes("Checkout API is down", "triggered")
    number = opened["number"]
    house.smtp.expect(ben.email, number, "SEV1 Checkout API is down", within=10)
    text = house.twilio.expect(ben.phone, "SEV1 Checkout API is down", within=10)
    assert f"{house.product.url}/a/" in text.body

    # nobody answers: the second person, after the step's delay
    house.twilio.expect(carla.phone, "SEV1 Checkout API is down", within=10)
    house.smtp.expect(carla.email, number, within=10)
    first, second = (house.pages(number, person=person.id)[0] for person in (ben, carla))
    waited = instant(second["planned_at"]) - instant(first["planned_at"])
    assert house.ladder_s <= waited.total_seconds() < house.ladder_s + 3

    # an SMS reply acknowledges, and the timeline says who, when and how
    answer = house.reply(carla, "4")
    assert f"Acknowledged {number}" in answer
    taken = house.incident_becomes("Checkout API is down", "acknowledged", within=5)
    assert taken["acknowledged_by"]["id"] == carla.id
    (said,) = [entry for entry in house.timeline(number) if entry["kind"] == "acknowledged"]
    assert said["person"] == {"id": carla.id, "name": carla.name}
    assert "SMS" in said["how"]
    assert said["occurred_at"] == taken["acknowledged_at"]
    # the other one who was called hears who has it, and may say that it is not so
    house.twilio.expect(ben.phone, f"Carla Santos has {number} (by SMS reply", "Not so? Escalate:", within=10)
    house.smtp.expect(ben.email, f"Carla Santos has {number}", within=10)

    # the server is back: resolved by itself, and everybody who was called is stood down
    target.start()
    house.incident_becomes("Checkout API is down", "resolved")
    for person in (ben, carla):
        house.twilio.expect(person.phone, "Stand down", number, within=10)
        house.smtp.expect(person.email, "tand down", number, within=10)
    assert house.state(monitor) == "up"
    house.twilio.verify_nothing_else()
    house.smtp.verify_nothing_else()

    states = [state for state, _, _ in sorted(house.intervals(monitor), key=lambda one: one[1])]
    assert states[-3:] == ["up", "down", "up"]
    house.ledger_holds()


def test_one_byte_changed_in_the_database_file_is_found(house, target):
    if house.product.database_file is None:
        pytest.skip("PostgreSQL's files are not ours to touch; tests/ledger changes rows there")
    house.watch("Ledger", target.url)
    house.ledger_holds()
    house.product.stop()
    stored = house.product.database_file.read_bytes()
    place = stored.index(b'"kind":"config.monitor.created"') + len('"kind":"config.m')
    with house.product.database_file.open("r+b") as file:
        file.seek(place)
        file.write(b"0")
    code, said = house.verify_ledger()
    assert code == 1
    assert "does not match its hash" in said
    with house.product.database_file.open("r+b") as file:
        file.seek(place)
        file.write(stored[place : place + 1])
    house.ledger_holds()
    house.product.start()
