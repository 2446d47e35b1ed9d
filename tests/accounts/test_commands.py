"""createadmin and apitoken: setting up without a browser."""

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ApiToken, ContactMethod, User
from accounts.services.setup import SetupClosed, complete_setup, issue_setup_link
from ledger.crypto import token_hash
from ledger.models import Entry
from tests import builders as make

ADA = ("createadmin", "--email", "Ada@Example.com", "--password-stdin")


@pytest.fixture
def typed(monkeypatch):
    def say(line):
        monkeypatch.setattr(sys, "stdin", io.StringIO(line))

    return say


@pytest.mark.django_db
def test_createadmin_takes_the_password_from_standard_input(typed):
    typed("a long night at the desk\n")
    call_command(*ADA, stdout=io.StringIO())
    ada = User.objects.get()
    assert (ada.email, ada.role, ada.check_password("a long night at the desk")) == ("ada@example.com", "admin", True)
    assert ContactMethod.objects.get().address == "ada@example.com"
    assert '"kind":"command"' in Entry.objects.filter(kind="config.user.created").get().line


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("ada", "a long night at the desk", "Write an address such as ana@example.com. You wrote ada."),
        ("ada@example.com", "short", "This password is too short."),
        ("ada@example.com", "", "This password is too short."),
        ("bob@larkspur.example", "a long night at the desk", "is somebody's sign-in address already."),
    ],
)
def test_createadmin_refuses_with_one_sentence(typed, email, password, sentence):
    make.person("Bob Brown")
    typed(f"{password}\n")
    with pytest.raises(CommandError, match=sentence):
        call_command("createadmin", "--email", email, "--password-stdin")
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_apitoken_prints_the_secret_once_and_alone(typed):
    make.person("Bob Brown")
    out, err = io.StringIO(), io.StringIO()
    call_command("apitoken", "BOB@larkspur.example", "--scope", "read", "--scope", "respond", stdout=out, stderr=err)
    secret = out.getvalue().strip()
    token = ApiToken.objects.get()
    assert (token.secret_hash, token.scopes) == (token_hash(secret), ["read", "respond"])
    assert "It is not shown again." in err.getvalue()
    with pytest.raises(CommandError, match="Nobody active signs in with eve@x.example."):
        call_command("apitoken", "eve@x.example", "--scope", "read")


@pytest.mark.django_db
def test_a_set_up_link_is_hashed_new_each_time_and_gone_once_somebody_is_here(now):
    first, second = issue_setup_link(now), issue_setup_link(now)
    fields = {
        "email": "mara@larkspur.example", "name": "Mara", "password": "a long night at the desk",
        "organisation": "Larkspur", "timezone": "UTC", "now": now,
    }  # fmt: skip
    with pytest.raises(SetupClosed):
        complete_setup(secret=first, **fields)
    assert not User.objects.exists()
    made = complete_setup(secret=second, **fields)
    assert (made.admin.role, made.team.name, made.organisation.name) == ("admin", "Operations", "Larkspur")
    with pytest.raises(SetupClosed):
        complete_setup(secret=second, **fields)
    assert issue_setup_link(now) is None
