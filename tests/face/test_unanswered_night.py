"""Nobody has it yet: what the first pages say, and what the first person to press finds."""

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def as_(person):
    caller = Client()
    caller.force_login(person)
    return caller


def test_now_says_so_when_nobody_has_it_and_who_is_called_next(unanswered, client):
    made = unanswered
    client.force_login(made.people["mara"])
    assert "Nobody has it yet; Ana Duarte is called next." in text_of(client.get("/"))


def test_acknowledging_says_whose_it_is_and_offers_to_resolve(unanswered, client):
    made = unanswered
    client.force_login(made.people["ben"])
    number = made.incident.number
    answer = client.post(f"/incidents/{number}/acknowledge/", follow=True)
    assert "Yours. Nobody else will be called." in text_of(answer)
    assert f"/incidents/{number}/resolve/".encode() in answer.content
    again = client.post(f"/incidents/{number}/acknowledge/", follow=True)
    assert "It is yours already." in text_of(again)
    other = as_(made.people["ana"])
    assert "Ben Okafor has it. Yours is recorded too." in text_of(
        other.post(f"/incidents/{number}/acknowledge/", follow=True)
    )
