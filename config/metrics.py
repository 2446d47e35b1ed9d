"""Our own figures in Prometheus' text format, read from the database when somebody asks.

Counters kept in memory would be per process and forgotten at every restart; rows are neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ledger.models import Entry, Liveness

__all__ = ["CONTENT_TYPE", "text"]


class Figures(Collector):
    """Reads every figure once, as of `now`."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterable[Metric]:
        """Yield the families of figures."""
        yield self.version()
        yield from self.components()
        yield from self.ledger()

    def version(self) -> Metric:
        """The version that runs here."""
        info = GaugeMetricFamily("watchbook_info", "Always 1; the label names the version.", labels=["version"])
        info.add_metric([settings.VERSION], 1)
        return info

    def components(self) -> Iterable[Metric]:
        """Age of the last sign of life, and how late the last tick was, by component."""
        age = GaugeMetricFamily(
            "watchbook_component_age_seconds", "Seconds since any process last ran the component.", labels=["component"]
        )
        lag = GaugeMetricFamily(
            "watchbook_component_lag_seconds", "How late the component's last run was.", labels=["component"]
        )
        latest = {row.component: row for row in Liveness.objects.order_by("seen_at")}
        for component, row in sorted(latest.items()):
            age.add_metric([component], (self.now - row.seen_at).total_seconds())
            lag.add_metric([component], row.lag_ms / 1000)
        return [age, lag]

    def ledger(self) -> Iterable[Metric]:
        """Entries that wait for their number."""
        waiting = Entry.objects.filter(seq__isnull=True).count()
        return [gauge("watchbook_ledger_unlinked", "Ledger entries that wait for their number.", waiting)]


def gauge(name: str, help_text: str, value: float) -> Metric:
    """Return a family with one value and no label."""
    return GaugeMetricFamily(name, help_text, value=value)


def text(*, now: datetime) -> bytes:
    """Return all figures as of `now`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(now))
    return generate_latest(registry)
