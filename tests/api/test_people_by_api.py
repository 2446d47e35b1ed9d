"""People, teams, contact methods, tokens and the organisation as an admin's script keeps them."""

import io

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.models import AllowedNetwork, ApiToken, ContactMethod, User, Verification
from accounts.services.contacts import verification_code
from oncall.models import Page
from tests import builders
from tests.api import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    builders.organisation()
    return cast.person("admin", "Ada")


@pytest.fixture
def caller(ada):
    return cast.client(ada)


def test_inviting_a_person_gives_a_link_once(caller):
    team = caller.post("/api/v1/teams/", {"name": "Payments"}).json()
    body = {"email": "Ben@Example.com", "name": "Ben", "role": "responder", "team": team["id"]}
    made = caller.post("/api/v1/people/", body)
    assert made.status_code == 201, made.content
    person = made.json()
    assert person["invitation_url"].startswith("http")
    assert (person["email"], person["teams"][0]["name"]) == ("b…@example.com", "Payments")
    assert "ben@" not in made.content.decode().lower()
    assert "invitation_url" not in caller.get(f"/api/v1/people/{person['id']}/").json()
    again = caller.post("/api/v1/people/", body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "email_taken")
    assert "ben@" not in again.content.decode().lower()


def test_a_new_link_is_for_who_has_not_joined(caller):
    body = {"email": "ben@example.com", "name": "Ben", "role": "responder"}
    url = f"/api/v1/people/{caller.post('/api/v1/people/', body).json()['id']}/invitation/"
    assert caller.post(url).json()["invitation_url"].startswith("http")
    joined = cast.person("responder", "Cora", password="correct horse battery")
    refused = caller.post(f"/api/v1/people/{joined.public_id}/invitation/")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "already_joined")


@pytest.mark.parametrize("email", ["ben", "ben@", "@example.com", "a b@example.com"])
def test_an_address_that_is_none_is_refused(caller, email):
    response = caller.post("/api/v1/people/", {"email": email, "name": "Ben", "role": "viewer"})
    assert (response.status_code, cast.problems(response)) == (400, ["email"])


def test_the_last_admin_stays_one(caller, ada):
    url = f"/api/v1/people/{ada.public_id}/"
    for response in (caller.patch(url, {"role": "viewer"}), caller.post(f"{url}deactivate/", {})):
        assert (response.status_code, response.json()["error"]["code"]) == (409, "last_admin")


def test_somebody_deactivated_is_out_at_once_and_can_come_back(caller):
    ben = cast.person("responder", "Ben")
    his = cast.client(ben)
    assert his.get("/api/v1/me/").status_code == 200
    assert caller.post(f"/api/v1/people/{ben.public_id}/deactivate/", {"reason": "Left"}).json()["is_active"] is False
    assert his.get("/api/v1/me/").status_code == 401
    assert [p["name"] for p in caller.get("/api/v1/people/", {"active": "false"}).json()["items"]] == ["Ben"]
    assert caller.post(f"/api/v1/people/{ben.public_id}/reactivate/", {}).json()["is_active"] is True
    assert his.get("/api/v1/me/").status_code == 401


def test_somebody_whom_a_policy_counts_on_is_not_deactivated(caller):
    ben = cast.person("responder", "Ben")
    builders.policy(ben, team=builders.team())
    response = caller.post(f"/api/v1/people/{ben.public_id}/deactivate/", {})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "still_used")
    assert "Checkout critical" in response.json()["error"]["message"]


def test_i_change_what_is_mine(caller):
    changed = caller.patch("/api/v1/me/", {"timezone": "Asia/Tokyo"}).json()
    assert (changed["timezone"], changed["name"]) == ("Asia/Tokyo", "Ada")
    assert cast.problems(caller.patch("/api/v1/me/", {"timezone": "Mars/Olympus"})) == ["timezone"]
    assert cast.problems(caller.patch("/api/v1/me/", {"role": "admin"})) == ["role"]


