"""Whatever arrives in whatever order: the intervals of a monitor tile its life, in the database and as read."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.engine.ticks import sweep
from monitors.models import MonitorState, ProbeSlot, Result, Signal, StateInterval
from monitors.probes.trace import Outcome, Trace
from monitors.queries import intervals, monitor_state
from monitors.services import change_monitor, pause_monitor, resume_monitor
from tests import builders

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)

seconds = st.integers(1, 900)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("results"), st.lists(st.tuples(st.integers(0, 90), st.sampled_from(list(Outcome))), max_size=6)),
        st.tuples(st.just("sweep"), st.none()),
        st.tuples(st.just("pause or resume"), st.none()),
        st.tuples(st.just("change"), st.sampled_from([{"interval_s": 20}, {"confirmation_s": 0}, {"recovery_s": 5}])),
    ).flatmap(lambda step: st.tuples(st.just(step), seconds)),
    max_size=12,
)  # fmt: skip


class Undo(Exception):
    """Each example starts from nothing."""


def play(monitor, story):
    now = T0
    place = ProbeSlot.objects.get(monitor=monitor).location_id
    for (kind, detail), later in story:
        now += timedelta(seconds=later)
        if kind == "results":
            findings = [
                Finding(monitor.pk, 1, place, now - timedelta(seconds=ago), False, 0, Trace(outcome=outcome))
                for ago, outcome in {ago: (ago, outcome) for ago, outcome in detail}.values()
            ]
            hand_over(findings, now=now)
        elif kind == "sweep":
            sweep(now)
        elif kind == "change":
            change_monitor(monitor, detail, now=now, reason="Test")
        else:
            (resume_monitor if monitor.paused else pause_monitor)(monitor, now=now, reason="Test")
    return now


def must_tile(monitor, now):
    rows = list(StateInterval.objects.filter(monitor=monitor).order_by("started_at"))
    assert rows[0].started_at == T0
    for row, following in itertools.pairwise(rows):
        assert row.ended_at == following.started_at
        assert row.state != following.state
    assert rows[-1].ended_at is None
    standing = MonitorState.objects.get(pk=monitor.pk)
    assert (standing.interval_id, standing.state, standing.since) == (rows[-1].pk, rows[-1].state, rows[-1].started_at)
    return rows


def must_read_alike(monitor, rows, now):
    whole = intervals(monitor, T0, now, now)
    length = sum((span.end - span.start for span in whole), timedelta())
    assert length == max(now, rows[-1].started_at) - T0 if now >= rows[-1].started_at else True
    for span, following in itertools.pairwise(whole):
        assert span.end == following.start
    middle = T0 + (now - T0) / 2
    parts = [*intervals(monitor, T0, middle, now), *intervals(monitor, middle, now, now)]
    by_state = lambda spans: {  # noqa: E731
        state: sum((s.end - s.start for s in spans if s.state == state), timedelta())
        for state in {s.state for s in spans}
    }
    assert by_state(parts) == by_state(whole)
    if whole and now > rows[-1].started_at:
        assert whole[-1].state == monitor_state(monitor, now).state


def must_agree_with_signals(monitor):
    turns = list(Signal.objects.filter(monitor=monitor).order_by("id").values_list("opens", flat=True))
    assert turns == [number % 2 == 0 for number in range(len(turns))]
    assert MonitorState.objects.get(pk=monitor.pk).alarm == (len(turns) % 2 == 1)


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_intervals_tile_whatever_happens(db, story):
    with pytest.raises(Undo), transaction.atomic():
        monitor = builders.monitor(service=builders.service(now=T0), now=T0, confirmation_s=60, recovery_s=60)
        now = play(monitor, story)
        rows = must_tile(monitor, now)
        must_read_alike(monitor, rows, now)
        must_agree_with_signals(monitor)
        assert Result.objects.count() == Result.objects.values("planned_at").distinct().count()
        raise Undo
