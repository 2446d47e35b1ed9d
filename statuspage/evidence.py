"""The communication part of a pack: which pages customers could read, what stood on them, and what they were told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from accounts.evidence import as_of_words, known_as_of, public_ids, with_threads
from accounts.models import Team
from incidents.models import Incident
from ledger.tables import Row, Scope, Table, pieces
from ledger.tracked import as_of
from monitors.models import Service
from statuspage.models import Component, StatusPage, StatusUpdate
from statuspage.queries import with_texts

UPDATE_KIND = "statusupdate"
PIECE = 200  # incidents whose updates are asked for at once
PAGES = (
    "as_of", "page_id", "version", "name", "slug", "timezone", "team_id", "channel_public", "retired_at", "last_modified_at",
    "last_modified_by",
)  # fmt: skip
COMPONENTS = (
    "as_of", "component_id", "version", "page_id", "service_id", "name", "heading", "is_hidden", "retired_at",
    "last_modified_at", "last_modified_by",
)  # fmt: skip
UPDATES = (
    "update_id", "incident_id", "page_id", "story_id", "status", "component_states", "title", "text", "displayed_at",
    "recorded_at", "backdated_s", "seconds_since_detected", "author", "how", "edited", "supersedes", "previous_text_sha256",
    "reason", "text_sha256",
)  # fmt: skip


def incident_tables(scope: Scope, incident: Incident, services: Sequence[Service]) -> list[Table]:
    """Pages that show one of the services or told of the incident, as they were, and every word to customers."""
    keys = {service.pk for service in services}
    shown = {row.page_id for row in as_of(Component, scope.as_of) if row.service_id in keys}
    told = set(StatusUpdate.objects.filter(incident=incident).values_list("page_id", flat=True))
    pages = sorted(public_ids(StatusPage, [*shown, *told]).values())
    return [_pages(scope, pages), _components(scope, pages), _updates(scope, [incident])]


def period_tables(scope: Scope) -> list[Table]:
    """Every page at the end of a period, and what customers were told of the incidents that were recorded in it."""
    pages = list(StatusPage.objects.filter(created_at__lt=scope.end).order_by("pk").values_list("public_id", flat=True))
    held = Incident.objects.filter(recorded_at__gte=scope.start, recorded_at__lt=scope.end)
    incidents = list(held.order_by("recorded_at", "pk"))
    return [_pages(scope, pages), _components(scope, pages), _updates(scope, incidents)]


def update_ids(incident: Incident) -> list[tuple[str, str]]:
    """(kind, public id) of the updates of an incident: what ledger lines may speak of."""
    ids = StatusUpdate.objects.filter(incident=incident).values_list("public_id", flat=True)
    return [(UPDATE_KIND, one) for one in ids]


def authors(incident: Incident) -> set[str]:
    """Public ids of everybody who told customers."""
    return set(StatusUpdate.objects.filter(incident=incident).values_list("person__public_id", flat=True))


def _pages(scope: Scope, pages: Sequence[str]) -> Table:
    def rows() -> Iterator[Row]:
        held = known_as_of(StatusPage, scope, pages)
        teams = public_ids(Team, [row.team_id for row in held])
        cells = [
            (
                scope.as_of, p.public_id, p.version, p.name, p.slug, p.timezone, teams.get(p.team_id), p.is_published,
                p.retired_at, p.history_date, p.actor_id or p.actor_kind,
            )
            for p in held
        ]  # fmt: skip
        return with_threads(StatusPage, held, cells)

    words = as_of_words("Status pages that show a service of this pack or told of an incident of it,")
    return Table("09_communication/status_pages_as_of", PAGES, rows, "status_pages_as_of", words, scope.at)


def _components(scope: Scope, pages: Sequence[str]) -> Table:
    def rows() -> Iterator[Row]:
        of = dict(StatusPage.objects.filter(public_id__in=pages).values_list("pk", "public_id"))
        held = [row for row in as_of(Component, scope.as_of) if row.page_id in of]
        services = public_ids(Service, [row.service_id for row in held])
        cells = [
            (
                scope.as_of, c.public_id, c.version, of[c.page_id], services.get(c.service_id), c.name, c.heading,
                c.is_hidden, c.retired_at, c.history_date, c.actor_id or c.actor_kind,
            )
            for c in held
        ]  # fmt: skip
        return with_threads(Component, held, cells)

    words = as_of_words("What those pages show, each a service under the name that customers know,")
    return Table("09_communication/components_as_of", COMPONENTS, rows, "components_as_of", words, scope.at)


def _updates(scope: Scope, incidents: Sequence[Incident]) -> Table:
    def rows() -> Iterator[Row]:
        for part in pieces(incidents, PIECE):
            found = StatusUpdate.objects.filter(incident__in=[one.pk for one in part]).select_related(
                "incident", "page", "person", "entry", "supersedes", "superseded_by__entry"
            )
            for update in with_texts(found.order_by("incident__recorded_at", "recorded_at", "pk")):
                yield _update_cells(update)

    words = "What customers were told of each incident, in the order of writing; an update that was corrected stays."
    return Table("09_communication/status_updates", UPDATES, rows, "status_updates", words, scope.parameters)


def _update_cells(u: StatusUpdate) -> tuple[Any, ...]:
    after = getattr(u, "superseded_by", None)
    return (
        u.public_id, u.incident.number, u.page.public_id, u.story, u.status, u.affected, u.title, u.text, u.occurred_at,  # type: ignore[attr-defined]
        u.recorded_at, _seconds(u.occurred_at, u.recorded_at), _seconds(u.incident.recorded_at, u.recorded_at),
        u.person.public_id, u.how, after is not None, u.supersedes.public_id if u.supersedes else None,
        u.supersedes.text_sha256 if u.supersedes else "", u.reason, u.text_sha256,  # type: ignore[attr-defined]
        u.entry.seq, after.entry.seq if after else u.entry.seq,
    )  # fmt: skip


def _seconds(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())
