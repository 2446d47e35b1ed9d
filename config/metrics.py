"""Our own figures in Prometheus' text format, read from the database when somebody asks.

Counters kept in memory would be per process and forgotten at every restart; rows are neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from config.liveness import FAILED
from evidence.queries.watch import auditor_standing, dead_man_standing
from incidents.queries import open_incidents
from incidents.webhooks.queries import oldest_due
from ledger.models import Entry, Liveness
from monitors.models import Monitor
from monitors.places import locations_in_force, places, refused_on
from monitors.queries import oldest_unclaimed_signal, standings
from monitors.states import State
from oncall.models import Page
from oncall.queries import lag_s

__all__ = ["CONTENT_TYPE", "text"]


class Figures(Collector):
    """Reads every figure once, as of `now`."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterable[Metric]:
        """Yield the families of figures."""
        yield self.version()
        yield from self.components()
        yield from self.queues()
        yield from self.standing()
        yield from self.locations()
        yield from self.itself()

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
        signs = Liveness.objects.exclude(component__startswith=FAILED).order_by("seen_at")
        latest = {row.component: row for row in signs}
        for component, row in sorted(latest.items()):
            age.add_metric([component], (self.now - row.seen_at).total_seconds())
            lag.add_metric([component], row.lag_ms / 1000)
        return [age, lag]

    def queues(self) -> Iterable[Metric]:
        """What waits between two steps, and how long the oldest has waited."""
        oldest = oldest_unclaimed_signal()
        waited = 0.0 if oldest is None else max(0.0, (self.now - oldest).total_seconds())
        unlinked = Entry.objects.filter(seq__isnull=True).count()
        yield gauge("watchbook_signals_oldest_seconds", "Age of the oldest signal no incident took yet.", waited)
        yield gauge(
            "watchbook_paging_lag_seconds", "How late the longest overdue step or page is.", lag_s(now=self.now)
        )
        due = oldest_due(now=self.now)
        late = 0.0 if due is None else max(0.0, (self.now - due).total_seconds())
        yield gauge("watchbook_webhook_lag_seconds", "How late the longest overdue webhook is.", late)
        yield gauge("watchbook_ledger_unlinked", "Ledger entries that wait for their number.", unlinked)

    def standing(self) -> Iterable[Metric]:
        """Monitors by state, open incidents by state, pages of the last day by state."""
        known = standings(Monitor.objects.in_force().values_list("pk", flat=True), now=self.now)
        states = Counter(one.state.value for one in known.values())
        counts = {state.value: states[state.value] for state in State}
        yield labelled("watchbook_monitors", "Monitors in force by state.", "state", counts)
        opened = Counter(open_incidents().values_list("state", flat=True))
        yield labelled("watchbook_open_incidents", "Open incidents by state.", "state", opened)
        day = Page.objects.filter(planned_at__gt=self.now - timedelta(days=1))
        pages = dict(day.order_by().values_list("state").annotate(Count("pk")))
        yield labelled("watchbook_pages_last_day", "Pages made in the last 24 hours by state.", "state", pages)

    def locations(self) -> Iterable[Metric]:
        """Age of the newest result of each location something is checked from, and what remote probes' messages refused."""
        age = GaugeMetricFamily(
            "watchbook_location_age_seconds", "Seconds since a result of the location was stored.", labels=["location"]
        )
        for place in places(locations_in_force(), now=self.now):
            if place.monitors and place.result_at is not None:
                age.add_metric([place.location.name], (self.now - place.result_at).total_seconds())
        yield age
        told = "Messages of remote probes refused today, by reason."
        yield labelled("watchbook_remote_refused_today", told, "why", refused_on(self.now.date()))

    def itself(self) -> Iterable[Metric]:
        """What the auditor found, how long ago it ended, and how long ago the dead-man took a ping."""
        auditor, dead_man = auditor_standing(now=self.now), dead_man_standing()
        danger = len(auditor.endangering)
        counts = {"yes": danger, "no": len(auditor.open) - danger}
        yield labelled(
            "watchbook_findings_open", "Promises that do not hold, by whether paging is in danger.", "endangers", counts
        )
        for name, help_text, at in (
            ("watchbook_audit_age_seconds", "Seconds since the last audit; absent before the first.", auditor.done_at),
            (
                "watchbook_deadman_age_seconds",
                "Seconds since the dead-man took a ping; absent without.",
                dead_man.ok_at,
            ),
        ):
            if at is not None:
                yield gauge(name, help_text, (self.now - at).total_seconds())


def gauge(name: str, help_text: str, value: float) -> Metric:
    """Return a family with one value and no label."""
    return GaugeMetricFamily(name, help_text, value=value)


def labelled(name: str, help_text: str, label: str, values: Mapping[str, int]) -> Metric:
    """Return a family with one value for each value of its label."""
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def text(*, now: datetime) -> bytes:
    """Return all figures as of `now`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(now))
    return generate_latest(registry)
