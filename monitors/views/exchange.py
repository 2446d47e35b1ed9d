"""Monitors as a file: write one, read one back, and see what it would change before it does."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import require, signed_in
from accounts.forms.changes import posted, status_of
from ledger.clock import now
from monitors.exchange import write
from monitors.forms.exchange import DocumentForm
from monitors.queries import monitors_in_force
from monitors.services.exchange import SAME, entries_of, plan, take_in


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Every monitor in force, without secrets."""
    require(request.user, "read")
    answer = HttpResponse(write(entries_of(list(monitors_in_force()))), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="monitors.yaml"'
    return answer


@require_http_methods(["GET", "POST"])
def take(request: HttpRequest) -> HttpResponse:
    """First the form; then what would change; then what came of each."""
    require(request.user, "edit")
    form = DocumentForm(posted(request))
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        person = signed_in(request)
        if "confirmed" in request.POST:
            steps = take_in(form.entries, by=person, now=now(), reason=form.cleaned_data["reason"])
            context |= {"steps": steps, "done": True}
        else:
            context |= {"steps": plan(form.entries, by=person), "done": False}
        context |= {
            "same": sum(not one.refused and one.what == SAME for one in context["steps"]),
            "refused": sum(bool(one.refused) for one in context["steps"]),
        }
    return render(request, "monitors/import.html", context, status=status_of(form))
