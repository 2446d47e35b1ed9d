"""Links that are shown once: kept in the session between the redirect and the page, then gone."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User

KEY = "shown_once"


def show_link(request: HttpRequest, person: User, secret: str) -> None:
    """Keep an invitation link for the next page of this person."""
    path = reverse("accounts:join", args=[secret])
    request.session[KEY] = {"person": person.public_id, "url": f"{settings.PUBLIC_URL}{path}"}


def take_link(request: HttpRequest, person: User) -> str:
    """The link kept for this person's page, "" if none; a second look finds nothing."""
    held = request.session.get(KEY)
    if not held or held["person"] != person.public_id:
        return ""
    del request.session[KEY]
    return str(held["url"])
