"""Changing a monitor: edit, pause, resume, retire. Each with a reason and the version it was decided on."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from ledger.clock import now
from ledger.tracked import StaleVersion
from monitors.access import get_monitor, get_service
from monitors.forms.monitor import EditMonitorForm, initial_of
from monitors.forms.refusals import refusals_on, refuse
from monitors.kinds import HEARTBEAT, KINDS
from monitors.models import Monitor
from monitors.overview import services_in_force
from monitors.services import change_monitor, down_rule, pause_monitor, resume_monitor, retire_monitor
from monitors.views import heartbeat
from monitors.views.monitor import page_of


def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change any setting. A stale form keeps what was typed and says who changed what."""
    monitor = get_monitor(request.user, public_id, "edit")
    rule = down_rule(monitor)
    if monitor.kind == HEARTBEAT:
        return heartbeat.edit(request, monitor, rule)
    services = [(one.public_id, one.name) for one in services_in_force() if can(request.user, "edit", one)]
    form = EditMonitorForm(
        posted(request), kind=KINDS[monitor.kind], monitor=monitor, initial=initial_of(monitor, rule), services=services
    )
    if request.method == "POST" and form.is_valid():
        try:
            _change(request, monitor, form)
            messages.success(request, f"Saved as version {monitor.version}. The next check runs under it.")
            return redirect("monitors:monitor", public_id)
        except StaleVersion:
            form.stale(monitor, rule)
        except ValidationError as error:
            refuse(form, error)
    return render(request, "monitors/edit.html", {"monitor": monitor, "form": form}, status=status_of(form))


@require_POST
def pause(request: HttpRequest, public_id: str) -> HttpResponse:
    """Stop checking it for now."""
    return _turn(request, public_id, pause_monitor, "is paused. The time counts as paused, not as up.", "pause_form")


@require_POST
def resume(request: HttpRequest, public_id: str) -> HttpResponse:
    """Check it again from now on."""
    return _turn(request, public_id, resume_monitor, "is checked again.", "pause_form")


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take it out of force for good."""
    return _turn(request, public_id, retire_monitor, "is retired. Its history stays.", "retire_form")


def _turn(request: HttpRequest, public_id: str, turn: Callable[..., object], words: str, name: str) -> HttpResponse:
    monitor = get_monitor(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id=f"{name.removesuffix('_form')}_%s")
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, monitor):
            turn(monitor, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{monitor} {words}")
            return redirect("monitors:monitor", public_id)
    return page_of(request, monitor, now(), status=status_of(form), **{name: form})


def _change(request: HttpRequest, monitor: Monitor, form: EditMonitorForm) -> None:
    data = form.cleaned_data
    changes = {"name": data["name"], "target": form.target(), "secrets": form.secrets(), **form.numbers()}
    changes["tags"] = data["tags"]
    changes["service"] = get_service(request.user, data["service"], "edit")
    change_monitor(
        monitor, changes, now=now(), reason=data["reason"],
        expected_version=data["version"], expected_rule_version=data["rule_version"],
    )  # fmt: skip
