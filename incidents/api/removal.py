"""What breaks if something is removed, asked before anybody does it."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Instant
from accounts.api.views import ApiView, operation
from incidents.access import get_removable
from incidents.removal import Consequences, consequences
from oncall.without import FEWER, NOBODY


class EffectOut(serializers.Serializer):
    """One step of a policy: that it would reach nobody, or fewer people or ways, from when on and for how long."""

    step = serializers.IntegerField()
    what = serializers.ChoiceField(choices=[NOBODY, FEWER])
    first_at = Instant()
    seconds = serializers.IntegerField(help_text="Of the two weeks to come.")
    now = serializers.BooleanField()


class HurtOut(serializers.Serializer):
    """One policy. silent: it would reach nobody at all."""

    policy = serializers.CharField(source="policy.public_id")
    silent = serializers.BooleanField()
    silent_at = Instant(allow_null=True)
    steps = EffectOut(source="effects", many=True)


class LeftAloneOut(serializers.Serializer):
    """One service, and the severities for which the catch-all alone would be called."""

    service = serializers.CharField(source="service.public_id")
    severities = serializers.ListField(child=serializers.IntegerField())


class ConsequencesOut(serializers.Serializer):
    """What would break from now until an instant."""

    harmless = serializers.BooleanField()
    until = Instant(source="removal.until")
    policies = HurtOut(source="removal.hurt", many=True)
    services = LeftAloneOut(many=True)
    empties_catch_all = serializers.BooleanField(source="removal.catch_all")


class RemovalEffects(ApiView):
    """What breaks without it."""

    @operation("Ask what breaks if something is removed", verb="read", gives=ConsequencesOut)
    def get(self, request: Request, public_id: str) -> Consequences:
        """A person, contact method, schedule, team or policy. Worked out from the plans of the next two weeks; nothing changes."""
        return consequences(get_removable(self.person, public_id), now=self.now)
