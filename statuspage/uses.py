"""What shows a service here: status pages. Asked before a service is retired."""

from __future__ import annotations

from monitors.models import Service
from monitors.service_uses import register
from statuspage.models import Component


def pages_that_show(service: Service) -> list[str]:
    """The status pages in force that show a service, hidden components included, in words."""
    shown = Component.objects.in_force().filter(service=service, page__retired_at__isnull=True)
    names = shown.order_by("page__name").values_list("page__name", flat=True).distinct()
    return [f"the status page {name}" for name in names]


register(pages_that_show)
