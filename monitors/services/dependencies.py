"""Saying what a monitor depends on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from monitors.dependencies import ancestors
from monitors.models import Monitor
from monitors.services.refusals import refusal


@transaction.atomic
def set_parent(
    monitor: Monitor, parent: Monitor | None, *, now: datetime, reason: str = "", expected_version: int | None = None
) -> Monitor:
    """Say which monitor this one depends on; None for no one. While that one is down, alerts of this one are kept
    without paging anybody. Raises ValidationError for a circle or a retired one, StaleVersion.
    """
    # all links are read under lock, so that two changes at once cannot close a circle
    links = Monitor.objects.select_for_update(of=("self",)).in_force().filter(depends_on__isnull=False).order_by("pk")
    edges = {child: above for child, above in links.values_list("pk", "depends_on_id") if above is not None}
    if parent is not None:
        if parent.retired_at is not None:
            raise refusal("depends_on", f"{parent.name} was retired.", "conflict")
        if parent.pk == monitor.pk or monitor.pk in ancestors(parent.pk, edges):
            raise refusal("depends_on", f"{parent.name} depends on {monitor.name} itself, which would be a circle.")
    monitor.depends_on = parent
    monitor.save(now=now, reason=reason, expected_version=expected_version)
    return monitor
