"""What the page of one post-mortem shows, gathered once: a constant number of queries, whatever its length."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.queries import pageable_people
from incidents.times import Times
from incidents.views.whole import window
from ledger import texts
from postmortems import states
from postmortems.access import may_approve, may_write
from postmortems.facts import as_facts, lines_of
from postmortems.forms.actions import PromiseForm
from postmortems.forms.documents import ClassifyForm, PublishForm, ReasonForm
from postmortems.models import ActionItem, PostMortem
from postmortems.queries import by_due, computed, current_versions, parts_of, with_words
from postmortems.rules import ruler
from postmortems.sections import BY_KEY, CATEGORIES
from postmortems.services.review import gaps, hash_of, second_person

NEWEST_VERSIONS = 50
MARKS = (
    ("began", "began_at", "m-down", "is-down"),
    ("detected", "detected_at", "m-answered", ""),
    ("first page", "first_page_at", "i-act", ""),
    ("acknowledged", "acknowledged_at", "m-confirmed", ""),
    ("resolved", "resolved_at", "m-met", "is-up"),
)


def whole(postmortem: PostMortem, user: User, *, now: datetime, **forms: Any) -> dict[str, Any]:
    """Everything about a post-mortem as its template takes it; `forms` replace those that were refused."""
    incident, held = postmortem.incident, current_versions(postmortem)
    lines = lines_of(incident)
    found = computed(incident)
    context = {
        "pm": postmortem,
        "incident": incident,
        "now": now,
        "late": postmortem.is_late(now),
        "times": found.times,
        "paged": found.paged,
        "log": lines,
        "parts": parts_of(postmortem, as_facts(lines), timezone.get_current_timezone()),
        "steps": steps(postmortem),
        "gaps": {} if postmortem.is_published else gaps(postmortem, held),
        "sha256": hash_of(postmortem, held),
        "second_person": second_person(postmortem, held, user),
        "category": CATEGORIES.get(postmortem.root_cause_category, ""),
        "rows": rows_of(postmortem.actions.all(), now=now),
        **axis_of(postmortem, found.times, now=now),
        **past(postmortem),
        **rights(postmortem, user),
    }
    return context | forms_of(postmortem, context["sha256"]) | forms


def rights(postmortem: PostMortem, user: User) -> dict[str, bool]:
    """What the reader may do with it now."""
    writer = may_write(user)
    return {
        "may_write": writer and not postmortem.is_published,
        "may_act": writer,
        "may_approve": may_approve(user),
    }


def steps(postmortem: PostMortem) -> list[tuple[str, str]]:
    """Where it stands: (words, `done`, `now` or nothing)."""
    order = list(states.STATES)
    at = order.index(postmortem.status)
    return [(words, "done" if i < at else "now" if i == at else "") for i, words in enumerate(states.STATES.values())]


def axis_of(postmortem: PostMortem, times: Times, *, now: datetime) -> dict[str, Any]:
    """The axis of the incident with its five instants, and the same in words."""
    start, end = window(postmortem.incident, now=now)
    marks = [(at, symbol, words, css) for words, name, symbol, css in MARKS if (at := getattr(times, name)) is not None]
    said = ", ".join(f"{words} {timezone.localtime(at):%H:%M:%S}" for at, _, words, _ in marks)
    until = times.resolved_at or now
    return {"start": start, "end": end, "marks": marks, "spans": [(times.began_at, until, "down")], "axis_label": said}


def past(postmortem: PostMortem) -> dict[str, Any]:
    """The versions of its sections, newest first, and what was published."""
    versions = list(postmortem.versions.select_related("author").order_by("-saved_at", "-pk")[:NEWEST_VERSIONS])
    publications = list(postmortem.publications.select_related("approved_by").order_by("-revision"))
    reasons = texts.read_many({one.exception_sha256 for one in publications if one.exception_sha256})
    return {
        "versions": [(version, BY_KEY[version.section].title) for version in versions],
        "publications": [(one, reasons.get(one.exception_sha256, "")) for one in publications],
    }


def rows_of(items: QuerySet[ActionItem], *, now: datetime) -> list[dict[str, Any]]:
    """Action items as a table shows them; three queries for any number of them."""
    zone = Organisation.current().zone
    found = with_words(by_due(items.select_related("owner", "done_by", "verified_by")))
    return [row(item, zone, now=now) for item in found]


def row(item: ActionItem, zone: ZoneInfo, *, now: datetime) -> dict[str, Any]:
    """One action item with its lateness and its ruler of thirty days, in days of the organisation's zone."""
    day, ended = now.astimezone(zone).date(), item.ended_at
    created = (item.created_at or now).astimezone(zone).date()
    late = item.days_late(day)
    return {
        "item": item,
        "late": late,
        "left": (item.due_on - day).days,
        "days": ruler(created, item.due_on, ended.astimezone(zone).date() if ended else None, day),
        "said": f"The last 30 days of {item}: {f'{late} days late' if late else 'not late'}",
    }


def forms_of(postmortem: PostMortem, sha256: str) -> dict[str, Any]:
    """The forms of the page as they are before anybody wrote into them."""
    answer = {None: "", True: "yes", False: "no"}[postmortem.runbook_changed]
    initial = {
        "root_cause_category": postmortem.root_cause_category,
        "runbook_changed": answer,
        "version": postmortem.version,
    }
    return {
        "classify_form": ClassifyForm(initial=initial, auto_id="classify_%s"),
        "back_form": ReasonForm(initial={"version": postmortem.version}, auto_id="back_%s"),
        "correct_form": ReasonForm(initial={"version": postmortem.version}, auto_id="correct_%s"),
        "publish_form": PublishForm(initial={"sha256": sha256}, auto_id="publish_%s"),
        "promise_form": PromiseForm(people=choices(), auto_id="promise_%s"),
    }


def choices() -> list[tuple[str, str]]:
    """Who may own an action item."""
    return [(person.public_id, str(person)) for person in pageable_people()]
