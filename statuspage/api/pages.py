"""Status pages and their components."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_team, require
from accounts.api.fields import Body, Change, Id, Instant, Text, Whole, YesNo
from accounts.api.filters import Filters, FlagFilter, IdFilter, TextFilter
from accounts.api.people import TeamRef
from accounts.api.views import ApiView, operation, reference
from accounts.models import User
from monitors.access import get_service
from monitors.api.inventory import Ref
from statuspage.access import get_component, get_page
from statuspage.as_json import url_of
from statuspage.models import Component, StatusPage
from statuspage.queries import with_intros
from statuspage.services import (
    change_component,
    change_page,
    create_component,
    create_page,
    retire_component,
    retire_page,
)
from statuspage.services.components import HEADING_MAX, NAME_MAX, POSITION_MAX
from statuspage.services.pages import INTRO_MAX, SLUG_MAX


class StatusPageOut(serializers.Serializer):
    """What customers read at `url`, if it is published."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    slug = serializers.CharField()
    url = serializers.SerializerMethodField()
    timezone = serializers.CharField()
    team = TeamRef(allow_null=True)
    published = serializers.BooleanField(source="is_published")
    intro = serializers.CharField()
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True)

    def get_url(self, page: StatusPage) -> str:
        """Where customers read it."""
        return url_of(page)


class StatusPageFields(Body):
    """What can be said of a page; only what is sent is set."""

    timezone = Text(max_length=64, required=False)
    team = Id("tea", required=False, allow_null=True)
    published = YesNo(required=False, help_text="Without it only members see the page.")
    intro = Text(max_length=INTRO_MAX, required=False, allow_blank=True)


class StatusPageIn(StatusPageFields):
    """A new page."""

    name = Text(max_length=NAME_MAX)
    slug = Text(max_length=SLUG_MAX, help_text="Small letters, digits and hyphens: `acme` is read at /status/acme/.")


class StatusPageChange(StatusPageFields, Change):
    """What changes of a page."""

    name = Text(max_length=NAME_MAX, required=False)
    slug = Text(max_length=SLUG_MAX, required=False)


class ComponentOut(serializers.Serializer):
    """A service as a page names it."""

    id = serializers.CharField(source="public_id")
    page = Ref()
    service = Ref()
    name = serializers.CharField()
    heading = serializers.CharField()
    position = serializers.IntegerField()
    hidden = serializers.BooleanField(source="is_hidden")
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True)


class ComponentFields(Body):
    """What can be said of a component; only what is sent is set."""

    heading = Text(max_length=HEADING_MAX, required=False, allow_blank=True)
    position = Whole(min_value=0, max_value=POSITION_MAX, required=False, help_text="The lowest comes first.")
    hidden = YesNo(required=False)


class ComponentIn(ComponentFields):
    """A new component; without a position it comes last."""

    page = Id("stp")
    service = Id("svc")
    name = Text(max_length=NAME_MAX, help_text="In customers' words.")


class ComponentChange(ComponentFields, Change):
    """What changes of a component. It stays on its page."""

    service = Id("svc", required=False)
    name = Text(max_length=NAME_MAX, required=False)


class StatusPageFilters(Filters):
    """Filters of pages."""

    team = IdFilter("team", label="Public id of a team.")
    published = FlagFilter(field_name="is_published", label="Whether customers see it.")
    slug = TextFilter(label="Its address, as a whole.")


class ComponentFilters(Filters):
    """Filters of components."""

    page = IdFilter("page", label="Public id of a status page.")
    service = IdFilter("service", label="Public id of a service.")
    hidden = FlagFilter(field_name="is_hidden")


class StatusPages(ApiView):
    """Status pages in force."""

    filterset_class = StatusPageFilters

    @operation("List status pages", verb="read", gives=StatusPageOut, many=True)
    def get(self, request: Request) -> QuerySet[StatusPage]:
        """Oldest first, unpublished ones included."""
        return StatusPage.objects.in_force().select_related("team")

    @operation("Create a status page", verb="edit", takes=StatusPageIn, gives=StatusPageOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> StatusPage:
        """Managers create for teams of their own."""
        given = named(self.person, body)
        require(self.person, "edit", StatusPage(team=given.get("team")))
        return told(create_page(**given, now=self.now, reason="Created through the API"))

    def prepare(self, rows: list[Any]) -> None:
        """The introductions, in one query."""
        with_intros(rows)


class OneStatusPage(ApiView):
    """One status page."""

    @operation("Read a status page", verb="read", gives=StatusPageOut)
    def get(self, request: Request, public_id: str) -> StatusPage:
        """Retired ones can be read too."""
        return told(get_page(self.person, public_id))

    @operation("Change a status page", verb="edit", takes=StatusPageChange, gives=StatusPageOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> StatusPage:
        """What is not sent stays. `published` puts it before customers, or takes it back."""
        page, (changes, why) = get_page(self.person, public_id, "edit"), changed(self.person, body)
        require(self.person, "edit", StatusPage(team=changes.get("team", page.team)))
        return told(change_page(page, changes, now=self.now, **why))


class StatusPageRetirement(ApiView):
    """Taking a page out of force."""

    @operation("Retire a status page", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """Its address answers nobody any more; what was told on it stays."""
        page = get_page(self.person, public_id, "edit")
        retire_page(page, now=self.now, **changed(self.person, body)[1])


class Components(ApiView):
    """Components in force."""

    filterset_class = ComponentFilters

    @operation("List components", verb="read", gives=ComponentOut, many=True)
    def get(self, request: Request) -> QuerySet[Component]:
        """Oldest first; `position` is the order in which customers read them."""
        return Component.objects.in_force().select_related("page", "service")

    @operation("Create a component", verb="edit", takes=ComponentIn, gives=ComponentOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Component:
        """On a page that one may edit."""
        given = named(self.person, body)
        page = given.pop("page")
        require(self.person, "edit", page)
        return create_component(page, **given, now=self.now, reason="Created through the API")


class OneComponent(ApiView):
    """One component."""

    @operation("Read a component", verb="read", gives=ComponentOut)
    def get(self, request: Request, public_id: str) -> Component:
        """Retired ones can be read too."""
        return get_component(self.person, public_id)

    @operation("Change a component", verb="edit", takes=ComponentChange, gives=ComponentOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> Component:
        """What is not sent stays."""
        component, (changes, why) = get_component(self.person, public_id, "edit"), changed(self.person, body)
        return change_component(component, changes, now=self.now, **why)


class ComponentRetirement(ApiView):
    """Taking a component off its page."""

    @operation("Retire a component", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """Customers no longer see it or its past."""
        component = get_component(self.person, public_id, "edit")
        retire_component(component, now=self.now, **changed(self.person, body)[1])


def named(person: User, body: dict[str, Any]) -> dict[str, Any]:
    """The body with the objects that it names, under the names of the services' arguments."""
    found = {{"published": "is_published", "hidden": "is_hidden"}.get(name, name): body[name] for name in body}
    for field, find in (("team", get_team), ("page", get_page), ("service", get_service)):
        if found.get(field):
            found[field] = reference(field, find, person, found[field])
    return found


def changed(person: User, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A change in two parts: the fields, and the why (reason and the version seen)."""
    why = {"reason": body.get("reason", ""), "expected_version": body.get("version")}
    fields = {name: value for name, value in body.items() if name not in ("reason", "version")}
    return named(person, fields), why


def told(page: StatusPage) -> StatusPage:
    """The page with its introduction."""
    return with_intros([page])[0]
