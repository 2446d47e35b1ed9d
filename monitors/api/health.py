"""What health checks were told of each dependency of an application, and every change of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Instant
from accounts.api.filters import ChoiceOf, Filters, IdFilter, InstantFilter, TextFilter
from accounts.api.views import ApiView, operation
from monitors.access import get_health_dependency
from monitors.api.inventory import Ref
from monitors.models import HealthChange, HealthDependency
from monitors.registers import Dependency, dependency_at
from monitors.states import State

STATES = [state.value for state in (State.UP, State.DEGRADED, State.DOWN, State.UNKNOWN)]


class DocumentOut(serializers.Serializer):
    """The newest health document of a monitor and a place."""

    seen_at = Instant(source="document_at")
    left_out = serializers.IntegerField(
        source="document_left_out", help_text="Dependencies that it named and that have no row."
    )


class HealthDependencyOut(serializers.Serializer):
    """A dependency as its newest document speaks of it."""

    id = serializers.CharField(source="public_id")
    monitor = Ref()
    location = serializers.CharField(source="location.public_id")
    name = serializers.CharField()
    state = serializers.SerializerMethodField()
    last_told = serializers.ChoiceField(
        source="state", choices=STATES, help_text="Our reading of the word it was last given; unknown without one."
    )
    said = serializers.CharField(help_text="The word it was last given.")
    why = serializers.CharField(
        help_text="What was added to a bad word, cut, and without what looks like a credential."
    )
    since = Instant(help_text="The document that first said so.")
    first_seen_at = Instant()
    last_seen_at = serializers.SerializerMethodField()
    changes_left_out = serializers.IntegerField(
        source="left_out",
        help_text="Changes since the newest one in the list that were too many to be kept one by one.",
    )
    document = DocumentOut(source="*")

    def get_state(self, row: HealthDependency) -> str:
        """What may be claimed now: unknown as soon as the newest document is too old to speak."""
        return self._at(row).state.value

    def get_last_seen_at(self, row: HealthDependency) -> Any:
        """The newest document that spoke of it."""
        return Instant().to_representation(self._at(row).spoken_at)

    def _at(self, row: HealthDependency) -> Dependency:
        return dependency_at(row, now=self.context["now"])


class HealthChangeOut(serializers.Serializer):
    """One change of a dependency, written once."""

    id = serializers.CharField(source="public_id")
    dependency = Ref()
    monitor = Ref(source="dependency.monitor")
    location = serializers.CharField(source="dependency.location.public_id")
    monitor_version = serializers.IntegerField()
    at = Instant(help_text="The check that was told so first.")
    recorded_at = Instant()
    state = serializers.ChoiceField(choices=STATES)
    said = serializers.CharField()
    before = serializers.CharField(help_text="The state until then; empty at first sight.")
    before_until = Instant(
        allow_null=True, help_text="The newest document that still said so; nothing is known of the time in between."
    )
    changes_left_out = serializers.IntegerField(
        source="left_out", help_text="Changes before this one that were too many to be kept one by one."
    )


class HealthDependencyFilters(Filters):
    """Filters of dependencies."""

    monitor = IdFilter("monitor", label="Public id of a monitor.")
    location = IdFilter("location", label="Public id of a location.")
    name = TextFilter(label="Its name, as the document has it.")
    last_told = ChoiceOf(field_name="state", choices=STATES)


class HealthChangeFilters(Filters):
    """Filters of changes."""

    dependency = IdFilter("dependency", label="Public id of a dependency.")
    monitor = IdFilter("dependency__monitor", label="Public id of a monitor.")
    state = ChoiceOf(choices=STATES)
    changed_from = InstantFilter(field_name="at", lookup_expr="gte", label="At or after.")
    changed_to = InstantFilter(field_name="at", lookup_expr="lt", label="Before.")


class HealthDependencies(ApiView):
    """Dependencies of applications."""

    filterset_class = HealthDependencyFilters

    @operation("List dependencies told by health checks", verb="read", gives=HealthDependencyOut, many=True)
    def get(self, request: Request) -> QuerySet[HealthDependency]:
        """One for each monitor, location and name."""
        return HealthDependency.objects.with_document()


class OneHealthDependency(ApiView):
    """One dependency."""

    @operation("Read a dependency told by health checks", verb="read", gives=HealthDependencyOut)
    def get(self, request: Request, public_id: str) -> HealthDependency:
        """As its newest document speaks of it; nobody changes it."""
        return get_health_dependency(self.person, public_id)


class HealthChanges(ApiView):
    """Changes of dependencies."""

    filterset_class = HealthChangeFilters
    order = ("-at", "-id")

    @operation("List changes of dependencies", verb="read", gives=HealthChangeOut, many=True)
    def get(self, request: Request) -> QuerySet[HealthChange]:
        """Newest first. Each says what was before it and until when that was said."""
        return HealthChange.objects.select_related("dependency__monitor", "dependency__location")
