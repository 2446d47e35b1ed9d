"""Can a person be reached, over what, how soon: the readiness grid, computed by the planner's own function."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_person
from accounts.api.fields import Instant
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation
from accounts.contact_rules import URGENCIES
from oncall.escalation.who import channel_of
from oncall.proofs import Proof
from oncall.reached import Reached, contact_name, reached
from oncall.readiness import REASONS, STATES


class CallOut(serializers.Serializer):
    """One page that a step would make."""

    contact = serializers.CharField()
    name = serializers.CharField(help_text="Masked.")
    delay_s = serializers.IntegerField()


class FaultOut(serializers.Serializer):
    """Why something is not counted on."""

    reason = serializers.ChoiceField(choices=list(REASONS))
    name = serializers.CharField(help_text="The contact, masked; empty for the channel or the person.")


class ReadinessCellOut(serializers.Serializer):
    """One channel for one urgency."""

    channel = serializers.CharField()
    state = serializers.ChoiceField(choices=list(STATES))
    first_s = serializers.IntegerField(allow_null=True, help_text="Seconds after the step; null: not used.")
    calls = CallOut(many=True)
    why = FaultOut(many=True)


class ReadinessRowOut(serializers.Serializer):
    """One urgency: how the person is reached at all, and channel by channel."""

    urgency = serializers.ChoiceField(choices=list(URGENCIES))
    state = serializers.ChoiceField(choices=list(STATES))
    first_s = serializers.IntegerField(allow_null=True)
    how = serializers.CharField(help_text="rules, no_rules, rules_left_none or opted_out.")
    rules = serializers.CharField(source="source", help_text="The contact rules and their version; empty for none.")
    channels = ReadinessCellOut(source="cells", many=True)


class ProofOut(serializers.Serializer):
    """One contact in force, and when it was last proved."""

    contact = serializers.CharField(source="contact.public_id")
    name = serializers.SerializerMethodField(help_text="Masked.")
    channel = serializers.SerializerMethodField()
    verified_at = Instant(source="contact.verified_at", allow_null=True)
    proved_at = Instant(source="at", allow_null=True)
    proved_how = serializers.CharField(source="how", help_text="code, sms, voice, link; empty: never.")
    took_s = serializers.IntegerField(allow_null=True, help_text="From the provider's taking it to the answer.")
    due_at = Instant(allow_null=True, help_text="When it should be proved again; null where nothing can be confirmed.")

    def get_name(self, proof: Proof) -> str:
        """With what its person calls it."""
        return contact_name(proof.contact)

    def get_channel(self, proof: Proof) -> str:
        """The channel that carries pages there."""
        return channel_of(proof.contact.kind)


class ReadinessOut(serializers.Serializer):
    """A row an urgency, and the contacts behind it."""

    person = PersonRef()
    contacts = ProofOut(source="proofs", many=True)
    urgencies = ReadinessRowOut(source="rows", many=True)


class Readiness(ApiView):
    """How a person is reached now."""

    @operation("Read how a person is reached", verb="read", gives=ReadinessOut)
    def get(self, request: Request, public_id: str) -> Reached:
        """What a step would do if it were taken now."""
        return reached(get_person(self.person, public_id), now=self.now)
