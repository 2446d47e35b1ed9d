"""Badges as members see them: the list with their addresses, making one, changing it, another key, taking it away."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, require
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.history import changes_of
from ledger.clock import now
from monitors.access import get_badge, get_monitor, get_service
from monitors.badges import badges_in_force, shown_by
from monitors.forms.badges import BadgeForm, NewBadgeForm
from monitors.forms.refusals import refusals_on
from monitors.models import Badge, Monitor, Service
from monitors.queries import monitors_in_force, services_in_force
from monitors.services import change_badge, create_badge, retire_badge, rotate_badge_key


def badges_page(request: HttpRequest) -> HttpResponse:
    """Every badge with the picture it shows now."""
    require(request.user, "read")
    instant = now()
    held = [(badge, shown_by(badge, now=instant)) for badge in badges_in_force() if badge.subject.retired_at is None]
    return render(request, "monitors/badges.html", {"badges": held, "can_add": can(request.user, "edit")})


def badge_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Its picture, its addresses for who may edit, its history."""
    return _page(request, get_badge(request.user, public_id))


def new_badge(request: HttpRequest) -> HttpResponse:
    """Make a badge of a service or a monitor."""
    require(request.user, "edit")
    subjects = [(one.public_id, f"Service {one.name}") for one in services_in_force() if can(request.user, "edit", one)]
    subjects += [
        (one.public_id, f"{one.service.name}: {one.name}")
        for one in monitors_in_force()
        if can(request.user, "edit", one)
    ]
    form = NewBadgeForm(posted(request), subjects=subjects, initial={"subject": request.GET.get("of", "")})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with refusals_on(form):
            subject = _subject(request, data["subject"])
            badge = create_badge(subject, label=data["label"], shows=data["shows"], now=now(), reason="New badge")
            return redirect("monitors:badge", badge.public_id)
    return render(request, "monitors/badge_form.html", {"form": form}, status=status_of(form))


def edit_badge(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change what it says."""
    badge = get_badge(request.user, public_id, "edit")
    initial = {"label": badge.label, "shows": badge.shows, "version": badge.version}
    form = BadgeForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        changes = {"label": data["label"], "shows": data["shows"]}
        with refusals_on(form, badge):
            change_badge(badge, changes, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{badge} saved.")
            return redirect("monitors:badge", public_id)
    return render(request, "monitors/badge_form.html", {"form": form, "badge": badge}, status=status_of(form))


@require_POST
def rotate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give it another key."""
    badge = get_badge(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id="rotate_%s")
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, badge):
            rotate_badge_key(badge, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, "It has another key. Put the new address wherever the old one stood.")
            return redirect("monitors:badge", public_id)
    return _page(request, badge, rotate_form=form, status=status_of(form))


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take it away."""
    badge = get_badge(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id="retire_%s")
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, badge):
            retire_badge(badge, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{badge} is gone. Its address opens nothing any more.")
            return redirect("monitors:badges")
    return _page(request, badge, retire_form=form, status=status_of(form))


def address_of(badge: Badge, ending: str) -> str:
    """Where strangers open it: `svg` or `json`."""
    return f"{settings.PUBLIC_URL}/badge/{badge.key}.{ending}"


def _subject(request: HttpRequest, public_id: str) -> Monitor | Service:
    if public_id.startswith("mon"):
        return get_monitor(request.user, public_id, "edit")
    return get_service(request.user, public_id, "edit")


def _page(request: HttpRequest, badge: Badge, *, status: int = 200, **forms: Any) -> HttpResponse:
    editable = badge.retired_at is None and can(request.user, "edit", badge)
    alive = badge.retired_at is None and badge.subject.retired_at is None
    context = {
        "badge": badge,
        "shown": shown_by(badge, now=now()) if alive else None,
        "picture": address_of(badge, "svg") if editable else "",
        "json": address_of(badge, "json") if editable else "",
        "changes": changes_of(badge, limit=20),
        "can_edit": editable,
        "rotate_form": RetireForm(initial={"version": badge.version}, auto_id="rotate_%s"),
        "retire_form": RetireForm(initial={"version": badge.version}, auto_id="retire_%s"),
        **forms,
    }
    return render(request, "monitors/badge.html", context, status=status)
