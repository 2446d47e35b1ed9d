"""The body of an event: what is told about an incident or a page, and what is not (docs/webhooks.md).

Ids, words and instants only: no address, no mask of one, no name of a person, no note, no secret. The one free text is
the incident's title.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from incidents.models import Incident
from incidents.subjects import KIND, url_of
from ledger.models import Entry, LedgerSubject
from ledger.record import instant
from oncall.models import Page

API_VERSION = "v1"
TRUTHS = ("accepted_at", "delivered_at", "answered_at", "confirmed_at")


@dataclass(frozen=True)
class Subjects:
    """What a batch of entries speaks of, read with a number of queries that does not grow with it."""

    incidents: dict[int, Incident] = field(default_factory=dict)
    pages: dict[int, Page] = field(default_factory=dict)


def subjects_of(entries: Iterable[Entry]) -> Subjects:
    """The incident and the page of each entry, by the entry's key."""
    named = LedgerSubject.objects.filter(entry__in=[entry.pk for entry in entries], kind__in=(KIND, "page"))
    rows = list(named.values_list("entry_id", "kind", "object_id"))
    numbers = {number for _, kind, number in rows if kind == KIND}
    ids = {public_id for _, kind, public_id in rows if kind == "page"}
    incidents = {one.number: one for one in Incident.objects.filter(number__in=numbers).select_related("service")}
    pages = {one.public_id: one for one in Page.objects.filter(public_id__in=ids).select_related("person", "run")}
    return Subjects(
        {entry: incidents[key] for entry, kind, key in rows if kind == KIND and key in incidents},
        {entry: pages[key] for entry, kind, key in rows if kind == "page" and key in pages},
    )


def body_of(entry: Entry, event: str, subjects: Subjects) -> str:
    """The body for an entry. Incident and page are told as they stand when it is made, a moment after the change."""
    line = json.loads(entry.line)
    incident, page = subjects.incidents.get(entry.pk), subjects.pages.get(entry.pk)
    return _text(
        {
            "id": event,
            "kind": entry.kind,
            "api_version": API_VERSION,
            "sequence": entry.seq,
            "occurred_at": line["data"].get("occurred_at", line["at"]),
            "recorded_at": line["at"],
            "actor": {name: line["actor"][name] for name in ("kind", "id")},
            "incident": _incident(incident) if incident else None,
            "page": _page(page) if page else None,
        }
    )


def test_body(event: str, kind: str, at: str, actor: dict[str, str]) -> str:
    """The body of a test: the same fields, about nothing."""
    said = {"id": event, "kind": kind, "api_version": API_VERSION, "sequence": None, "occurred_at": at}
    return _text({**said, "recorded_at": at, "actor": actor, "incident": None, "page": None})


def _text(said: dict[str, Any]) -> str:
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    # half a surrogate pair is no text to any receiver; its escape is, and means the same in JSON
    return text.encode("utf-8", "backslashreplace").decode()


def _incident(incident: Incident) -> dict[str, Any]:
    service = incident.service
    return {
        "number": incident.number,
        "version": incident.version,
        "title": incident.title,
        "severity": incident.severity,
        "urgency": incident.urgency,
        "state": incident.state,
        "service": {"id": service.public_id, "name": service.name} if service else None,
        "opened_at": instant(incident.opened_at),
        "acknowledged_at": _at(incident.acknowledged_at),
        "resolved_at": _at(incident.resolved_at),
        "url": url_of(incident),
    }


def _page(page: Page) -> dict[str, Any]:
    return {
        "id": page.public_id,
        "person": page.person.public_id,
        "channel": page.kind,
        "origin": page.origin,
        "run": page.run.public_id if page.run else None,
        "state": page.state,
        "reason": page.reason,
        "planned_at": instant(page.planned_at),
        **{name: _at(getattr(page, name)) for name in TRUTHS},
        "ended_at": _at(page.ended_at),
    }


def _at(moment: Any) -> str | None:
    return None if moment is None else instant(moment)
