"""Making, changing and retiring components of status pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitors.models import Service
from statuspage.models import Component, StatusPage
from statuspage.services.refusals import NUL, once, one_line, refusal

NAME_MAX, HEADING_MAX, POSITION_MAX = 120, 80, 100_000
FIELDS = frozenset({"service", "name", "heading", "position", "is_hidden"})


def create_component(
    page: StatusPage, *, service: Service, name: str, now: datetime, reason: str = "", **fields: Any
) -> Component:
    """Show a service on a page under a public name. fields: heading, position, is_hidden. Raises ValidationError.

    Without a position it comes last.
    """
    if fields.get("position") is None:
        newest = Component.objects.in_force().filter(page=page).order_by("-position").first()
        fields["position"] = min(newest.position + 1, POSITION_MAX) if newest else 1
    component = Component(page=page)
    return _save(component, {"service": service, "name": name, **fields}, now=now, reason=reason)


def change_component(
    component: Component,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    reason: str = "",
    expected_version: int | None = None,
) -> Component:
    """Change some fields of a component. Raises ValidationError, StaleVersion."""
    return _save(component, changes, now=now, reason=reason, expected_version=expected_version)


def retire_component(component: Component, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take a component off its page; updates that named it keep its id."""
    component.retire(now=now, reason=reason, expected_version=expected_version)


def _save(
    component: Component, changes: Mapping[str, Any], *, now: datetime, reason: str, expected_version: int | None = None
) -> Component:
    unknown = set(changes) - FIELDS
    if unknown:
        raise TypeError(f"A component has no {', '.join(sorted(unknown))} to change")
    for name, value in changes.items():
        setattr(component, name, value)
    _check(component)
    with once("name", _taken(component)):
        component.save(now=now, reason=reason, expected_version=expected_version)
    return component


def _check(component: Component) -> None:
    component.name = one_line("name", component.name, NAME_MAX, "A public name")
    component.heading = " ".join(component.heading.replace(NUL, "").split())
    if len(component.heading) > HEADING_MAX:
        raise refusal("heading", f"A heading has at most {HEADING_MAX} characters.")
    if not 0 <= component.position <= POSITION_MAX:
        raise refusal("position", f"A position is between 0 and {POSITION_MAX}.")
    if component.page.retired_at:
        raise refusal("page", f"{component.page} is no longer in force.", "conflict")
    if component.service.retired_at:
        raise refusal("service", f"{component.service} is no longer in force. Choose another service.")
    twins = Component.objects.in_force().filter(page=component.page, name=component.name).exclude(pk=component.pk)
    if twins.exists():
        raise refusal("name", _taken(component), "taken")


def _taken(component: Component) -> str:
    return f"{component.page} already shows something called {component.name}."
