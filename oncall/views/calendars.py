"""Calendar addresses of a person: the list, making one, another secret, revoking. A secret is in the one answer that made it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.access import signed_in
from accounts.forms.changes import posted, status_of
from accounts.history import changes_of
from accounts.models import User
from ledger.clock import now
from oncall.access import get_feed, get_feeds_person
from oncall.forms.calendars import FeedForm
from oncall.models import CalendarFeed, Schedule
from oncall.services.calendars import FeedRevoked, TooManyFeeds, make_feed, revoke_feed, rotate_feed


@never_cache
def calendars_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Somebody's addresses; their own may be made here."""
    person = get_feeds_person(request.user, public_id)
    mine = person.pk == signed_in(request).pk
    if request.method != "POST" or not mine:
        return _page(request, person, FeedForm(schedules=_offered()))
    form = FeedForm(posted(request), schedules=_offered())
    if not form.is_valid():
        return _page(request, person, form)
    schedule = Schedule.objects.in_force().filter(public_id=form.cleaned_data["of"]).first()
    try:
        made, secret = make_feed(person, schedule=schedule, now=now(), reason="Made on the page of calendars")
    except TooManyFeeds as error:
        form.add_error(None, str(error))
        return _page(request, person, form)
    return _page(request, person, FeedForm(schedules=_offered()), made=made, address=address_of(secret))


@require_POST
@never_cache
def rotate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give one's own address another secret, and show it once."""
    held = get_feed(request.user, public_id, own=True)
    try:
        made, secret = rotate_feed(held, now=now(), reason="Given another secret on the page of calendars")
    except FeedRevoked as error:
        messages.error(request, str(error))
        return redirect("oncall:calendars", held.owner.public_id)
    return _page(request, held.owner, FeedForm(schedules=_offered()), made=made, address=address_of(secret))


@require_POST
def revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    """End an address at once: one's own, or anybody's for who manages people."""
    held = get_feed(request.user, public_id)
    try:
        revoke_feed(held, now=now(), reason="Revoked on the page of calendars")
    except FeedRevoked as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The address {held.secret_hint}… is revoked. It opens nothing any more.")
    return redirect("oncall:calendars", held.owner.public_id)


def address_of(secret: str) -> str:
    """Where calendars read it."""
    return f"{settings.PUBLIC_URL}/calendar/{secret}.ics"


def _offered() -> list[tuple[str, str]]:
    return [(one.public_id, one.name) for one in Schedule.objects.in_force().order_by("name")]


def _page(request: HttpRequest, person: User, form: FeedForm, **shown: Any) -> HttpResponse:
    feeds = list(CalendarFeed.objects.filter(owner=person).select_related("schedule").order_by("-pk")[:50])
    changes = sorted(
        (change for one in feeds for change in changes_of(one, limit=5)), key=lambda one: one.at, reverse=True
    )
    context = {
        "person": person,
        "mine": person.pk == signed_in(request).pk,
        "feeds": [one for one in feeds if one.retired_at is None],
        "form": form,
        "changes": changes[:20],
        **shown,
    }
    return render(request, "oncall/calendars.html", context, status=status_of(form))
