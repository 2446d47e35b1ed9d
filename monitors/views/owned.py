"""What the pages of services and systems share: choices of teams and people, and reading them back."""

from typing import Any

from django.http import HttpRequest

from accounts.access import can, get_person, get_team, signed_in
from accounts.queries import pageable_people, teams

Choices = list[tuple[str, str]]


def choices(request: HttpRequest) -> dict[str, Choices]:
    """Teams the person may give things to, and people who may own them."""
    anything = can(request.user, "edit_any")
    own = set() if anything else signed_in(request).team_ids()
    return {
        "teams": [(team.public_id, team.name) for team in teams() if anything or team.pk in own],
        "people": [(person.public_id, person.name) for person in pageable_people()],
    }


def owned(request: HttpRequest, data: dict[str, Any]) -> dict[str, Any]:
    """Name, team, owner and description of a cleaned form, ids replaced by objects."""
    return {
        "name": data["name"],
        "team": get_team(request.user, data["team"]) if data["team"] else None,
        "owner": get_person(request.user, data["owner"]) if data["owner"] else None,
        "description": data["description"],
    }


def owned_initial(obj: Any) -> dict[str, Any]:
    """The same the other way round, with the version the form is drawn from."""
    return {
        "name": obj.name,
        "team": obj.team.public_id if obj.team else "",
        "owner": obj.owner.public_id if obj.owner else "",
        "description": obj.description,
        "version": obj.version,
    }
