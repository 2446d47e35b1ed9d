"""Teams and who is in them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_membership, get_person, get_team, read_membership
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Change, Id, Instant, Text
from accounts.api.filters import Filters, IdFilter
from accounts.api.people import PersonRef, TeamRef
from accounts.api.views import ApiView, operation, reference
from accounts.models import Membership, Team
from accounts.queries import memberships, teams
from accounts.services.teams import NameTaken, add_member, create_team, remove_member, rename_team

REFUSALS: Refusals = {NameTaken: Refusal(409, "name_taken", "Another team has this name.", field="name")}


class TeamOut(serializers.Serializer):
    """A team."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    version = serializers.IntegerField()
    created_at = Instant()


class TeamIn(Body):
    """A new team."""

    name = Text(max_length=80)


class TeamChange(Change):
    """A team's new name."""

    name = Text(max_length=80)


class MembershipOut(serializers.Serializer):
    """A person in a team."""

    id = serializers.CharField(source="public_id")
    team = TeamRef()
    person = PersonRef(source="user")
    created_at = Instant()


class MembershipIn(Body):
    """Who joins which team."""

    team = Id("tea")
    person = Id("usr")


class MembershipFilters(Filters):
    """Filters of memberships."""

    team = IdFilter("team", label="Public id of a team.")
    person = IdFilter("user", label="Public id of a person.")


class Teams(ApiView):
    """Teams in force."""

    refusals = REFUSALS

    @operation("List teams", verb="read", gives=TeamOut, many=True)
    def get(self, request: Request) -> QuerySet[Team]:
        """Oldest first."""
        return teams()

    @operation("Create a team", verb="manage_people", takes=TeamIn, gives=TeamOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Team:
        """Names are unique among teams in force, upper and lower case alike."""
        return create_team(name=body["name"], now=self.now, reason="New team")


class OneTeam(ApiView):
    """One team."""

    refusals = REFUSALS

    @operation("Read a team", verb="read", gives=TeamOut)
    def get(self, request: Request, public_id: str) -> Team:
        """A team in force."""
        return get_team(self.person, public_id)

    @operation("Rename a team", verb="manage_people", takes=TeamChange, gives=TeamOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> Team:
        """What the team owns stays its own."""
        team = get_team(self.person, public_id, "manage_people")
        seen = body.get("version", team.version)
        rename_team(team, name=body["name"], now=self.now, reason=body["reason"], expected_version=seen)
        return team


class Memberships(ApiView):
    """Who is in which team."""

    filterset_class = MembershipFilters

    @operation("List memberships", verb="read", gives=MembershipOut, many=True)
    def get(self, request: Request) -> QuerySet[Membership]:
        """Memberships in force."""
        return memberships()

    @operation("Put a person into a team", verb="manage_people", takes=MembershipIn, gives=MembershipOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Membership:
        """Somebody who is in it already stays, under the same membership."""
        team = reference("team", get_team, self.person, body["team"])
        person = reference("person", get_person, self.person, body["person"])
        return add_member(team, person, now=self.now, reason="Added through the API")


class OneMembership(ApiView):
    """One membership."""

    @operation("Read a membership", verb="read", gives=MembershipOut)
    def get(self, request: Request, public_id: str) -> Membership:
        """A membership in force."""
        return read_membership(self.person, public_id)


class MembershipEnd(ApiView):
    """The end of a membership."""

    @operation("Take a person out of a team", verb="manage_people", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """The membership stays in the history."""
        membership = get_membership(self.person, public_id)
        remove_member(membership, now=self.now, reason=body["reason"])
