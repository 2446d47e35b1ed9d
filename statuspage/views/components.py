"""Components of a status page: which service is shown under which name."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.history import changes_of, naming
from ledger.clock import now
from ledger.tracked import StaleVersion
from monitors.access import get_service
from monitors.models import Service
from monitors.queries import services_in_force
from statuspage.access import get_component, get_page, may_edit
from statuspage.forms.pages import Choices, ComponentForm, NewComponentForm, refuse
from statuspage.models import Component, StatusPage
from statuspage.services import change_component, create_component, retire_component


def new(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one more service on a page."""
    page = get_page(request.user, public_id, "edit")
    form = NewComponentForm(posted(request), services=_services())
    if request.method == "POST" and form.is_valid():
        try:
            component = create_component(page, **_fields(request, form), now=now(), reason="New component")
            messages.success(request, f"{component} stands on {page}.")
            return redirect("statuspage:page", public_id)
        except ValidationError as error:
            refuse(form, error)
    return render(request, "statuspage/component_new.html", {"form": form, "page": page}, status=status_of(form))


def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """A component with its history; its editors get the form."""
    component = get_component(request.user, public_id, "edit" if request.method == "POST" else "read")
    form = ComponentForm(posted(request), initial=_initial(component), services=_services())
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            fields = _fields(request, form)
            change_component(component, fields, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{component} saved.")
            return redirect("statuspage:page", component.page.public_id)
        except StaleVersion:
            form.conflict(component)
        except ValidationError as error:
            refuse(form, error)
    return _page(request, component, form=form, status=status_of(form))


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a component off its page."""
    component = get_component(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id="retire_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            retire_component(component, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{component} is off {component.page}.")
            return redirect("statuspage:page", component.page.public_id)
        except StaleVersion:
            form.conflict(component)
    return _page(request, component, retire_form=form, status=status_of(form))


def _page(request: HttpRequest, component: Component, *, status: int = 200, **forms: Any) -> HttpResponse:
    labels = {"service": naming(Service), "page": naming(StatusPage)}
    context = {
        "component": component,
        "name": _recorded_name(component),
        "changes": changes_of(component, limit=20, labels=labels),
        "can_edit": component.retired_at is None and may_edit(request.user, component.page),
        "form": ComponentForm(initial=_initial(component), services=_services()),
        "retire_form": RetireForm(initial={"version": component.version}, auto_id="retire_%s"),
        "now": now(),
        **forms,
    }
    return render(request, "statuspage/component.html", context, status=status)


def _recorded_name(component: Component) -> str:
    """Its name as saved: a refused change has set the new one on the object."""
    held = Component.objects.filter(pk=component.pk).values_list("name", flat=True).first()
    return held or component.name


def _services() -> Choices:
    return [(service.public_id, service.name) for service in services_in_force()]


def _fields(request: HttpRequest, form: ComponentForm) -> dict[str, Any]:
    data = form.cleaned_data
    plain = {name: data[name] for name in ("name", "heading", "position", "is_hidden")}
    return {**plain, "service": get_service(request.user, data["service"])}


def _initial(component: Component) -> dict[str, Any]:
    names = ("name", "heading", "position", "is_hidden", "version")
    return {**{name: getattr(component, name) for name in names}, "service": component.service.public_id}
