"""Heartbeats: making and changing one with its next runs shown before it is saved, and giving it a new key."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, require, signed_in
from accounts.forms.changes import posted, status_of
from accounts.queries import first_team_of
from ledger.clock import now
from ledger.tracked import StaleVersion
from monitors.access import get_monitor, get_service
from monitors.adding import start_watching
from monitors.beats import coming_runs, keys_of
from monitors.forms.heartbeat import AddHeartbeatForm, EditHeartbeatForm, HeartbeatForm, RotateForm, initial_of
from monitors.forms.refusals import refusals_on, refuse
from monitors.kinds import HEARTBEAT
from monitors.kinds.heartbeat import DEFAULTS
from monitors.models import Monitor, Rule
from monitors.overview import services_in_force
from monitors.services import change_monitor
from monitors.services.ping_keys import rotate_key
from monitors.views.monitor import page_of

PREVIEW = "preview"
START = {**DEFAULTS, "severity": 2, "urgency": "high"}


def add(request: HttpRequest) -> HttpResponse:
    """A new heartbeat: the form, the form with its next runs, or the heartbeat."""
    require(request.user, "edit")
    form = AddHeartbeatForm(posted(request), initial=START, services=_services(request))
    if request.method == "POST" and form.is_valid() and not _previews(request):
        with refusals_on(form):
            return redirect("monitors:monitor", _make(request, form).public_id)
    return _form_page(request, "monitors/heartbeat_add.html", form)


def edit(request: HttpRequest, monitor: Monitor, rule: Rule) -> HttpResponse:
    """Change any setting. A stale form keeps what was typed and says who changed what."""
    form = EditHeartbeatForm(posted(request), initial=initial_of(monitor, rule), services=_services(request))
    if request.method == "POST" and form.is_valid() and not _previews(request):
        try:
            _change(request, monitor, form)
            messages.success(request, f"Saved as version {monitor.version}. What was is not judged by it.")
            return redirect("monitors:monitor", monitor.public_id)
        except StaleVersion:
            form.stale(monitor, rule)
        except ValidationError as error:
            refuse(form, error)
    return _form_page(request, "monitors/heartbeat_edit.html", form, monitor=monitor)


@require_POST
def new_key(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a new key in the place of the current one."""
    monitor = get_monitor(request.user, public_id, "edit")
    current = keys_of(monitor, now=now(), reveal=False)[0].key
    form = RotateForm(request.POST, auto_id="key_%s")
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, current):
            rotate_key(
                current, now=now(), reason=data["reason"], overlap_s=data["overlap_s"], plain=data["key"],
                expected_version=data["version"],
            )  # fmt: skip
            messages.success(request, "The new key is in force. Change the jobs while the old one still goes on.")
            return redirect("monitors:monitor", public_id)
    return page_of(request, monitor, now(), status=status_of(form), key_form=form)


def _make(request: HttpRequest, form: AddHeartbeatForm) -> Monitor:
    data = form.cleaned_data
    service = get_service(request.user, data["service"], "edit") if data["service"] else None
    definition = {"name": data["name"], "kind": HEARTBEAT, "target": form.target(), **form.numbers()}
    definition["tags"] = data["tags"]
    team = first_team_of(signed_in(request))
    return start_watching(service=service, new_service=data["new_service"], team=team, definition=definition, now=now())


def _change(request: HttpRequest, monitor: Monitor, form: EditHeartbeatForm) -> None:
    data = form.cleaned_data
    changes = {"name": data["name"], "tags": data["tags"], "target": form.target(), **form.numbers()}
    changes["service"] = get_service(request.user, data["service"], "edit")
    change_monitor(
        monitor, changes, now=now(), reason=data["reason"],
        expected_version=data["version"], expected_rule_version=data["rule_version"],
    )  # fmt: skip


def _previews(request: HttpRequest) -> bool:
    return request.POST.get("do") == PREVIEW


def _form_page(request: HttpRequest, template: str, form: HeartbeatForm, **more: Any) -> HttpResponse:
    instant = now()
    coming = coming_runs(form.target(), instant) if form.is_bound and not form.errors else []
    context = {"form": form, "coming": coming, "zone": form.data.get("zone", ""), "now": instant, **more}
    return render(request, template, context, status=status_of(form))


def _services(request: HttpRequest) -> list[tuple[str, str]]:
    return [(one.public_id, one.name) for one in services_in_force() if can(request.user, "edit", one)]
