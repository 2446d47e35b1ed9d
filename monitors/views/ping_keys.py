"""Keys of projects: one key for the jobs of a team, which name themselves by a slug."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, require
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from ledger.clock import now
from monitors.access import get_ping_key, get_service, require_ping_key
from monitors.beats import key_row, project_keys
from monitors.forms.heartbeat import ProjectKeyForm, RotateForm
from monitors.forms.refusals import refusals_on
from monitors.models import PingKey
from monitors.overview import services_in_force
from monitors.services.ping_keys import OVERLAP_S, create_project_key, retire_key, rotate_key


def project_keys_page(request: HttpRequest) -> HttpResponse:
    """The keys, and the form of a new one."""
    require(request.user, "read")
    services = [(one.public_id, one.name) for one in services_in_force() if can(request.user, "edit", one)]
    form = ProjectKeyForm(posted(request), services=services)
    if request.method == "POST":
        require(request.user, "edit")
        if form.is_valid():
            data = form.cleaned_data
            with refusals_on(form):
                service = get_service(request.user, data["service"], "edit")
                create_project_key(service, name=data["name"], plain=data["key"], now=now(), reason="New project key")
                return redirect("monitors:ping_keys")
    return _page(request, form)


@require_POST
def rotate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a new key in the place of one."""
    key = get_ping_key(request.user, public_id)
    require_ping_key(request.user, key, "edit")
    form = RotateForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        return _done(
            request,
            key,
            lambda: rotate_key(
                key, now=now(), reason=data["reason"], overlap_s=data["overlap_s"], plain=data["key"],
                expected_version=data["version"],
            ),
            "The new key is in force. Change the jobs while the old one still goes on.",
        )  # fmt: skip
    return _refused(request, key, form)


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """End a key at once."""
    key = get_ping_key(request.user, public_id)
    require_ping_key(request.user, key, "edit")
    form = RetireForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        return _done(
            request,
            key,
            lambda: retire_key(key, now=now(), reason=data["reason"], expected_version=data["version"]),
            "The key opens nothing any more.",
        )
    return _refused(request, key, form)


def _done(request: HttpRequest, key: PingKey, act: Callable[[], object], words: str) -> HttpResponse:
    try:
        act()
        messages.success(request, words)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _back(key)


def _refused(request: HttpRequest, key: PingKey, form: RetireForm | RotateForm) -> HttpResponse:
    response = _page(request, None, said=" ".join(f"{word}" for errors in form.errors.values() for word in errors))
    response.status_code = 422
    return response


def _back(key: PingKey) -> HttpResponse:
    if key.monitor is not None:
        return redirect("monitors:monitor", key.monitor.public_id)
    return redirect("monitors:ping_keys")


def _page(request: HttpRequest, form: ProjectKeyForm | None, *, said: str = "") -> HttpResponse:
    instant = now()
    held = [(key_row(key, reveal=can(request.user, "edit", key.service)), key) for key in project_keys(now=instant)]
    rows = [
        {
            "row": row,
            "can_edit": can(request.user, "edit", key.service),
            "rotate": RotateForm(
                initial={"version": key.version, "overlap_s": OVERLAP_S}, auto_id=f"rotate_{key.public_id}_%s"
            ),
            "retire": RetireForm(initial={"version": key.version}, auto_id=f"retire_{key.public_id}_%s"),
        }
        for row, key in held
    ]
    services = [(one.public_id, one.name) for one in services_in_force() if can(request.user, "edit", one)]
    context = {
        "rows": rows,
        "form": form or ProjectKeyForm(services=services),
        "said": said,
        "can_add": can(request.user, "edit") and bool(services),
        "now": instant,
    }
    return render(request, "monitors/ping_keys.html", context, status=status_of(form) if form else 200)
