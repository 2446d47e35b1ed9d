"""The outside dead-man: read by everybody, its host only; named by admins."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Change, Instant, Secret
from accounts.api.views import ApiView, operation
from evidence.access import get_dead_man
from evidence.addresses import LONGEST, AddressRefused
from evidence.models import DeadMan
from evidence.queries.watch import DeadManStanding, dead_man_standing
from evidence.services.deadman import SetInEnvironment, change_dead_man

REFUSALS: Refusals = {
    AddressRefused: Refusal(400, "invalid", field="url"),
    SetInEnvironment: Refusal(409, "conflict"),
}


class DeadManOut(serializers.Serializer):
    """The dead-man and its last pings. `host` is all of the address that is shown."""

    id = serializers.CharField(source="public_id")
    version = serializers.IntegerField()
    host = serializers.CharField(source="standing.host")
    set_in_environment = serializers.BooleanField(source="standing.fixed")
    last_ok_at = Instant(source="standing.ok_at", allow_null=True)
    failed_in_a_row = serializers.IntegerField(source="standing.failed")
    last_error = serializers.CharField(source="standing.error")
    withheld_since = Instant(source="standing.withheld_at", allow_null=True)


class DeadManChange(Change):
    """A new address."""

    url = Secret(
        max_length=LONGEST, allow_blank=True, help_text="Asked for with GET each minute; empty for none. Never shown."
    )


class TheDeadMan(ApiView):
    """The dead-man."""

    refusals = REFUSALS

    @operation("Read the dead-man", verb="read", gives=DeadManOut)
    def get(self, request: Request) -> DeadMan:
        """There is one. Version 0: nobody has named it here."""
        return _with_standing(get_dead_man(self.person))

    @operation("Name the dead-man", verb="manage_organisation", takes=DeadManChange, gives=DeadManOut)
    def put(self, request: Request, body: dict[str, Any]) -> DeadMan:
        """409 while DEADMAN_URL names it in the environment."""
        get_dead_man(self.person, "manage_organisation")
        changed = change_dead_man(
            url=body["url"], now=self.now, reason=body["reason"], expected_version=body.get("version")
        )
        return _with_standing(changed)


def _with_standing(dead_man: DeadMan) -> DeadMan:
    standing: DeadManStanding = dead_man_standing()
    dead_man.standing = standing  # type: ignore[attr-defined]
    return dead_man
