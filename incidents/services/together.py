"""Answers to a message that said several incidents at once: one answer acknowledges each that it said, and no other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from incidents.models import Incident
from incidents.services import outcomes
from incidents.services.answers import ACK, Answer, give
from incidents.services.outcomes import Outcome
from incidents.subjects import KIND
from ledger.failpoints import fail_point
from oncall.models import Page
from oncall.notify.storm import carried_by
from oncall.notify.transitions import confirm, lock


@dataclass(frozen=True)
class Said:
    """One incident that a bundle said, and its page in it."""

    incident: Incident
    page: Page


def said_by(bundle: Page) -> list[Said]:
    """What a bundle said, worst first: incidents as they are now."""
    pages = [page for page in carried_by(bundle) if page.run is not None and page.run.subject_kind == KIND]
    numbers = {page.run.subject_id for page in pages if page.run is not None}
    found = Incident.objects.select_related("acknowledged_by", "service").in_bulk(numbers, field_name="number")
    return [Said(found[page.run.subject_id], page) for page in pages if page.run and page.run.subject_id in found]


def acknowledge_all(bundle: Page, by: str, *, now: datetime) -> list[Outcome]:
    """Acknowledge each incident that a bundle said, in one transaction; return what became of each, worst first.

    by: `link`, `sms` or `voice`. Who answers is the person the bundle went to. Safe to repeat.
    """
    with transaction.atomic():
        said = said_by(bundle)
        # locks in one order everywhere: incidents, then runs, then pages, each by age
        list(Incident.objects.select_for_update().filter(pk__in=[one.incident.pk for one in said]).order_by("pk"))
        became = {
            one.page.pk: give(Answer(one.page, ACK, by), one.incident, now=now)
            for one in sorted(said, key=lambda one: one.page.run_id or 0)
        }
        confirm(lock(bundle.pk)[1], by, now=now)
        fail_point("answer.before_commit")
    fail_point("answer.after_commit")
    return [became[one.page.pk] for one in said]


def numbers_by_outcome(became: list[Outcome]) -> tuple[list[str], list[str], bool]:
    """Numbers that are now this person's, numbers that were somebody's or over before, and whether a role refused."""
    mine = (outcomes.ACKNOWLEDGED, outcomes.ALREADY_YOURS)
    yours = [one.incident.number for one in became if one.kind in mine]
    others = [one.incident.number for one in became if one.kind in (outcomes.ALREADY_TAKEN, outcomes.ALREADY_RESOLVED)]
    return yours, others, any(one.kind == outcomes.REFUSED for one in became)
