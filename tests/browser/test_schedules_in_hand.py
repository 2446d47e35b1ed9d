"""The page of a schedule in a real browser: a shift is taken on a phone with nothing but keys."""

import re

import pytest

from ledger import clock
from oncall.models import Override, Schedule
from oncall.rota.resolve import on_call
from oncall.schedules import planned
from tests.accounts.house import House


@pytest.fixture
def house(transactional_db):
    return House(clock.now())


def tab_to(page, words):
    """Press Tab until something with these words has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if re.match(words, page.evaluate("document.activeElement.innerText || ''").strip()):
            return
    raise AssertionError(f"no Tab leads to {words}")


def test_a_responder_takes_a_shift_on_a_phone_by_keys_alone(read, house):
    reader = read(house.people["responder"], width=390, height=844, theme="dark")
    page = reader.page
    reader.opens("/schedules/")
    reader.is_sound()
    tab_to(page, "Shop")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/schedules/sch_"))
    reader.is_sound()
    tab_to(page, "Take this shift")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Take this shift?").wait_for()
    reader.is_sound()
    tab_to(page, "Take this shift")
    page.keyboard.press("Enter")
    page.get_by_text("is kept.").wait_for()
    reader.is_sound()
    assert Override.objects.filter(schedule=house.schedule, who=house.people["responder"]).count() == 1
    plan = planned(Schedule.objects.get(pk=house.schedule.pk), clock.now())
    assert [one.name for one in on_call(plan, clock.now()).people] == ["Responder Larkspur"]
