"""Add a monitor: paste an address or choose another type of check, see it checked once, start watching."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, require, signed_in
from accounts.forms.changes import status_of
from accounts.forms.organisation import NetworkForm
from accounts.queries import first_team_of
from accounts.services.organisation import NetworkRefused, allow_network
from ledger.clock import now
from monitors.access import get_service
from monitors.adding import companions, next_runs, start_watching, suggested
from monitors.forms.monitor import AddMonitorForm, UrlForm, initial_of_new, of_the_check
from monitors.forms.parsing import with_scheme
from monitors.forms.refusals import refusals_on, refuse
from monitors.kinds import HTTP, KINDS
from monitors.models import Monitor
from monitors.overview import services_in_force
from monitors.probes.registry import PROBES
from monitors.reach import closed_networks
from monitors.services import check_once
from monitors.services.definition import DEFAULTS, read_check
from monitors.tracewords import seen

# heartbeats report by themselves and have a page of their own
CHECKED = {name: kind for name, kind in KINDS.items() if name in PROBES}


def paste(request: HttpRequest) -> HttpResponse:
    """Only the address; or, with `?kind=`, the form of another type of check."""
    require(request.user, "edit")
    url_form, kind = UrlForm(initial={"url": request.GET.get("url", "")}), CHECKED.get(request.GET.get("kind", ""))
    if kind is None:
        return _page(request, url_form)
    form = AddMonitorForm(kind=kind, initial=initial_of_new(kind), services=_services(request))
    return _page(request, url_form, form=form)


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Run the check once, show all of it, and propose a monitor."""
    require(request.user, "edit")
    url_form = UrlForm(request.POST)
    if not url_form.is_valid():
        return _page(request, url_form, status=status_of(url_form))
    return _checked(request, url_form)


@require_POST
def allow(request: HttpRequest) -> HttpResponse:
    """Allow the private network an address is in, then check it."""
    require(request.user, "manage_organisation")
    url_form, network_form = UrlForm(request.POST), NetworkForm(request.POST, auto_id="network_%s")
    if url_form.is_valid() and network_form.is_valid():
        try:
            allow_network(**network_form.cleaned_data, now=now())
        except NetworkRefused as error:
            network_form.add_error("cidr", str(error))
    if not url_form.is_valid():
        return _page(request, url_form, status=status_of(url_form))
    return _checked(request, url_form, network_form=network_form if network_form.errors else None)


@require_POST
def attempt(request: HttpRequest) -> HttpResponse:
    """Run the check once as the form says, show all of it, and keep the form. Nothing is stored."""
    require(request.user, "edit")
    form = _posted(request, request.POST)
    context: dict[str, Any] = {"form": form}
    if form.is_valid() or not of_the_check(form):
        try:
            target, _ = read_check(form.kind, form.target(), form.secrets())
            data = request.POST.copy()
            for name, value in suggested(target.address).items():
                data[name] = data.get(name) or ("" if name == "new_service" and data.get("service") else value)
            form = context["form"] = _posted(request, data)
            form.is_valid()
            limit = float(form.cleaned_data.get("timeout_s") or DEFAULTS["timeout_s"])
            trace = check_once(form.kind.name, form.target(), secrets=form.secrets(), timeout_s=limit, now=now())
            context |= {"seen": seen(trace), "again": [name for name in form.secrets() if form.secrets()[name]]}
        except ValidationError as error:
            refuse(form, error)
    return _page(request, _url_form(request), status=status_of(form), **context)


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Start watching."""
    require(request.user, "edit")
    form = _posted(request, request.POST)
    if form.is_valid():
        with refusals_on(form):
            return redirect("monitors:monitor", _start(request, form).public_id)
    return _page(request, _url_form(request), form=form, status=status_of(form))


def _posted(request: HttpRequest, data: QueryDict) -> AddMonitorForm:
    """The form of the type it was drawn for, with what was proposed beside its address."""
    kind = CHECKED.get(data.get("kind", HTTP), KINDS[HTTP])
    return AddMonitorForm(data, kind=kind, services=_services(request), beside=_beside(data.get("url", "")))


def _beside(url: str) -> list[tuple[str, str]]:
    return [(one.kind, f"{one.name}: {one.words}") for one in companions(with_scheme(url))]


def _url_form(request: HttpRequest) -> UrlForm:
    return UrlForm(initial={"url": request.POST.get("url", "")})


def _start(request: HttpRequest, form: AddMonitorForm) -> Monitor:
    data = form.cleaned_data
    service = get_service(request.user, data["service"], "edit") if data["service"] else None
    definition = {
        "name": data["name"],
        "kind": form.kind.name,
        "target": form.target(),
        "secrets": form.secrets(),
        "tags": data["tags"],
        **form.numbers(),
    }
    return start_watching(
        service=service,
        new_service=data["new_service"],
        team=first_team_of(signed_in(request)),
        definition=definition,
        beside=[one for one in companions(form.target().get("url", "")) if one.kind in data.get("beside", [])],
        now=now(),
    )


def _checked(request: HttpRequest, url_form: UrlForm, network_form: NetworkForm | None = None) -> HttpResponse:
    instant, url = now(), url_form.cleaned_data["url"]
    kind, beside = KINDS[HTTP], _beside(url)
    initial = {**initial_of_new(kind), "url": url, **suggested(url), "beside": [name for name, _ in beside]}
    context: dict[str, Any] = {
        "form": AddMonitorForm(kind=kind, initial=initial, services=_services(request), beside=beside)
    }
    status = status_of(network_form) if network_form else 200
    try:
        context["seen"] = seen(check_once(HTTP, {"url": url}, now=instant))
    except ValidationError as error:
        refuse(url_form, error)
        status = status_of(url_form)
    closed = closed_networks(url) if "seen" not in context or context["seen"].state == "unknown" else []
    start = {"cidr": closed[0] if closed else "", "reason": ""}
    context["network_form"] = network_form or NetworkForm(initial=start, auto_id="network_%s")
    if "seen" not in context:
        context.pop("form")
    return _page(request, url_form, closed=closed, url=url, status=status, **context)


def _services(request: HttpRequest) -> list[tuple[str, str]]:
    return [(one.public_id, one.name) for one in services_in_force() if can(request.user, "edit", one)]


def _page(request: HttpRequest, url_form: UrlForm, *, status: int = 200, **more: Any) -> HttpResponse:
    instant = now()
    form: AddMonitorForm | None = more.get("form")
    interval_s = initial_of_new(form.kind)["interval_s"] if form else DEFAULTS["interval_s"]
    context = {
        "url_form": url_form,
        "kinds": [kind for kind in CHECKED.values() if kind.name != HTTP],
        "first": not Monitor.objects.in_force().exists(),
        "next_runs": next_runs(instant, interval_s),
        "can_allow": can(request.user, "manage_organisation"),
        "now": instant,
        **more,
    }
    return render(request, "monitors/add.html", context, status=status)
