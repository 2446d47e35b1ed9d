"""An installation in its first minute: nothing is watched, and nothing claims that it is."""

import re

import pytest

from ledger import clock
from ledger.liveness import beat
from tests.face.scene import begin

pytestmark = pytest.mark.django_db


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def test_now_never_says_up_while_the_engine_stands_still(client):
    made = begin(clock.now())
    client.force_login(made.people["vera"])
    said = text_of(client.get("/"))
    assert "Watchbook is not watching." in said
    assert "Never heard" in said


def test_now_leads_to_the_first_address_for_who_may_add_one(client):
    made = begin(clock.now())
    beat("engine", now=clock.now())
    client.force_login(made.people["mara"])
    page = client.get("/")
    assert "Nothing is watched yet." in text_of(page)
    assert "Watch an address" in text_of(page)
    client.force_login(made.people["vera"])
    assert "Watch an address" not in text_of(client.get("/"))


def test_a_list_of_no_incidents_offers_no_filters(client):
    made = begin(clock.now())
    client.force_login(made.people["vera"])
    page = client.get("/incidents/")
    assert "No incident yet" in text_of(page)
    assert b"<select" not in page.content
