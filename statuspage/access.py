"""The only door to status pages, components and updates for members' screens and API.

Every member reads them, unpublished ones too; managers edit pages of their teams, responders publish updates. What
does not exist is 404, what may be seen but not done is 403. Customers come in through `statuspage.queries.published`.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404

from accounts.access import can, require
from statuspage.models import Component, StatusPage, StatusUpdate


def get_page(user: Any, public_id: str, need: str = "read") -> StatusPage:
    """A page with its team; one in force for who wants to change it. Raises Http404, PermissionDenied."""
    _signed_in(user)
    found = StatusPage.objects.select_related("team").filter(public_id=public_id)
    page = (found if need == "read" else found.filter(retired_at__isnull=True)).first()
    if page is None:
        raise Http404
    require(user, need, page if need == "edit" else None)
    return page


def get_component(user: Any, public_id: str, need: str = "read") -> Component:
    """A component with its page and service: it belongs to the team of its page. Raises Http404, PermissionDenied."""
    _signed_in(user)
    found = Component.objects.select_related("page__team", "service").filter(public_id=public_id)
    component = (found if need == "read" else found.filter(retired_at=None, page__retired_at=None)).first()
    if component is None:
        raise Http404
    require(user, need, component.page if need == "edit" else None)
    return component


def get_update(user: Any, public_id: str, need: str = "read") -> StatusUpdate:
    """A public update with its page and incident. Raises Http404, PermissionDenied."""
    _signed_in(user)
    found = StatusUpdate.objects.select_related("page", "incident", "person", "supersedes", "superseded_by")
    update = found.filter(public_id=public_id).first()
    if update is None:
        raise Http404
    require(user, need)
    return update


def may_edit(user: Any, page: StatusPage) -> bool:
    """Whether the person may change a page and its components."""
    return page.retired_at is None and can(user, "edit", page)


def _signed_in(user: Any) -> None:
    if not getattr(user, "is_authenticated", False):
        raise Http404
