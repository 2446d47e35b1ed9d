"""The only door to post-mortems and action items for screens and API.

Every member reads them. Who may `respond` writes, submits, sends back, corrects and works on action items;
who may `edit` (managers, admins) approves and drops. Approval asks for no team: somebody from another
one is as good a second pair of eyes.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from accounts.access import can, require
from postmortems.models import ActionItem, PostMortem, Publication, SectionVersion

WRITE, APPROVE = "respond", "edit"


def visible_postmortems(user: Any) -> QuerySet[PostMortem]:
    """Every post-mortem with its incident and people. Raises PermissionDenied."""
    require(user, "read")
    return PostMortem.objects.select_related("incident__service", "author", "approved_by", "submitted_by")


def get_postmortem(user: Any, number: str, need: str = "read") -> PostMortem:
    """The post-mortem of a number, for somebody who may do `need` (a verb). Raises Http404, PermissionDenied."""
    _signed_in(user)
    found = visible_postmortems(user).filter(public_id=number.upper()).first()
    if found is None:
        raise Http404
    require(user, need)
    return found


def get_version(user: Any, postmortem: PostMortem, public_id: str) -> SectionVersion:
    """One saved text of a section. Raises Http404, PermissionDenied."""
    require(user, "read")
    found = postmortem.versions.select_related("author", "entry").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def get_publication(user: Any, postmortem: PostMortem, revision: int) -> Publication:
    """One revision as it was published. Raises Http404, PermissionDenied."""
    require(user, "read")
    found = postmortem.publications.select_related("approved_by", "entry").filter(revision=revision).first()
    if found is None:
        raise Http404
    return found


def visible_actions(user: Any) -> QuerySet[ActionItem]:
    """Every action item with its people. Raises PermissionDenied."""
    require(user, "read")
    return ActionItem.objects.select_related("postmortem__incident", "owner", "done_by", "verified_by")


def get_action(user: Any, number: str, need: str = "read") -> ActionItem:
    """The action item of a number, for somebody who may do `need` (a verb). Raises Http404, PermissionDenied."""
    _signed_in(user)
    found = visible_actions(user).filter(public_id=number.upper()).first()
    if found is None:
        raise Http404
    require(user, need)
    return found


def may_write(user: Any) -> bool:
    """Whether the person may write post-mortems and work on action items."""
    return can(user, WRITE)


def may_approve(user: Any) -> bool:
    """Whether the person may publish a post-mortem and drop an action item."""
    return can(user, APPROVE)


def _signed_in(user: Any) -> None:
    if not getattr(user, "is_authenticated", False):
        raise Http404
