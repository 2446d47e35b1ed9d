"""Inviting, joining, roles, deactivation, teams, tokens: as an admin does it on the pages."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiToken, ContactMethod, Invitation, Membership, User
from accounts.services.people import LastAdmin, change_role, issue_invitation
from accounts.services.tokens import issue_token
from ledger.clock import now as clock_now
from ledger.crypto import token_hash
from ledger.models import Entry
from tests import builders as make


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def invited(as_, **fields):
    data = {"email": "Carla@Larkspur.example", "name": "Carla Nowak", "role": "responder", "team": ""}
    return as_("admin").post("/people/invite/", {**data, **fields}, follow=True)


def link_in(answer):
    return re.search(r"/join/[A-Za-z0-9_-]+/", answer.content.decode()).group()


def test_an_invitation_link_is_shown_once_and_lets_one_person_in_once(house, as_, client):
    shown = invited(as_, team=house.team.public_id)
    carla = User.objects.get(email="carla@larkspur.example")
    link = link_in(shown)
    assert "/join/" not in as_("admin").get(f"/people/{carla.public_id}/").content.decode()
    assert "carla@larkspur.example" in text(client.get(link))
    assert "at least 12 characters" in text(client.post(link, {"name": "Carla", "password": "short"}))
    joined = client.post(link, {"name": "Carla N.", "password": "a long night at the desk"})
    assert joined.headers["Location"] == "/me/"
    assert client.get("/people/").status_code == 200
    carla.refresh_from_db()
    assert (carla.name, carla.role, carla.check_password("a long night at the desk")) == ("Carla N.", "responder", True)
    assert carla.team_ids() == {house.team.pk}
    client.logout()
    assert client.get(link).status_code == 410
    assert client.post(link, {"name": "Eve", "password": "a long night at the desk"}).status_code == 410
    assert Entry.objects.filter(kind="user.joined").count() == 1


def test_an_invitation_ends_after_a_week_and_when_a_new_one_is_made(house, as_, client):
    invited(as_)
    carla = User.objects.get(email="carla@larkspur.example")
    admin, now = house.people["admin"], clock_now()
    old = issue_invitation(carla, by=admin, now=now - timedelta(days=7, seconds=1))
    assert client.get(f"/join/{old}/").status_code == 410
    first = issue_invitation(carla, by=admin, now=now)
    second = issue_invitation(carla, by=admin, now=now)
    assert [client.get(f"/join/{secret}/").status_code for secret in (first, second)] == [410, 200]
    assert not Invitation.objects.filter(secret_hash=second).exists()
    assert Invitation.objects.filter(secret_hash=token_hash(second)).exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "carla"}, "Write an address such as ana@example.com. You wrote carla."),
        ({"email": "viewer@larkspur.example"}, "viewer@larkspur.example is somebody&#x27;s sign-in address already."),
        ({"role": "owner"}, "owner is not one of the available choices"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_a_bad_invitation_says_what_was_written_and_keeps_the_rest(house, as_, fields, sentence):
    answer = invited(as_, **fields)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert "Carla" in answer.content.decode()
    assert not User.objects.filter(name="Carla Nowak").exists()


def test_a_role_is_changed_with_a_reason_and_stands_in_the_history(house, as_):
    viewer = house.people["viewer"]
    page = f"/people/{viewer.public_id}/"
    data = {"role": "manager", "reason": "takes over the platform", "version": viewer.version}
    assert as_("admin").post(f"{page}role/", data).status_code == 302
    shown = text(as_("admin").get(page))
    assert "role viewer manager" in shown
    assert "takes over the platform" in shown
    assert "Admin Larkspur screen" in shown


def test_a_stale_form_loses_nothing_and_says_who_changed_what(house, as_):
    viewer = house.people["viewer"]
    seen = viewer.version
    change_role(viewer, "auditor", now=house.now, reason="audit begins", expected_version=seen)
    data = {"role": "manager", "reason": "my own reason", "version": seen}
    answer = as_("admin").post(f"/people/{viewer.public_id}/role/", data)
    assert answer.status_code == 409
    said = text(answer)
    assert "Changed while you wrote" in said
    assert "role viewer auditor" in said
    assert "audit begins" in said
    assert "my own reason" in answer.content.decode()
    again = re.search(r'name="version" value="(\d+)"', answer.content.decode()).group(1)
    assert as_("admin").post(f"/people/{viewer.public_id}/role/", {**data, "version": again}).status_code == 302
    viewer.refresh_from_db()
    assert viewer.role == "manager"


def test_a_person_a_policy_counts_on_stays_and_the_page_names_the_policy(house, as_):
    bob = house.colleague
    data = {"reason": "left", "version": bob.version}
    answer = as_("admin").post(f"/people/{bob.public_id}/active/", data)
    assert answer.status_code == 409
    assert "stays for now: used by" in text(answer)
    assert "policy Checkout critical : step 1 would page nobody" in text(answer)
    assert f"/policies/{house.policy.public_id}/edit/" in answer.content.decode()
    bob.refresh_from_db()
    assert bob.is_active


def test_deactivating_ends_sign_in_tokens_and_invitations(house, as_):
    spare = make.person("Sam Spare", now=house.now, mail=False)
    token, _ = make_token(spare, house.now)
    issue_invitation(spare, by=house.people["admin"], now=clock_now())
    data = {"reason": "left", "version": spare.version}
    assert as_("admin").post(f"/people/{spare.public_id}/active/", data).status_code == 302
    spare.refresh_from_db()
    token.refresh_from_db()
    assert (spare.is_active, token.revoked_at is not None) == (False, True)
    assert not Invitation.objects.filter(user=spare, expires_at__gt=clock_now()).exists()
    assert "who can no longer sign in" in text(as_("viewer").get("/people/"))


def make_token(owner, now):
    return issue_token(owner=owner, label="x", scopes=["read"], expires_at=now + timedelta(days=999), now=now)


def test_the_last_admin_stays_admin(house, as_):
    admin = house.people["admin"]
    with pytest.raises(LastAdmin):
        change_role(admin, "viewer", now=house.now, reason="x", expected_version=admin.version)
    data = {"role": "viewer", "reason": "x", "version": admin.version}
    answer = as_("admin").post(f"/people/{admin.public_id}/role/", data)
    assert "This is the only admin. Make somebody else one first." in text(answer)


def test_others_see_masks_and_admins_see_addresses(house, as_):
    page = f"/people/{house.colleague.public_id}/"
    for role, shown in (("viewer", False), ("auditor", False), ("manager", False), ("admin", True)):
        assert ("bob@larkspur.example" in as_(role).get(page).content.decode()) is shown
        assert ("bob@larkspur.example" in as_(role).get("/people/").content.decode()) is shown


def test_a_team_is_made_renamed_joined_and_left(house, as_):
    admin = as_("admin")
    assert "There is a team platform already." in text(admin.post("/teams/new/", {"name": "platform"}))
    page = admin.post("/teams/new/", {"name": "Payments"}).headers["Location"]
    admin.post(f"{page}members/", {"person": house.colleague.public_id})
    assert "Bob Colleague" in text(admin.get(page))
    held = Membership.objects.get(team__name="Payments")
    admin.post(f"{page}name/", {"name": "Money", "reason": "clearer", "version": 1})
    admin.post(f"/memberships/{held.public_id}/end/")
    assert "Nobody is in this team yet." in text(admin.get(page))
    assert "Money" in text(admin.get(page))


def test_a_token_is_shown_once_and_kept_as_a_hash(house, as_):
    client = as_("responder")
    answer = client.post("/me/tokens/", {"label": "pipeline", "scopes": ["read"], "days": 30})
    secret = re.search(r"wbk_[A-Za-z0-9_-]{40,}", answer.content.decode()).group()
    token = ApiToken.objects.get(label="pipeline")
    assert token.secret_hash == token_hash(secret)
    assert secret not in client.get("/me/tokens/").content.decode()
    client.post(f"/tokens/{token.public_id}/revoke/")
    token.refresh_from_db()
    assert token.revoked_at is not None
    refused = client.post("/me/tokens/", {"label": "empty", "days": 30})
    assert (refused.status_code, "Choose what it may do, at least one." in refused.content.decode()) == (422, True)


def test_settings_change_name_zone_and_theme_and_keep_a_wrong_form(house, as_):
    client = as_("viewer")
    wrong = client.post("/me/", {"name": "V. Larkspur", "timezone": "Mars/Olympus", "theme": "auto"})
    assert (wrong.status_code, "V. Larkspur" in wrong.content.decode()) == (422, True)
    client.post("/me/", {"name": "V. Larkspur", "timezone": "Asia/Tokyo", "theme": "dark"})
    page = client.get("/people/").content.decode()
    assert 'data-theme="dark"' in page
    assert "Times in Asia/Tokyo" in text(client.get("/people/"))


@pytest.mark.parametrize(
    ("cidr", "sentence"),
    [
        ("everything", "Write a network such as 10.20.0.0/24 or one address. You wrote everything."),
        ("0.0.0.0/0", "0.0.0.0/0 is too wide."),
        ("10.20.0.0/24", "10.20.0.0/24 is allowed already."),
    ],
)
def test_a_network_that_cannot_be_allowed_says_why(house, as_, cidr, sentence):
    answer = as_("admin").post("/organisation/networks/", {"cidr": cidr, "reason": "tests"})
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "tests" in answer.content.decode()


def test_the_directory_asks_the_same_number_of_questions_for_ten_and_for_twenty_more_people(house, as_):
    client = as_("admin")
    client.get("/people/")
    counts = []
    for batch in range(2):
        for n in range(10):
            make.person(f"P{batch}{n} Person", team=house.team, phone=f"+4477009{batch}01{n:02}", now=house.now)
        with CaptureQueriesContext(connection) as seen:
            client.get("/people/")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_nothing_of_a_person_is_in_ledger_or_history(house, as_):
    invited(as_)
    lines = " ".join(Entry.objects.values_list("line", flat=True))
    rows = " ".join(str(row.__dict__) for model in (User, ContactMethod) for row in model.history.all())
    for secret in ("carla@", "Carla Nowak", "bob@"):
        assert secret not in lines
        assert secret not in rows


@pytest.fixture(autouse=True)
def _fresh_cache(db):
    cache.clear()