@pytest.mark.parametrize(("kind", "channel"), [("phone", "sms"), ("voice", "voice")])
def test_a_phone_goes_in_is_proved_and_never_comes_out(caller, ada, kind, channel):
    made = caller.post("/api/v1/contact-methods/", {"kind": kind, "address": "+44 7700 900 123", "label": "Work"})
    assert made.status_code == 201
    contact = made.json()
    assert (contact["address"], contact["verified_at"]) == ("+44 … 23", None)
    assert ContactMethod.objects.get(public_id=contact["id"]).address == "+447700900123"
    url = f"/api/v1/contact-methods/{contact['id']}/"
    page = caller.post(f"{url}verification/")
    assert (page.status_code, page.json()["origin"], page.json()["to"]) == (202, "verification", "+44 … 23")
    wrong = caller.post(f"{url}confirm/", {"code": "no code"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (409, "code_refused")
    code = verification_code(Verification.objects.get())
    assert caller.post(f"{url}confirm/", {"code": code}).json()["verified_at"] is not None
    sent = Page.objects.get(origin="verification")
    assert (sent.person, sent.kind) == (ada, channel)
    read = [caller.get(path).content.decode() for path in (url, f"{url}history/", "/api/v1/contact-methods/")]
    assert not [text for text in read if "7700" in text]


def test_a_webhook_gives_its_secret_once_and_another_on_demand(caller):
    address = "https://tools.larkspur.example/pages?key=9f2b"
    made = caller.post("/api/v1/contact-methods/", {"kind": "webhook", "address": address}).json()
    assert (made["address"], made["secret"][:6]) == ("https://tools.larkspur.example/…", "whsec_")
    url = f"/api/v1/contact-methods/{made['id']}/"
    assert "secret" not in caller.get(url).json()
    renewed = caller.post(f"{url}rotate/", {"reason": "A laptop was stolen"}).json()
    assert renewed["secret"].startswith("whsec_") and renewed["secret"] != made["secret"]
    held = ContactMethod.objects.get(public_id=made["id"])
    assert (held.secret, held.previous_secret) == (renewed["secret"], made["secret"])
    read = "".join(caller.get(path).content.decode() for path in (url, f"{url}history/", "/api/v1/contact-methods/"))
    assert "9f2b" not in read and "whsec_" not in read
    problems = cast.problems(caller.post("/api/v1/contact-methods/", {"kind": "webhook", "address": "ftp://x"}))
    assert problems == ["address"]


def test_a_contact_that_signs_nothing_has_no_secret_to_renew(caller):
    made = caller.post("/api/v1/contact-methods/", {"kind": "phone", "address": "+447700900123"}).json()
    assert made["secret"] == ""
    refused = caller.post(f"/api/v1/contact-methods/{made['id']}/rotate/", {})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "signs_nothing")


def test_five_wrong_codes_void_it(caller):
    contact = caller.post("/api/v1/contact-methods/", {"kind": "phone", "address": "+447700900123"}).json()
    url = f"/api/v1/contact-methods/{contact['id']}/"
    caller.post(f"{url}verification/")
    right = verification_code(Verification.objects.get())
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert caller.post(f"{url}confirm/", {"code": wrong}).status_code == 409
    assert caller.post(f"{url}confirm/", {"code": right}).status_code == 409


def test_test_pages_are_limited(caller, ada, settings):
    contact = ada.contact_methods.get()
    answers = [caller.post(f"/api/v1/contact-methods/{contact.public_id}/test/").status_code for _ in range(7)]
    assert answers == [202] * 6 + [429]


def test_nobody_proves_an_address_for_another(caller):
    ben = cast.person("responder", "Ben")
    contact = ben.contact_methods.get()
    url = f"/api/v1/contact-methods/{contact.public_id}/"
    assert caller.get(url).status_code == 200
    for action, body in (("confirm", {"code": "1"}), ("verification", {}), ("test", {})):
        assert caller.post(f"{url}{action}/", body).status_code == 404
    assert caller.post(f"{url}retire/", {"reason": "Left"}).status_code == 204


@pytest.mark.parametrize(
    ("kind", "address"), [("phone", "07700 900123"), ("phone", "call me"), ("email", "+447700900123"), ("fax", "x")]
)
def test_an_address_of_the_wrong_kind_is_refused(caller, kind, address):
    response = caller.post("/api/v1/contact-methods/", {"kind": kind, "address": address})
    assert (response.status_code, len(cast.problems(response))) == (400, 1)


def test_a_token_is_made_shown_once_used_and_revoked(caller):
    made = caller.post("/api/v1/tokens/", {"label": "Pipeline", "scopes": ["read"], "expires_in_days": 7}).json()
    assert "secret" not in caller.get(f"/api/v1/tokens/{made['id']}/").json()
    theirs = APIClient(HTTP_AUTHORIZATION=f"Bearer {made['secret']}")
    assert theirs.get("/api/v1/teams/").status_code == 200
    assert caller.post(f"/api/v1/tokens/{made['id']}/revoke/", {}).json()["revoked_at"] is not None
    assert theirs.get("/api/v1/teams/").status_code == 401
    history = caller.get(f"/api/v1/tokens/{made['id']}/history/").content.decode()
    assert made["secret"] not in history
    assert ApiToken.objects.get(public_id=made["id"]).secret_hash not in history


def test_a_network_is_allowed_with_a_reason(caller):
    url = "/api/v1/allowed-networks/"
    assert cast.problems(caller.post(url, {"cidr": "10.20.0.0/24"})) == ["reason"]
    made = caller.post(url, {"cidr": "10.20.0.7", "reason": "The shop"}).json()
    assert made["cidr"] == "10.20.0.7/32"
    for cidr in ("10.20.0.7/32", "everything", "0.0.0.0/0"):
        assert cast.problems(caller.post(url, {"cidr": cidr, "reason": "x"})) == ["cidr"]
    assert caller.post(f"{url}{made['id']}/retire/", {"reason": "Gone"}).status_code == 204
    assert not AllowedNetwork.objects.in_force().exists()


def test_the_organisation_is_changed_by_admins(caller):
    changed = caller.patch("/api/v1/organisation/", {"timezone": "Europe/Lisbon", "reason": "Moved", "version": 1})
    assert (changed.json()["timezone"], changed.json()["version"]) == ("Europe/Lisbon", 2)
    stale = caller.patch("/api/v1/organisation/", {"name": "X", "version": 1})
    assert stale.json()["error"]["code"] == "stale_version"
    versions = caller.get(f"/api/v1/organisation/{changed.json()['id']}/history/").json()["items"]
    assert [version["values"]["timezone"] for version in versions] == ["Europe/Lisbon", "UTC"]


def test_history_of_a_person_holds_no_name_and_no_address(caller, ada):
    versions = caller.get(f"/api/v1/people/{ada.public_id}/history/").content.decode()
    assert "Ada" not in versions
    assert "ada@" not in versions


def test_the_command_prints_a_secret_once_that_opens_the_door(ada):
    out, told = io.StringIO(), io.StringIO()
    call_command("apitoken", ada.email, "--scope", "read", "--expires-days", "3", stdout=out, stderr=told)
    secret = out.getvalue().strip()
    assert secret not in told.getvalue()
    answer = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}").get("/api/v1/me/")
    assert (answer.status_code, answer.json()["scopes"]) == (200, ["read"])


@pytest.mark.parametrize(
    "arguments", [["nobody@example.com", "--scope", "read"], ["ada@larkspur.example", "--scope", "everything"],
                  ["ada@larkspur.example"], ["ada@larkspur.example", "--scope", "read", "--expires-days", "0"]],
)  # fmt: skip
def test_the_command_refuses_with_a_sentence(ada, arguments):
    with pytest.raises(CommandError):
        call_command("apitoken", *arguments, stdout=io.StringIO(), stderr=io.StringIO())
    assert User.objects.count() == 1
    assert not ApiToken.objects.exists()
