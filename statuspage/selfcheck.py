"""What status pages promise: what they show is measured, and customers hear when it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from ledger.promises import MOST_NAMED, Breach, Promise, counted, named
from monitors.models import Monitor
from statuspage.models import Component, StatusUpdate
from statuspage.states import RESOLVED

LAST_WORD_WITHIN = timedelta(hours=1)


def last_word_is_said(now: datetime) -> Breach | None:
    """Customers heard of every end within an hour."""
    newest = StatusUpdate.objects.filter(page=OuterRef("page"), incident=OuterRef("incident"), superseded_by=None)
    over = {"page__retired_at__isnull": True, "incident__resolved_at__lt": now - LAST_WORD_WITHIN}
    words = StatusUpdate.objects.filter(**over)
    last = words.filter(pk=Subquery(newest.order_by("-occurred_at", "-pk").values("pk")[:1])).exclude(status=RESOLVED)
    numbers = list(last.order_by("incident__resolved_at").values_list("incident__number", flat=True))
    if not numbers:
        return None
    verb = "is" if len(numbers) == 1 else "are"
    said = f"{counted(len(numbers), 'incident')} that {verb} over {verb} still open to customers."
    return Breach(said, named(numbers[:MOST_NAMED]))


def components_are_measured(now: datetime) -> Breach | None:
    """Every component that customers see stands for a service with a monitor that is at work."""
    watching = Monitor.objects.in_force().filter(paused_at__isnull=True).values("service")
    shown = Component.objects.in_force().filter(is_hidden=False, page__retired_at__isnull=True, page__is_published=True)
    blind = list(shown.exclude(service__in=watching).order_by("pk").values_list("public_id", flat=True))
    if not blind:
        return None
    verb = "is" if len(blind) == 1 else "are"
    return Breach(f"{counted(len(blind), 'component')} of a status page {verb} measured by no monitor.", named(blind))


PROMISES = (
    Promise(
        name="statuspage.last_word_is_said",
        says="Customers who were told of an incident hear of its end within an hour.",
        trouble="customers still read of an incident that is over",
        check=last_word_is_said,
        remedy="Publish the last update from the page of the incident.",
    ),
    Promise(
        name="statuspage.components_are_measured",
        says="Every component on a published status page is of a service that a monitor watches.",
        trouble="a status page shows what nobody measures",
        check=components_are_measured,
        remedy="Add or resume a monitor of the service, or hide the component.",
    ),
)
