"""What was learnt, for auditors: post-mortems and action items as tables of a pack, in a fixed order of columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from accounts.models import Organisation
from incidents.models import Incident
from ledger import texts
from ledger.evidence import threaded
from ledger.tables import Scope, Table
from postmortems import states
from postmortems.models import ActionItem, PostMortem, Publication
from postmortems.queries import current_versions, with_words

POSTMORTEM_KIND, ACTION_KIND = "postmortem", "actionitem"
POSTMORTEMS = (
    "pm_id", "incident_id", "required", "required_because", "due_at", "drafted_at", "published_at", "approved_by",
    "approved_at", "second_person", "exception", "revision", "status", "root_cause_category", "root_cause", "contributing",
    "detection_gap", "corrective_actions_count", "runbook_changed", "sha256",
)  # fmt: skip
ACTIONS = (
    "action_id", "source", "source_id", "text", "owner_user_id", "due_at", "done_at", "evidence_ref", "verified_by",
    "verified_at", "status", "extended_count", "dropped_because",
)  # fmt: skip
Row = tuple[Any, ...]


def tables(scope: Scope, incidents: Iterable[Incident]) -> list[Table]:
    """The post-mortems of these incidents with what was promised in them."""
    keys = [incident.pk for incident in incidents]
    zone = ZoneInfo(Organisation.current().timezone)

    def postmortems() -> Iterator[Any]:
        held = list(_of(keys))
        return threaded(postmortem_rows(held), POSTMORTEM_KIND, [one.number for one in held])

    def actions() -> Iterator[Any]:
        held = list(_actions_of(keys))
        return threaded(action_rows(held, zone), ACTION_KIND, [one.number for one in held])

    learnt = "Post-mortems of the incidents. What was published speaks where there is one, else the draft as it stands."
    promised = f"What was promised in those post-mortems. due_at is the end of the day in {zone.key}."
    return [
        Table("05_incidents/postmortems", POSTMORTEMS, postmortems, "postmortems", learnt, scope.parameters),
        Table("05_incidents/action_items", ACTIONS, actions, "action_items", promised, scope.parameters),
    ]


def period_tables(scope: Scope) -> list[Table]:
    """The same of every incident that was recorded in a period."""
    return tables(scope, Incident.objects.filter(recorded_at__gte=scope.start, recorded_at__lt=scope.end))


def lesson_ids(incident: Incident) -> list[tuple[str, str]]:
    """(kind, number) of an incident's post-mortem and its action items: what ledger lines may speak of."""
    return [
        *((POSTMORTEM_KIND, one.number) for one in _of([incident.pk])),
        *((ACTION_KIND, one.number) for one in _actions_of([incident.pk])),
    ]


def people_named(incident: Incident) -> set[str]:
    """Public ids of everybody whom the tables name."""
    found = {one.owner.public_id for one in _actions_of([incident.pk])}
    found |= {one.verified_by.public_id for one in _actions_of([incident.pk]) if one.verified_by}
    approved = Publication.objects.filter(postmortem__incident=incident)
    return found | set(approved.values_list("approved_by__public_id", flat=True))


def _of(keys: Collection[int]) -> QuerySet[PostMortem]:
    held = PostMortem.objects.filter(incident__in=keys).select_related("incident")
    return held.order_by("incident__recorded_at", "pk")


def _actions_of(keys: Collection[int]) -> QuerySet[ActionItem]:
    held = ActionItem.objects.filter(postmortem__incident__in=keys)
    return held.select_related("postmortem", "owner", "verified_by").order_by("postmortem__incident__recorded_at", "pk")


def postmortem_rows(postmortems: Iterable[PostMortem]) -> Iterator[Row]:
    """One row a post-mortem, by POSTMORTEMS. What was published speaks where there is one; else the draft as it stands."""
    for one in postmortems:
        published = one.publications.select_related("approved_by").order_by("-revision").first()
        words = _words(one, published)
        yield (
            one.number, one.incident.number, one.required, one.required_because, one.due_at, one.drafted_at,
            published.published_at if published else None, published.approved_by.public_id if published else None,
            published.published_at if published else None, published.second_person if published else None,
            texts.read(published.exception_sha256) if published else "", one.revision, one.status,
            published.root_cause_category if published else one.root_cause_category,
            words.get("root_cause", ""), words.get("contributing", ""), words.get("detection_gap", ""),
            one.actions.exclude(status=states.DROPPED).count(),
            published.runbook_changed if published else one.runbook_changed, published.sha256 if published else "",
        )  # fmt: skip


def action_rows(items: Iterable[ActionItem], zone: ZoneInfo) -> Iterator[Row]:
    """One row an action item, by ACTIONS. due_at: the end of its day in `zone`, the organisation's."""
    for item in with_words(items):
        yield (
            item.number, "pm", item.postmortem.number, item.text, item.owner.public_id, _end_of(item, zone), item.done_at,  # type: ignore[attr-defined]
            item.evidence, item.verified_by.public_id if item.verified_by else None, item.verified_at, item.status,  # type: ignore[attr-defined]
            item.extended_count, item.dropped_because,  # type: ignore[attr-defined]
        )  # fmt: skip


def _words(postmortem: PostMortem, published: Publication | None) -> dict[str, str]:
    if published:
        shas: dict[str, str] = published.sections
    else:
        shas = {key: version.text_sha256 for key, version in current_versions(postmortem).items()}
    bodies = texts.read_many({sha for sha in shas.values() if sha})
    return {key: bodies.get(sha, texts.REMOVED) if sha else "" for key, sha in shas.items()}


def _end_of(item: ActionItem, zone: ZoneInfo) -> datetime:
    return datetime.combine(item.due_on + timedelta(days=1), time(), zone)
