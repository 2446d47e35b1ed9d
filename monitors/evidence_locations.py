"""The locations' part of a pack: from where each monitor was checked then, how many had to agree, and what the places were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from accounts.evidence import as_of_words, known_as_of, public_ids, with_threads
from ledger.tables import Row, Scope, Table
from ledger.tracked import as_of
from monitors.models import Location, Monitor, MonitorLocation
from monitors.quorum import required

LOCATIONS = (
    "as_of", "location_id", "version", "name", "remote", "retired_at", "last_modified_at", "last_modified_by",
)  # fmt: skip
CHECKED_FROM = (
    "as_of", "link_id", "version", "monitor_id", "location_id", "locations_configured", "locations_needed",
    "last_modified_at", "last_modified_by",
)  # fmt: skip


def location_tables(scope: Scope, monitors: Sequence[Monitor]) -> list[Table]:
    """Where these monitors were checked from at the instant of the scope, and those places."""
    return [_checked_from(scope, monitors), _locations(scope, monitors)]


def _checked_from(scope: Scope, monitors: Sequence[Monitor]) -> Table:
    def rows() -> Iterator[Row]:
        of = {one.pk: one.public_id for one in monitors}
        held = _links(scope, monitors)
        places = public_ids(Location, [row.location_id for row in held])
        counts = Counter(row.monitor_id for row in held)
        cells = [
            (
                scope.as_of, row.public_id, row.version, of[row.monitor_id], places.get(row.location_id),
                counts[row.monitor_id], required(counts[row.monitor_id]), row.history_date, row.actor_id or row.actor_kind,
            )
            for row in held
        ]  # fmt: skip
        return with_threads(MonitorLocation, held, cells)

    words = as_of_words("Where those monitors were checked from, one row a location,")
    return Table("02_config/checked_from_as_of", CHECKED_FROM, rows, "checked_from_as_of", words, scope.at)


def _locations(scope: Scope, monitors: Sequence[Monitor]) -> Table:
    def rows() -> Iterator[Row]:
        places = public_ids(Location, [row.location_id for row in _links(scope, monitors)])
        held = known_as_of(Location, scope, list(places.values()))
        cells = [
            (
                scope.as_of, row.public_id, row.version, row.name, bool(row.public_key), row.retired_at, row.history_date,
                row.actor_id or row.actor_kind,
            )
            for row in held
        ]  # fmt: skip
        return with_threads(Location, held, cells)

    words = as_of_words("Those locations,")
    return Table("02_config/locations_as_of", LOCATIONS, rows, "locations_as_of", words, scope.at)


def _links(scope: Scope, monitors: Sequence[Monitor]) -> list[Any]:
    """Links in force at the instant; of a monitor that is younger, its first ones."""
    wanted = {one.pk for one in monitors}
    held = [row for row in as_of(MonitorLocation, scope.as_of) if row.monitor_id in wanted and row.retired_at is None]
    younger = wanted - {row.monitor_id for row in held}
    first = MonitorLocation.history.filter(monitor_id__in=younger, version=1).order_by("id")
    born = dict(Monitor.objects.filter(pk__in=younger).values_list("pk", "created_at"))
    return held + [row for row in first if row.history_date == born.get(row.monitor_id)]
