"""Locks and current texts: what every change of a post-mortem begins with."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Organisation
from incidents.numbers import year_of
from postmortems.models import ActionCounter, ActionItem, PostMortem, SectionVersion
from postmortems.rules import action_number


def lock(postmortem: PostMortem) -> PostMortem:
    """Return the post-mortem read again under its row lock. Where an incident is locked too, it comes first."""
    rows = PostMortem.objects.select_for_update(of=("self",)).select_related("incident", "author")
    return rows.get(pk=postmortem.pk)


def lock_item(item: ActionItem) -> ActionItem:
    """Return the action item read again under its row lock."""
    rows = ActionItem.objects.select_for_update(of=("self",)).select_related("postmortem", "owner")
    return rows.get(pk=item.pk)


def in_force(postmortem: PostMortem) -> dict[str, SectionVersion]:
    """The newest version of each section that was ever saved."""
    found = SectionVersion.objects.filter(postmortem=postmortem).select_related("author").order_by("version")
    return {version.section: version for version in found}


def next_action_number(now: datetime) -> str:
    """The number of the next action item, raising the counter of the year in the caller's transaction."""
    year = year_of(now, Organisation.current().zone)
    with transaction.atomic():
        ActionCounter.objects.get_or_create(year=year)
    counter = ActionCounter.objects.select_for_update().get(year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return action_number(year, counter.last)
