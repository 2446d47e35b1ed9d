"""Every call against every role and every scope: refused exactly where the tables say so."""

import pytest

from accounts.roles import ROLES
from accounts.scopes import SCOPES, opens, role_allows
from tests import builders
from tests.api import cast
from tests.api.house import build, calls

pytestmark = pytest.mark.django_db
CALLS = calls()


@pytest.fixture
def house(settings):
    settings.API_RATES = dict.fromkeys(settings.API_RATES, (10_000, 60))
    return build()


def code(response):
    return response.json()["error"]["code"] if response.status_code >= 400 else ""


@pytest.mark.parametrize("role", ROLES)
def test_every_call_is_refused_to_exactly_the_roles_that_may_not(house, role):
    caller = cast.client(house.people[role], "admin")
    for call in CALLS:
        # an unknown field keeps the calls that are allowed from doing anything
        response = getattr(caller, call.method)(house.url(call.route), {"nobody_knows": 1})
        refused = response.status_code == 403 and code(response) == "denied"
        assert refused is not role_allows(role, call.operation.verb), f"{call}: {response.content!r}"


@pytest.mark.parametrize("scope", SCOPES)
def test_every_call_is_refused_to_exactly_the_scopes_that_do_not_open_it(house, scope):
    caller = cast.client(house.people["admin"], scope)
    for call in CALLS:
        response = getattr(caller, call.method)(house.url(call.route), {"nobody_knows": 1})
        assert (code(response) == "scope_missing") is not opens([scope], call.operation.verb), call


def test_no_call_answers_without_a_token(house):
    caller = cast.client()
    for call in CALLS:
        response = getattr(caller, call.method)(house.url(call.route), {})
        assert (response.status_code, code(response)) == (401, "not_authenticated"), call


def test_every_noun_of_the_addresses_is_in_the_house(house):
    assert {call.noun for call in CALLS if "<" in call.route} <= set(house.ids)


def test_a_manager_edits_for_their_own_team_only(house):
    other = builders.team("Warehouse")
    caller = cast.client(house.people["manager"], "write")
    mine = caller.post("/api/v1/services/", {"name": "Refunds", "team": house.team.public_id})
    theirs = caller.post("/api/v1/services/", {"name": "Stock", "team": other.public_id})
    assert (mine.status_code, theirs.status_code) == (201, 403)
    moved = caller.patch(f"/api/v1/services/{mine.json()['id']}/", {"team": other.public_id})
    assert moved.status_code == 403
    assert "may edit of Warehouse" in moved.json()["error"]["message"]


def test_others_contact_methods_and_tokens_are_not_there(house):
    caller = cast.client(house.people["manager"], "admin")
    for noun in ("contact-methods", "tokens"):
        assert caller.get(house.url(f"{noun}/<pid:public_id>/")).status_code == 404
        assert caller.get(house.url(f"{noun}/<pid:public_id>/history/")).status_code == 404
        assert house.ids[noun] not in caller.get(f"/api/v1/{noun}/").content.decode()


def test_a_token_cannot_make_a_stronger_one(house):
    caller = cast.client(house.people["admin"], "people")
    stronger = caller.post("/api/v1/tokens/", {"label": "x", "scopes": ["read", "write"]})
    assert (stronger.status_code, code(stronger)) == (403, "scope_missing")
    assert caller.post("/api/v1/tokens/", {"label": "x", "scopes": ["read", "people"]}).status_code == 201
