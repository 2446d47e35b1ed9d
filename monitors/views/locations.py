"""Locations: where checks run from, whether each is heard, and from which of them a monitor is checked."""

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
from monitors.access import get_location, get_monitor
from monitors.forms.locations import LocationForm, MonitorLocationsForm, NewLocationForm
from monitors.forms.refusals import refusals_on
from monitors.models import Location
from monitors.places import locations_in_force, monitors_at, places, refusals, standing_of
from monitors.remote.parties import engine_keys
from monitors.services import change_location, create_location, retire_location, set_locations
from monitors.services.locations import ADVISE_AFTER_S


def locations_page(request: HttpRequest) -> HttpResponse:
    """All of them, by name, with when each was last heard."""
    require(request.user, "read")
    instant = now()
    context = {
        "places": places(locations_in_force(), now=instant),
        "refusals": refusals(now=instant),
        "can_manage": can(request.user, "manage_organisation"),
    }
    return render(request, "monitors/locations.html", context)


def location_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Its signs of life, what is checked from it, how its probe is started, and its history."""
    return _page(request, get_location(request.user, public_id))


def new_location(request: HttpRequest) -> HttpResponse:
    """A new place to check from."""
    require(request.user, "manage_organisation")
    form = NewLocationForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            location = create_location(**form.cleaned_data, now=now(), reason="New location")
            return redirect("monitors:location", location.public_id)
    return render(request, "monitors/location_form.html", {"form": form}, status=status_of(form))


def edit_location(request: HttpRequest, public_id: str) -> HttpResponse:
    """Rename it, or enrol another key."""
    location = get_location(request.user, public_id, "manage_organisation")
    initial = {
        "name": location.name,
        "public_key": location.public_key,
        "control_targets": "\n".join(location.control_targets),
        "version": location.version,
    }
    form = LocationForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        reason, version = data.pop("reason"), data.pop("version")
        with refusals_on(form, location):
            change_location(location, data, now=now(), reason=reason, expected_version=version)
            messages.success(request, f"{location} saved.")
            return redirect("monitors:location", public_id)
    context = {"form": form, "location": location}
    return render(request, "monitors/location_form.html", context, status=status_of(form))


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take it out of force; refused while monitors are checked from it."""
    location = get_location(request.user, public_id, "manage_organisation")
    form = RetireForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, location):
            retire_location(location, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{location} is retired.")
            return redirect("monitors:locations")
    return _page(request, location, retire_form=form, status=status_of(form))


def monitor_locations(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say from where a monitor is checked."""
    monitor = get_monitor(request.user, public_id, "edit")
    held = standing_of(monitor, now=now())
    initial = {
        "locations": [one.location.public_id for one in held.said],
        "advise_after_s": held.advise_after_s or ADVISE_AFTER_S,
    }
    choices = [(one.public_id, one.name) for one in locations_in_force()]
    form = MonitorLocationsForm(posted(request), initial=initial, locations=choices)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        chosen = [get_location(request.user, one) for one in data["locations"]]
        with refusals_on(form):
            set_locations(
                monitor, chosen, now=now(), reason=data["reason"],
                advise_after_s=data["advise_after_s"] if len(chosen) > 1 else None,
            )  # fmt: skip
            messages.success(request, f"{monitor} is checked from {', '.join(one.name for one in chosen)}.")
            return redirect("monitors:monitor", public_id)
    context = {"monitor": monitor, "form": form, "standing": held}
    return render(request, "monitors/monitor_locations.html", context, status=status_of(form))


def _page(request: HttpRequest, location: Location, *, status: int = 200, **forms: Any) -> HttpResponse:
    instant = now()
    (place,) = places([location], now=instant)
    context = {
        "location": location,
        "place": place,
        "monitors": monitors_at(location),
        "engine_key": engine_keys().public.text if location.remote else "",
        "ours": location.name == settings.LOCATION,
        "grown": bool(settings.REDIS_URL) and not settings.EMBEDDED,
        "changes": changes_of(location, limit=20),
        "can_manage": location.retired_at is None and can(request.user, "manage_organisation"),
        "retire_form": RetireForm(initial={"version": location.version}),
        **forms,
    }
    return render(request, "monitors/location.html", context, status=status)
