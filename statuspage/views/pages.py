"""Status pages as members see them: the list, one page with its components, editing, the preview."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import can, get_team, require, signed_in
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.history import changes_of, naming
from accounts.models import Organisation, Team
from accounts.queries import teams
from ledger import texts
from ledger.clock import now
from ledger.tracked import StaleVersion
from statuspage.access import get_page, may_edit
from statuspage.as_json import url_of
from statuspage.forms.pages import Choices, NewPageForm, PageForm, refuse
from statuspage.models import StatusPage
from statuspage.public import gather
from statuspage.queries import components_of, pages_in_force, with_intros
from statuspage.services import change_page, create_page, retire_page
from statuspage.views.public import drawn


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every page, and whether customers see it."""
    require(request.user, "read")
    context = {"pages": pages_in_force(), "can_add": can(request.user, "edit")}
    return render(request, "statuspage/pages.html", context)


@require_GET
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    """A page's settings, its components and its history."""
    return _page(request, get_page(request.user, public_id))


@require_GET
def preview(request: HttpRequest, public_id: str) -> HttpResponse:
    """The page as customers see it, published or not."""
    return HttpResponse(drawn(gather(get_page(request.user, public_id), now=now()), preview=True))


def new(request: HttpRequest) -> HttpResponse:
    """Make a page."""
    require(request.user, "edit")
    initial = {"timezone": Organisation.current().timezone}
    form = NewPageForm(posted(request), initial=initial, teams=_teams(request))
    if request.method == "POST" and form.is_valid():
        try:
            page = create_page(**_fields(request, form), now=now(), reason="New status page")
            messages.success(request, f"{page} is made. Add the components that customers know.")
            return redirect("statuspage:page", page.public_id)
        except ValidationError as error:
            refuse(form, error)
    return render(request, "statuspage/page_form.html", {"form": form}, status=status_of(form))


def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change a page; publish it or take it back."""
    page = get_page(request.user, public_id, "edit")
    form = PageForm(posted(request), initial=_initial(page), teams=_teams(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            fields = _fields(request, form)
            change_page(page, fields, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{page} saved.")
            return redirect("statuspage:page", public_id)
        except StaleVersion:
            form.conflict(page)
        except ValidationError as error:
            refuse(form, error)
    context = {"form": form, "title": _initial(page)["name"], "page": page}
    return render(request, "statuspage/page_form.html", context, status=status_of(form))


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a page out of force."""
    page = get_page(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id="retire_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            retire_page(page, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{page} is retired. Its address answers nobody any more.")
            return redirect("statuspage:pages")
        except StaleVersion:
            form.conflict(page)
    return _page(request, page, retire_form=form, status=status_of(form))


def _page(request: HttpRequest, page: StatusPage, *, status: int = 200, **forms: Any) -> HttpResponse:
    with_intros([page])
    labels = {"team": naming(Team), "intro_sha256": texts.read}
    context = {
        "page": page,
        "url": url_of(page),
        "components": components_of([page]),
        "changes": changes_of(page, limit=20, labels=labels),
        "can_edit": may_edit(request.user, page),
        "retire_form": RetireForm(initial={"version": page.version}, auto_id="retire_%s"),
        "now": now(),
        **forms,
    }
    return render(request, "statuspage/page.html", context, status=status)


def _teams(request: HttpRequest) -> Choices:
    """Teams the person may give a page to."""
    anything = can(request.user, "edit_any")
    own = set() if anything else signed_in(request).team_ids()
    return [(team.public_id, team.name) for team in teams() if anything or team.pk in own]


def _fields(request: HttpRequest, form: PageForm) -> dict[str, Any]:
    data = form.cleaned_data
    plain = {name: data[name] for name in ("name", "slug", "timezone", "intro", "is_published")}
    return {**plain, "team": get_team(request.user, data["team"]) if data["team"] else None}


def _initial(page: StatusPage) -> dict[str, Any]:
    with_intros([page])
    plain = {name: getattr(page, name) for name in ("name", "slug", "timezone", "intro", "is_published", "version")}
    return {**plain, "team": page.team.public_id if page.team else ""}
