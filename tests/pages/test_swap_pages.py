"""Swaps on a screen, without script: asked for, offered for a shift in return, accepted; nobody sees a button that is not theirs."""

from datetime import timedelta

import pytest

from ledger import clock
from oncall.models import Override, Swap
from tests import builders

DAY = timedelta(days=1)


@pytest.fixture
def people(db):
    now = clock.now()
    team = builders.team(now=now)
    return [builders.person(name, team=team, now=now) for name in ("Ana", "Ben")]


@pytest.fixture
def schedule(people):
    team = people[0].memberships.get().team
    return builders.schedule(*people, team=team, starts="2026-01-05T09:00", now=clock.now())


def choices(page):
    return [part.split('"')[0] for part in page.split('<option value="')[1:]]


def test_two_people_swap_by_forms_alone(client, people, schedule):
    ana, ben = people
    client.force_login(ana)
    shift = next(one for one in choices(client.get("/swaps/new/").content.decode()) if one.startswith("sch_"))
    asked = client.post("/swaps/new/", {"shift": shift, "asked": "", "note": "Dentist"})
    swap = Swap.objects.get()
    assert asked["Location"] == f"/swaps/{swap.public_id}/"
    mine = client.get("/swaps/").content.decode()
    assert "asked: everybody" in mine and "Withdraw" in mine and "I take it" not in mine
    client.force_login(ben)
    page = client.get(f"/swaps/{swap.public_id}/").content.decode()
    assert "Dentist" in page and "Withdraw" not in page
    back = [one for one in choices(page) if one.startswith("sch_")][-1]
    offered = client.post(f"/swaps/{swap.public_id}/offer/", {"back": back}, follow=True).content.decode()
    assert "Offered. Ana is told." in offered
    client.force_login(ana)
    assert "Accept" in client.get("/swaps/").content.decode()
    client.post(f"/swaps/{swap.public_id}/accept/")
    swap.refresh_from_db()
    assert (swap.state, Override.objects.count()) == ("done", 2)
    assert "Override #2" in client.get(f"/swaps/{swap.public_id}/").content.decode()
    late = client.post(f"/swaps/{swap.public_id}/accept/", follow=True).content.decode()
    assert "The swap is done, so nobody can accept it." in late


def test_a_part_of_a_shift_is_on_the_wall_of_the_schedule(client, people, schedule):
    ana, _ = people
    client.force_login(ana)
    shift = [one for one in choices(client.get("/swaps/new/").content.decode()) if one.startswith("sch_")][-1]
    day = shift.split("|")[2][:10]
    sent = client.post("/swaps/new/", {"shift": shift, "start": f"{day}T12:00", "end": f"{day}T14:00", "note": ""})
    assert sent.status_code == 302
    swap = Swap.objects.get()
    assert swap.end_at - swap.start_at == timedelta(hours=2)
    refused = client.post("/swaps/new/", {"shift": shift, "start": f"{day}T14:00", "end": f"{day}T12:00"})
    assert (refused.status_code, "It ends later than it starts." in refused.content.decode()) == (422, True)


def test_who_was_not_told_by_letter_is_named(client, people, schedule):
    ana, _ = people
    dan = builders.person("Dan", mail=False, now=clock.now())
    swap = builders.swap(schedule, _on_call(schedule, people), asked=dan, now=clock.now())
    client.force_login(ana)
    assert "Not told by letter:</strong> Dan" in client.get(f"/swaps/{swap.public_id}/").content.decode()


def test_nobody_is_shown_a_button_that_would_be_refused(client, people, schedule):
    giver = _on_call(schedule, people)
    other = next(person for person in people if person != giver)
    swap = builders.swap(schedule, giver, asked=other, now=clock.now())
    client.force_login(builders.person("Ada", "admin", now=clock.now()))
    page = client.get(f"/swaps/{swap.public_id}/").content.decode()
    assert "Withdraw" in page and "I take it" not in page
    client.force_login(other)
    assert "I take it" in client.get("/swaps/").content.decode()


def test_the_page_of_a_schedule_says_what_is_open_and_who_is_away(client, people, schedule):
    ana, _ben = people
    now = clock.now()
    swap = builders.swap(schedule, _on_call(schedule, people), now=now)
    for person in people:
        builders.absences(person=person, now=now)
    client.force_login(ana)
    assert f"/schedules/{schedule.public_id}/swaps/" in client.get(f"/schedules/{schedule.public_id}/").content.decode()
    part = client.get(f"/schedules/{schedule.public_id}/swaps/", HTTP_HX_REQUEST="true").content.decode()
    assert f"/swaps/{swap.public_id}/" in part
    assert f"{swap.giver.name} is away" in part
    assert "Day off" not in part, "what a calendar calls it stays with who it is about"


def _on_call(schedule, people):
    row = schedule.intervals.get(ended_at__isnull=True)
    return next(person for person in people if person.pk == row.person_id)
