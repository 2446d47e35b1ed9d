"""Who may do what with which object: the only door to objects of accounts for screens and API.

What a person may not know of is absent (404); what they may see but not change is refused (403).
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from accounts.models import (
    AllowedNetwork,
    ApiToken,
    ContactMethod,
    ContactRules,
    LegalHold,
    Membership,
    Team,
    User,
)
from accounts.roles import allows
from ledger.models import PurgeRecord
from ledger.tracked import Tracked


def signed_in(request: HttpRequest) -> User:
    """The person who asks. Raises Http404 for a stranger, whom the middleware has sent away already."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def can(user: Any, verb: str, obj: object = None) -> bool:
    """Whether a signed-in person may do `verb`, to `obj` if one is given.

    An object with a team belongs to its members; one without a team belongs to everybody who may edit.
    """
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return False
    team_id = getattr(obj, "team_id", None)
    needs_team = verb == "edit" and team_id is not None and not allows(user.role, "edit_any")
    return allows(user.role, verb, same_team=not needs_team or team_id in _team_ids(user))


def require(user: Any, verb: str, obj: object = None) -> None:
    """Raise PermissionDenied, with a sentence, unless `can`."""
    if not can(user, verb, obj):
        team = getattr(obj, "team", None)
        where = f" of {team}" if team is not None and verb == "edit" else ""
        raise PermissionDenied(f"This needs somebody who may {verb.replace('_', ' ')}{where}. Ask an admin of yours.")


def get_person(user: Any, public_id: str, verb: str = "read") -> User:
    """A person of the directory. Raises Http404, PermissionDenied."""
    _signed_in(user)
    person = User.objects.filter(public_id=public_id).first()
    if person is None:
        raise Http404
    require(user, verb, person)
    return person


def get_team(user: Any, public_id: str, verb: str = "read") -> Team:
    """A team in force. Raises Http404, PermissionDenied."""
    _signed_in(user)
    team = Team.objects.in_force().filter(public_id=public_id).first()
    if team is None:
        raise Http404
    require(user, verb)
    return team


def get_membership(user: Any, public_id: str) -> Membership:
    """A membership in force, for somebody who may change it. Raises Http404, PermissionDenied."""
    _signed_in(user)
    held = Membership.objects.in_force().select_related("team", "user")
    membership = held.filter(public_id=public_id).first()
    if membership is None:
        raise Http404
    require(user, "manage_people")
    return membership


def read_membership(user: Any, public_id: str) -> Membership:
    """A membership in force: everybody reads who is in which team. Raises Http404, PermissionDenied."""
    _signed_in(user)
    membership = Membership.objects.in_force().select_related("team", "user").filter(public_id=public_id).first()
    if membership is None:
        raise Http404
    require(user, "read")
    return membership


def get_contact(user: Any, public_id: str) -> ContactMethod:
    """One's own contact method, or anybody's for who manages people. Others do not learn that it exists."""
    _signed_in(user)
    contact = ContactMethod.objects.in_force().select_related("user").filter(public_id=public_id).first()
    if contact is None or (contact.user_id != user.pk and not can(user, "manage_people")):
        raise Http404
    return contact


def get_own_contact(user: Any, public_id: str) -> ContactMethod:
    """One's own contact method: nobody confirms an address for another. Raises Http404."""
    contact = get_contact(user, public_id)
    if contact.user_id != user.pk:
        raise Http404
    return contact


def can_arrange(user: Any, person: User) -> bool:
    """Whether somebody may say how a person is paged: oneself, a manager of a team of theirs, an admin."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return False
    if user.pk == person.pk or can(user, "edit_any"):
        return True
    return can(user, "edit") and bool(_team_ids(user) & person.team_ids())


def get_arranged(user: Any, public_id: str) -> User:
    """A person whose contact rules and tests one may see to. Raises Http404, PermissionDenied."""
    person = get_person(user, public_id)
    if not can_arrange(user, person):
        raise PermissionDenied(f"This needs {person}, a manager of a team of theirs, or an admin.")
    return person


def visible_rules(user: Any) -> QuerySet[ContactRules]:
    """Everybody's contact rules in force: ids of contacts and times, no addresses. Raises PermissionDenied."""
    require(user, "read")
    return ContactRules.objects.in_force().select_related("user")


def get_rules(user: Any, public_id: str, need: str = "read") -> ContactRules:
    """Contact rules in force, for who may do `need`: `read`, or `edit` as `can_arrange` says. Raises Http404, PermissionDenied."""
    _signed_in(user)
    rules = visible_rules(user).filter(public_id=public_id).first()
    if rules is None:
        raise Http404
    if need == "edit":
        get_arranged(user, rules.user.public_id)
    return rules


def get_token(user: Any, public_id: str) -> ApiToken:
    """One's own token, or anybody's for who manages the organisation. Raises Http404."""
    _signed_in(user)
    token = ApiToken.objects.in_force().select_related("owner").filter(public_id=public_id).first()
    if token is None or (token.owner_id != user.pk and not can(user, "manage_organisation")):
        raise Http404
    return token


def get_network(user: Any, public_id: str, verb: str = "manage_organisation") -> AllowedNetwork:
    """An allowed network, for who manages the organisation, or may do another verb. Raises Http404, PermissionDenied."""
    _signed_in(user)
    network = AllowedNetwork.objects.in_force().filter(public_id=public_id).first()
    if network is None:
        raise Http404
    require(user, verb)
    return network


def get_hold(user: Any, public_id: str, verb: str = "read") -> LegalHold:
    """A legal hold, released ones too. Raises Http404, PermissionDenied."""
    _signed_in(user)
    hold = LegalHold.objects.select_related("placed_by", "released_by").filter(public_id=public_id).first()
    if hold is None:
        raise Http404
    require(user, verb)
    return hold


def get_purge(user: Any, public_id: str) -> PurgeRecord:
    """What was deleted once. Raises Http404, PermissionDenied."""
    _signed_in(user)
    made = PurgeRecord.objects.filter(public_id=public_id).first()
    if made is None:
        raise Http404
    require(user, "read")
    return made


def visible_contacts(user: Any) -> QuerySet[ContactMethod]:
    """One's own contact methods in force; everybody's for who manages people."""
    held = ContactMethod.objects.in_force().select_related("user")
    return held if can(user, "manage_people") else held.filter(user=user)


def visible_tokens(user: Any) -> QuerySet[ApiToken]:
    """One's own tokens, revoked ones included; everybody's for who manages the organisation."""
    held = ApiToken.objects.in_force().select_related("owner")
    return held if can(user, "manage_organisation") else held.filter(owner=user)


def get_recorded(user: Any, model: type[Tracked], public_id: str) -> Any:
    """An object in force or retired, for its history. What belongs to one person stays with them and who manages.

    Raises Http404.
    """
    _signed_in(user)
    obj = model.objects.filter(public_id=public_id).first()  # type: ignore[misc]
    manages = {ContactMethod: "manage_people", ApiToken: "manage_organisation"}.get(model)
    owner = getattr(obj, "user_id", None) or getattr(obj, "owner_id", None)
    if obj is None or not can(user, "read") or (manages and owner != user.pk and not can(user, manages)):
        raise Http404
    return obj


def _signed_in(user: Any) -> None:
    if not getattr(user, "is_authenticated", False):
        raise Http404


def _team_ids(user: User) -> set[int]:
    """The person's teams, read once a request: a list of forty rows asks forty times."""
    held: set[int] | None = user.__dict__.get("_team_ids_read")
    if held is None:
        held = user.__dict__["_team_ids_read"] = user.team_ids()
    return held
