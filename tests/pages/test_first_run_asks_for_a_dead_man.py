"""The first run asks who outside notices when this machine dies, and takes later for an answer."""

import pytest

from accounts.services.setup import issue_setup_link
from evidence.models import DeadMan
from ledger import clock
from tests.pages.test_system_page import NOBODY, URL, text

FIRST = {
    "organisation": "Larkspur", "timezone": "UTC", "name": "Mara", "email": "mara@larkspur.example",
    "password": "lantern orbit pebble",
}  # fmt: skip


@pytest.mark.parametrize(("url", "host"), [("", ""), (URL, "hc.example.com")])
def test_the_first_run_asks_and_takes_later_for_an_answer(client, db, url, host):
    secret = issue_setup_link(clock.now())
    asked = text(client.get(f"/setup/{secret}/"))
    assert "Dead-man address optional" in asked
    assert "Leave it empty to name one later; Now reminds you." in asked
    assert client.post(f"/setup/{secret}/", FIRST | {"dead_man": url}).status_code == 302
    assert (DeadMan.current().url, DeadMan.current().url_mask) == (url, host)
    assert (NOBODY in text(client.get("/"))) is not bool(url)


def test_a_bad_address_at_the_first_run_loses_nothing(client, db):
    secret = issue_setup_link(clock.now())
    sent = client.post(f"/setup/{secret}/", FIRST | {"dead_man": "hc.example.com"})
    assert sent.status_code == 422
    assert "Write a web address such as" in text(sent)
    assert 'value="Larkspur"' in sent.content.decode()
    assert client.post(f"/setup/{secret}/", FIRST | {"dead_man": URL}).status_code == 302


def test_the_first_run_does_not_ask_what_the_environment_has_answered(client, db, settings):
    settings.DEADMAN_URL = URL
    assert "Dead-man" not in text(client.get(f"/setup/{issue_setup_link(clock.now())}/"))
