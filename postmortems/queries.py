"""Reads: what is owed, what stands in a post-mortem, what was computed about its incident, action items with their words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Least

from incidents.models import Incident
from incidents.queries import recent_incidents, times_of
from incidents.states import RESOLVED
from incidents.subjects import KIND
from incidents.times import Times
from ledger import texts
from oncall.notify import states as pages
from oncall.queries import pages_for_subject
from postmortems import states
from postmortems.markup import Fact, render
from postmortems.models import ActionItem, PostMortem, Publication, SectionVersion
from postmortems.rules import DAYS, Requirement, requirement
from postmortems.sections import ALL, Section


@dataclass(frozen=True)
class Paged:
    """The pages of an incident, counted; stand-downs are no pages in this sense. people: each once, in order."""

    pages: int
    accepted: int
    delivered: int
    confirmed: int
    failed: int
    people: tuple[str, ...]
    confirmed_by: tuple[str, ...]
    first_accepted_at: datetime | None


@dataclass(frozen=True)
class Computed:
    """What nobody can type: the instants of the incident, and who was paged."""

    times: Times
    paged: Paged


@dataclass(frozen=True)
class Part:
    """One section as it stands: its words, their HTML, the version and who wrote it; `version` None if never saved."""

    section: Section
    text: str
    html: str
    version: SectionVersion | None


@dataclass(frozen=True)
class Owed:
    """An incident that needs a post-mortem and has none."""

    incident: Incident
    requirement: Requirement


def paged_for(incident: Incident) -> Paged:
    """Count the pages of an incident; one query."""
    found = [page for page in pages_for_subject(KIND, incident.number) if page.origin != "stand_down"]
    accepted = [page.accepted_at for page in found if page.accepted_at]
    return Paged(
        pages=len(found),
        accepted=len(accepted),
        delivered=sum(1 for page in found if page.delivered_at),
        confirmed=sum(1 for page in found if page.confirmed_at),
        failed=sum(1 for page in found if page.state == pages.FAILED_PERMANENT),
        people=tuple(dict.fromkeys(str(page.person) for page in found)),
        confirmed_by=tuple(dict.fromkeys(str(page.person) for page in found if page.confirmed_at)),
        first_accepted_at=min(accepted, default=None),
    )


def computed(incident: Incident) -> Computed:
    """Times and pages of an incident."""
    paged = paged_for(incident)
    return Computed(times_of(incident, first_page_at=paged.first_accepted_at), paged)


def current_versions(postmortem: PostMortem) -> dict[str, SectionVersion]:
    """The newest version of each section that was ever saved, with its author."""
    found = postmortem.versions.select_related("author", "entry").order_by("version")
    return {version.section: version for version in found}


def parts_of(postmortem: PostMortem, facts: dict[str, Fact], zone: tzinfo) -> list[Part]:
    """Every section as it stands now, in order."""
    held = current_versions(postmortem)
    words = _words({key: version.text_sha256 for key, version in held.items()})
    day = postmortem.incident.opened_at
    return [
        Part(one, words.get(one.key, ""), render(words.get(one.key, ""), facts, zone, day), held.get(one.key))
        for one in ALL
    ]


def published_parts(publication: Publication, facts: dict[str, Fact], zone: tzinfo) -> list[Part]:
    """The sections of one published revision."""
    words = _words(publication.sections)
    day = publication.postmortem.incident.opened_at
    return [
        Part(one, words[one.key], render(words[one.key], facts, zone, day), None) for one in ALL if words.get(one.key)
    ]


def text_of(postmortem: PostMortem, section: str) -> tuple[str, int]:
    """The words of one section and their version; ("", 0) when it was never saved."""
    held = postmortem.versions.filter(section=section).order_by("-version").first()
    return (texts.read(held.text_sha256), held.version) if held else ("", 0)


def with_texts(versions: Iterable[SectionVersion]) -> list[SectionVersion]:
    """The versions, each with its words as `.text`; one query more."""
    found = list(versions)
    bodies = texts.read_many({version.text_sha256 for version in found if version.text_sha256})
    for version in found:
        version.text = bodies.get(version.text_sha256, texts.REMOVED) if version.text_sha256 else ""  # type: ignore[attr-defined]
    return found


def with_words(items: Iterable[ActionItem]) -> list[ActionItem]:
    """The items, each with `.text`, `.evidence` and `.dropped_because` in words; one query more."""
    found = list(items)
    columns = {
        "text": "text_sha256",
        "evidence": "evidence_sha256",
        "dropped_because": "dropped_because_sha256",
    }
    shas = {getattr(item, column) for item in found for column in columns.values()} - {""}
    bodies = texts.read_many(shas)
    for item in found:
        for name, column in columns.items():
            sha = getattr(item, column)
            setattr(item, name, bodies.get(sha, texts.REMOVED) if sha else "")
    return found


def by_due(items: QuerySet[ActionItem]) -> QuerySet[ActionItem]:
    """Open ones first, and of these what was due first."""
    return items.annotate(closed=Q(status__in=(states.VERIFIED, states.DROPPED))).order_by("closed", "due_on", "pk")


def with_counts(postmortems: QuerySet[PostMortem]) -> QuerySet[PostMortem]:
    """Post-mortems with `items` and `items_open` counted, newest incident first."""
    counted = postmortems.annotate(
        items=Count("actions", filter=~Q(actions__status=states.DROPPED)),
        items_open=Count("actions", filter=Q(actions__status=states.OPEN)),
    )
    return counted.order_by("-incident__opened_at", "-pk")


def incidents_without() -> list[Owed]:
    """Incidents that are over, were bad enough, and have no post-mortem; what is due first stands first."""
    found = recent_incidents().filter(state=RESOLVED, postmortem__isnull=True)
    found = found.annotate(worst=Least(F("severity"), F("severity_initial"))).filter(worst__in=DAYS)
    owed = [
        Owed(one, requirement(one.severity, one.severity_initial, one.resolved_at)) for one in found if one.resolved_at
    ]
    return sorted(owed, key=lambda one: (one.requirement.due_at or one.incident.opened_at, one.incident.pk))


def _words(shas: dict[str, str]) -> dict[str, str]:
    bodies = texts.read_many({sha for sha in shas.values() if sha})
    return {key: bodies.get(sha, texts.REMOVED) if sha else "" for key, sha in shas.items()}
