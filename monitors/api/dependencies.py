"""What a monitor depends on."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from accounts.api.fields import Change, Id
from accounts.api.views import ApiView, operation, reference
from monitors.access import get_monitor
from monitors.api.inventory import changed
from monitors.api.monitors import MonitorOut
from monitors.models import Monitor
from monitors.services.dependencies import set_parent


class ParentIn(Change):
    """The monitor it depends on; null for none."""

    depends_on = Id("mon", allow_null=True)


class Dependency(ApiView):
    """What a monitor depends on."""

    @operation("Say what a monitor depends on", verb="edit", takes=ParentIn, gives=MonitorOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Monitor:
        """While that one is down, alerts of this one are kept and page nobody. A circle is refused."""
        monitor = get_monitor(self.person, public_id, "edit")
        named, why = changed(self.person, body)
        wanted = named["depends_on"]
        parent = reference("depends_on", get_monitor, self.person, wanted) if wanted else None
        return set_parent(monitor, parent, now=self.now, **why)
