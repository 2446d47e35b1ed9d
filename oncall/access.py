"""The only door to policies and the catch-all for screens and API.

Every member reads them; a policy is edited by managers of its team, the catch-all by admins. What does not
exist is 404, what may be seen but not done is 403.
"""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404

from accounts.access import require
from oncall.models import CatchAll, Page, Policy, Run, StepExecution


def get_policy(user: Any, public_id: str, need: str = "read") -> Policy:
    """A policy; retired ones can be read, not edited. Raises Http404, PermissionDenied."""
    _signed_in(user)
    found = Policy.objects.all() if need == "read" else Policy.objects.in_force()
    policy = found.select_related("team").filter(public_id=public_id).first()
    if policy is None:
        raise Http404
    require(user, need, policy)
    return policy


def get_catch_all(user: Any, need: str = "read") -> CatchAll:
    """The catch-all, for who may do `need`; editing it is an admin's. Raises Http404, PermissionDenied."""
    _signed_in(user)
    require(user, "edit_any" if need == "edit" else need)
    return CatchAll.current()


def all_runs(user: Any) -> QuerySet[Run]:
    """Every escalation: all members read them. Raises PermissionDenied."""
    require(user, "read")
    return Run.objects.select_related("policy")


def get_run(user: Any, public_id: str) -> Run:
    """An escalation with the steps it took. Raises Http404, PermissionDenied."""
    _signed_in(user)
    run = (
        all_runs(user)
        .prefetch_related(Prefetch("executions", StepExecution.objects.order_by("pk")))
        .filter(public_id=public_id)
        .first()
    )
    if run is None:
        raise Http404
    return run


def all_pages(user: Any) -> QuerySet[Page]:
    """Every page, with the masks of addresses only: all members read them. Raises PermissionDenied."""
    require(user, "read")
    return Page.objects.select_related("run", "person", "contact")


def get_page(user: Any, public_id: str) -> Page:
    """A page. Raises Http404, PermissionDenied."""
    _signed_in(user)
    page = all_pages(user).filter(public_id=public_id).first()
    if page is None:
        raise Http404
    return page


def _signed_in(user: Any) -> None:
    if not getattr(user, "is_authenticated", False):
        raise Http404
