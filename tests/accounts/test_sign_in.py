"""Signing in: by e-mail, with limits, and in no other way."""

from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.cache import cache

from accounts.models import Letter, User
from accounts.services.letters import send_letters
from ledger.clock import now as clock_now
from ledger.models import Entry
from tests.accounts.house import PASSWORD


@pytest.fixture(autouse=True)
def _fresh_limits(db):
    cache.clear()


def sign_in(client, email="admin@larkspur.example", password=PASSWORD):
    return client.post("/sign-in/", {"login": email, "password": password})


def test_a_person_signs_in_by_email_and_the_ledger_knows(house, client):
    answer = sign_in(client, "Admin@Larkspur.example")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    line = Entry.objects.filter(kind="user.signed_in").get().line
    assert house.people["admin"].public_id in line
    assert "admin@" not in line


def test_a_wrong_password_is_refused_in_one_sentence_for_known_and_unknown_addresses(house, client):
    for email in ("admin@larkspur.example", "nobody@larkspur.example"):
        answer = sign_in(client, email, "not the password")
        assert "This address and this password do not belong together." in answer.content.decode()
        assert email in answer.content.decode()


def test_after_five_wrong_passwords_the_right_one_is_refused_too(house, client):
    for _ in range(5):
        sign_in(client, password="wrong wrong wrong")
    answer = sign_in(client)
    assert answer.status_code != 302
    assert "Too many tries" in answer.content.decode()
    assert sign_in(client, "manager@larkspur.example").status_code == 302


def test_who_was_deactivated_cannot_sign_in_and_is_signed_out(house, as_):
    client = as_("viewer")
    viewer = house.people["viewer"]
    viewer.is_active = False
    viewer.save(now=house.now, reason="Test")
    assert client.get("/people/").status_code == 302
    assert sign_in(client, "viewer@larkspur.example").headers.get("Location") != "/"


def test_nobody_signs_up(house, client):
    people = User.objects.count()
    answer = client.post("/sign-up/", {"email": "eve@x.example", "password1": PASSWORD, "password2": PASSWORD})
    assert "People come by invitation" in answer.content.decode()
    assert User.objects.count() == people


def test_allauths_own_pages_for_addresses_are_not_there(house, as_):
    assert as_("admin").get("/account/email/").status_code == 404
    assert as_("admin").get("/email/").status_code == 404


def test_a_lost_password_is_set_anew_by_a_link_that_works_once(house, client):
    answer = client.post("/password/reset/", {"email": "manager@larkspur.example"})
    assert answer.status_code == 302
    assert mail.outbox == []  # the request writes a row; the engine sends it
    assert send_letters(clock_now()) == 1
    letter = Letter.objects.get()
    assert (letter.body, letter.sent_at is not None) == ("", True)
    body = mail.outbox[0].body
    link = urlsplit(next(word for word in body.split() if word.startswith("http"))).path
    shown = client.get(link, follow=True)
    form = shown.request["PATH_INFO"]
    new = {"password1": "a different long phrase", "password2": "a different long phrase"}
    assert client.post(form, new).status_code == 302
    assert sign_in(client, "manager@larkspur.example", "a different long phrase").status_code == 302
    client.logout()
    again = client.get(link, follow=True)
    assert "no longer holds" in again.content.decode()
    assert Entry.objects.filter(kind="user.password_changed").count() == 1


def test_an_unknown_address_gets_no_mail_and_the_same_answer(house, client):
    answer = client.post("/password/reset/", {"email": "eve@elsewhere.example"})
    assert answer.status_code == 302
    assert not Letter.objects.exists()


def test_a_letter_is_tried_again_and_given_up_after_five_times(house, client, settings, monkeypatch):
    client.post("/password/reset/", {"email": "manager@larkspur.example"})
    settings.EMAIL_BACKEND = "config.mail.NoMailServer"
    at = clock_now()
    letter = Letter.objects.get()
    for _ in range(5):
        assert send_letters(at) == 0
        letter.refresh_from_db()
        at = letter.due_at
    assert (letter.tries, letter.body, letter.sent_at) == (5, "", None)
    assert "EMAIL_URL is not set" in letter.last_error


def test_signing_out_is_a_post(house, as_):
    client = as_("viewer")
    client.get("/sign-out/")
    assert client.get("/people/").status_code == 200
    client.post("/sign-out/")
    assert client.get("/people/").status_code == 302


def test_a_password_is_changed_with_the_current_one(house, as_):
    client = as_("responder")
    wrong = {"oldpassword": "no", "password1": "a different long phrase", "password2": "a different long phrase"}
    assert "not your current password" in client.post("/password/change/", wrong).content.decode()
    assert client.post("/password/change/", {**wrong, "oldpassword": PASSWORD}).status_code == 302
    assert User.objects.get(email="responder@larkspur.example").check_password("a different long phrase")
