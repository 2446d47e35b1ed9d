"""What checks saw of the outside: every certificate, and the values that names had."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Instant
from accounts.api.filters import Filters, FlagFilter, IdFilter, InstantFilter, TextFilter, WholeFilter
from accounts.api.views import ApiView, operation
from monitors.access import get_certificate, get_dns_observation
from monitors.api.inventory import Ref
from monitors.models import Certificate, DnsObservation


class SeenCertificateOut(serializers.Serializer):
    """A certificate that a host and port showed, or that the one it showed rests on."""

    id = serializers.CharField(source="public_id")
    monitor = Ref()
    host = serializers.CharField()
    port = serializers.IntegerField()
    position = serializers.IntegerField(help_text="In the verified chain; 0 is the server's own.")
    subject = serializers.CharField()
    issuer = serializers.CharField()
    serial = serializers.CharField()
    sha256 = serializers.CharField()
    key_type = serializers.CharField()
    sans = serializers.ListField(child=serializers.CharField())
    not_before = Instant()
    not_after = Instant()
    chain_ok = serializers.BooleanField(allow_null=True, help_text="Null if the verification stopped before it.")
    hostname_ok = serializers.BooleanField(allow_null=True, help_text="Null if the verification stopped before it.")
    first_seen_at = Instant()
    last_seen_at = Instant()
    renewed_at = Instant(allow_null=True, help_text="When another was first seen in its place.")
    days_left_at_renewal = serializers.IntegerField(source="days_left", allow_null=True)


class DnsObservationOut(serializers.Serializer):
    """A set of values that a name had, from when it was first until it was last seen."""

    id = serializers.CharField(source="public_id")
    monitor = Ref()
    monitor_version = serializers.IntegerField()
    name = serializers.CharField()
    record = serializers.CharField()
    resolver = serializers.CharField()
    values = serializers.ListField(child=serializers.CharField())
    expected = serializers.BooleanField()
    first_seen_at = Instant()
    last_seen_at = Instant()


class CertificateFilters(Filters):
    """Filters of certificates."""

    monitor = IdFilter("monitor", label="Public id of a monitor.")
    host = TextFilter(label="The host that showed it.")
    position = WholeFilter(min_value=0, max_value=100, label="0: the servers' own.")
    in_use = FlagFilter(field_name="renewed_at", lookup_expr="isnull", label="Whether nothing has replaced it.")
    ends_before = InstantFilter(field_name="not_after", lookup_expr="lt", label="Ends before.")


class DnsFilters(Filters):
    """Filters of values seen."""

    monitor = IdFilter("monitor", label="Public id of a monitor.")
    name = TextFilter(label="The name that was asked for.")
    expected = FlagFilter(label="Whether the monitor wanted these values.")
    seen_from = InstantFilter(field_name="last_seen_at", lookup_expr="gte", label="Last seen at or after.")
    seen_to = InstantFilter(field_name="first_seen_at", lookup_expr="lt", label="First seen before.")


class Certificates(ApiView):
    """Every certificate ever seen."""

    filterset_class = CertificateFilters
    order = ("-first_seen_at", "-id")

    @operation("List certificates", verb="read", gives=SeenCertificateOut, many=True)
    def get(self, request: Request) -> QuerySet[Certificate]:
        """Newest first."""
        return Certificate.objects.select_related("monitor")


class OneCertificate(ApiView):
    """One certificate."""

    @operation("Read a certificate", verb="read", gives=SeenCertificateOut)
    def get(self, request: Request, public_id: str) -> Certificate:
        """What checks saw; nobody changes it."""
        return get_certificate(self.person, public_id)


class DnsObservations(ApiView):
    """Values of names."""

    filterset_class = DnsFilters
    order = ("-last_seen_at", "-id")

    @operation("List values seen in DNS", verb="read", gives=DnsObservationOut, many=True)
    def get(self, request: Request) -> QuerySet[DnsObservation]:
        """Newest first; changes only."""
        return DnsObservation.objects.select_related("monitor")


class OneDnsObservation(ApiView):
    """Values of a name."""

    @operation("Read values seen in DNS", verb="read", gives=DnsObservationOut)
    def get(self, request: Request, public_id: str) -> DnsObservation:
        """What checks saw; nobody changes it."""
        return get_dns_observation(self.person, public_id)
