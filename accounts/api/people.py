"""People, and oneself."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_person, get_team
from accounts.addresses import AddressRefused, read_email
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Change, Id, Instant, OneOf, Text
from accounts.api.filters import ChoiceOf, Filters, FlagFilter, IdFilter
from accounts.api.views import ApiView, operation, reference
from accounts.models import ApiToken, Organisation, User
from accounts.queries import people
from accounts.roles import ROLES
from accounts.scopes import OWN
from accounts.services.people import (
    AlreadyJoined,
    EmailTaken,
    LastAdmin,
    StillUsed,
    change_role,
    change_settings,
    deactivate,
    invite,
    issue_invitation,
    reactivate,
)
from accounts.zones import zone_choices

THEMES = ("auto", "light", "dark")

REFUSALS: Refusals = {
    EmailTaken: Refusal(409, "email_taken", "Somebody signs in with this address already.", field="email"),
    AlreadyJoined: Refusal(409, "already_joined", "They have a password; a lost one is set anew on the sign-in page."),
    LastAdmin: Refusal(409, "last_admin", "This is the only admin. Make somebody else one first."),
    StillUsed: Refusal(409, "still_used"),
    AddressRefused: Refusal(400, "invalid", field="email"),
}


class ZoneField(OneOf):
    """An IANA zone that a person can live in. Not listed in the document: there are four hundred."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=zone_choices(), help_text="IANA zone, such as Europe/Lisbon.", **kwargs)


class TeamRef(serializers.Serializer):
    """A team in another answer."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()


class PersonRef(serializers.Serializer):
    """A person in another answer."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()


class PersonOut(serializers.Serializer):
    """A person; the address is masked for everybody."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    email = serializers.CharField(source="email_mask", help_text="Masked.")
    role = serializers.ChoiceField(choices=list(ROLES))
    timezone = serializers.CharField()
    is_active = serializers.BooleanField()
    teams = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    created_at = Instant()

    @extend_schema_field(TeamRef(many=True))
    def get_teams(self, person: User) -> Any:
        """Teams, loaded with the list."""
        return [{"id": held.team.public_id, "name": held.team.name} for held in in_teams(person)]


class InvitedOut(PersonOut):
    """A person just invited, and the link that makes them arrive: shown once."""

    invitation_url = serializers.CharField(allow_null=True, help_text="Shown once; null when the request is repeated.")


class MeOut(PersonOut):
    """The caller."""

    theme = serializers.ChoiceField(choices=list(THEMES))
    scopes = serializers.SerializerMethodField()

    def get_scopes(self, person: User) -> list[str]:
        """The scopes of the token; empty in the browser, where the role alone decides."""
        token = self.context["view"].request.auth
        return list(token.scopes) if isinstance(token, ApiToken) else []


class InviteIn(Body):
    """Who is invited, as what."""

    email = Text(max_length=254, write_only=True)
    name = Text(max_length=120)
    role = OneOf(choices=list(ROLES))
    team = Id("tea", required=False)


class RoleChange(Change):
    """A person's new role."""

    role = OneOf(choices=list(ROLES))


class MeChange(Body):
    """What a person decides about themselves."""

    name = Text(max_length=120, required=False)
    timezone = ZoneField(required=False)
    theme = OneOf(choices=THEMES, required=False)


class PersonFilters(Filters):
    """Filters of people."""

    role = ChoiceOf(choices=list(ROLES))
    active = FlagFilter(field_name="is_active", label="Whether they may sign in.")
    team = IdFilter(method="in_team", label="Public id of a team.")

    def in_team(self, rows: QuerySet[User], name: str, public_id: str) -> QuerySet[User]:
        """Members of a team in force."""
        return rows.filter(memberships__team__public_id=public_id, memberships__retired_at__isnull=True)


class People(ApiView):
    """The directory."""

    filterset_class = PersonFilters
    refusals = REFUSALS

    @operation("List people", verb="read", gives=PersonOut, many=True)
    def get(self, request: Request) -> QuerySet[User]:
        """Everybody, those who can no longer sign in included."""
        return people(active=None)

    @operation(
        "Invite a person", verb="manage_people", takes=InviteIn, gives=InvitedOut, status=201,
        shown_once=("invitation_url",),
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, Any]) -> User:
        """Nothing is sent: hand the link over yourself. It holds for seven days."""
        team = reference("team", get_team, self.person, body["team"]) if "team" in body else None
        person, secret = invite(
            email=read_email(body["email"]), name=body["name"], role=body["role"], team=team,
            timezone=Organisation.current().timezone, by=self.person, now=self.now,
        )  # fmt: skip
        return with_link(person, secret)


class Person(ApiView):
    """One person."""

    refusals = REFUSALS

    @operation("Read a person", verb="read", gives=PersonOut)
    def get(self, request: Request, public_id: str) -> User:
        """The address is masked."""
        return get_person(self.person, public_id)

    @operation("Give a person another role", verb="manage_people", takes=RoleChange, gives=PersonOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> User:
        """The last admin stays one."""
        person = get_person(self.person, public_id, "manage_people")
        seen = body.get("version", person.version)
        change_role(person, body["role"], now=self.now, reason=body["reason"], expected_version=seen)
        return person


class Deactivation(ApiView):
    """End a person's access."""

    refusals = REFUSALS

    @operation("Deactivate a person", verb="manage_people", takes=Change, gives=PersonOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> User:
        """Sign-in, tokens and invitations end; 409 while a policy would be left with nobody."""
        person = get_person(self.person, public_id, "manage_people")
        seen = body.get("version", person.version)
        deactivate(person, now=self.now, reason=body["reason"], expected_version=seen)
        return person


class Reactivation(ApiView):
    """Let a person come back."""

    refusals = REFUSALS

    @operation("Reactivate a person", verb="manage_people", takes=Change, gives=PersonOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> User:
        """Their tokens stay revoked."""
        person = get_person(self.person, public_id, "manage_people")
        seen = body.get("version", person.version)
        reactivate(person, now=self.now, reason=body["reason"], expected_version=seen)
        return person


class NewInvitation(ApiView):
    """A new link for somebody who has not arrived."""

    refusals = REFUSALS

    @operation(
        "Make a new invitation link", verb="manage_people", gives=InvitedOut, status=201, shown_once=("invitation_url",)
    )
    def post(self, request: Request, public_id: str) -> User:
        """The older link ends. 409 for somebody who has a password already."""
        person = get_person(self.person, public_id, "manage_people")
        return with_link(person, issue_invitation(person, by=self.person, now=self.now))


class Me(ApiView):
    """The caller."""

    @operation("Read who I am", verb="read", gives=MeOut)
    def get(self, request: Request) -> User:
        """The person whose token or session this is, and what the token may do."""
        return self.person

    @operation("Change my own settings", verb=OWN, takes=MeChange, gives=MeOut)
    def patch(self, request: Request, body: dict[str, Any]) -> User:
        """Name, zone and theme."""
        me = self.person
        held = {"name": me.name, "timezone": me.timezone, "theme": me.theme}
        change_settings(me, **{**held, **body}, now=self.now)
        return me


def in_teams(person: User) -> list[Any]:
    """Memberships in force: those loaded with a list, else read."""
    loaded = getattr(person, "in_teams", None)
    if loaded is None:
        loaded = list(person.memberships.filter(retired_at__isnull=True).select_related("team").order_by("team__name"))
    return list(loaded)


def with_link(person: User, secret: str) -> User:
    """Put the link on the answer, once."""
    person.invitation_url = f"{settings.PUBLIC_URL}{reverse('accounts:join', args=[secret])}"  # type: ignore[attr-defined]
    return person
