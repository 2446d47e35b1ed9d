"""What a monitor depends on: one page to say it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.forms.changes import posted, status_of
from ledger.clock import now
from monitors.access import get_monitor
from monitors.forms.dependencies import DependencyForm
from monitors.forms.refusals import refusals_on
from monitors.queries import monitors_in_force
from monitors.services.dependencies import set_parent


def depends_on(request: HttpRequest, public_id: str) -> HttpResponse:
    """Name the monitor that this one depends on, or none."""
    monitor = get_monitor(request.user, public_id, "edit")
    others = [(one.public_id, f"{one.service.name}: {one.name}") for one in monitors_in_force() if one.pk != monitor.pk]
    held = monitor.depends_on.public_id if monitor.depends_on else ""
    form = DependencyForm(posted(request), monitors=others, initial={"depends_on": held, "version": monitor.version})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        parent = get_monitor(request.user, data["depends_on"]) if data["depends_on"] else None
        with refusals_on(form, monitor):
            set_parent(monitor, parent, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{monitor} depends on {parent or 'nothing'}.")
            return redirect("monitors:monitor", public_id)
    return render(request, "monitors/depends_on.html", {"monitor": monitor, "form": form}, status=status_of(form))
