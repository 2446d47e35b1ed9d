"""The doors to incidents and routes, role by role: absent is 404, seen but not allowed is 403."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.roles import ROLES
from incidents.access import get_alert, get_incident, get_route, may_respond
from incidents.services.work import declare
from ledger.actors import SYSTEM
from tests import builders


@pytest.fixture
def things(house):
    incident = declare(
        title="Slow", severity=2, service=house.checkout, actor=SYSTEM, person=house.alice, how="screen", now=house.now
    )
    mine = builders.route(house.policy, service=house.checkout)
    return SimpleNamespace(incident=incident, mine=mine, default=house.route, team=house.team)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_reads_incidents_and_routes(things, role):
    user = builders.person("Some Body", role)
    assert get_incident(user, "inc-2026-0001") == things.incident
    assert get_route(user, things.default.public_id) == things.default


@pytest.mark.parametrize("role", ROLES)
def test_responders_and_above_answer(things, role):
    user = builders.person("Some Body", role)
    allowed = role in ("responder", "manager", "admin")
    assert may_respond(user) is allowed
    if allowed:
        assert get_incident(user, "INC-2026-0001", "respond")
    else:
        with pytest.raises(PermissionDenied):
            get_incident(user, "INC-2026-0001", "respond")


@pytest.mark.parametrize(
    ("role", "in_team", "of_service", "of_everything"),
    [
        ("viewer", True, False, False),
        ("auditor", True, False, False),
        ("responder", True, False, False),
        ("manager", False, False, False),
        ("manager", True, True, False),
        ("admin", False, True, True),
    ],
)
def test_managers_edit_routes_of_their_teams_services_and_admins_all(things, role, in_team, of_service, of_everything):
    user = builders.person("Some Body", role, team=things.team if in_team else None)
    for route, allowed in ((things.mine, of_service), (things.default, of_everything)):
        if allowed:
            assert get_route(user, route.public_id, "edit") == route
        else:
            with pytest.raises(PermissionDenied):
                get_route(user, route.public_id, "edit")


def test_what_is_not_there_is_absent(things, house):
    for get, name in ((get_incident, "INC-2026-0099"), (get_alert, "alr_x"), (get_route, "rte_x")):
        with pytest.raises(Http404):
            get(house.alice, name)
    things.mine.retire(now=house.now, reason="Test")
    with pytest.raises(Http404):
        get_route(house.alice, things.mine.public_id)


def test_strangers_and_people_who_left_learn_nothing(things, house):
    with pytest.raises(Http404):
        get_incident(AnonymousUser(), "INC-2026-0001")
    house.alice.is_active = False
    with pytest.raises(PermissionDenied):
        get_incident(house.alice, "INC-2026-0001")
