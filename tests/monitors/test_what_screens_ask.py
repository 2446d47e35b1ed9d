"""The read queries: what apps above and screens are told, in a constant number of queries."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.models import ProbeSlot, Signal
from monitors.overview import worst_states
from monitors.probes.trace import Outcome, Trace
from monitors.queries import (
    claim_signal,
    earlier_unclaimed,
    intervals,
    last_failure,
    monitor_state,
    monitors_in_force,
    oldest_unclaimed_signal,
    service_states,
    services_in_force,
    spans,
    standings,
    unclaimed_signals,
)
from monitors.services import check_once, pause_monitor, retire_monitor
from monitors.states import State
from tests import builders

pytestmark = pytest.mark.django_db

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)


def at(seconds):
    return T0 + timedelta(seconds=seconds)


@pytest.fixture
def monitor(shop):
    return builders.monitor(service=shop, now=T0)


def deliver(monitor, *seconds, outcome=Outcome.OK):
    place = ProbeSlot.objects.get(monitor=monitor).location_id
    for second in seconds:
        failed = outcome is Outcome.FAILED
        trace = Trace(outcome=outcome, sentence="no" if failed else "", status=503 if failed else 200, total_us=2500)
        hand_over([Finding(monitor.pk, 1, place, at(second), False, 0, trace)], now=at(second + 1))


def test_where_a_monitor_stands(monitor):
    deliver(monitor, 0, 60)
    deliver(monitor, 120, outcome=Outcome.FAILED)
    standing = monitor_state(monitor, at(125))
    assert (standing.state, standing.since, standing.verifying_since) == (State.UP, at(0), at(120))
    assert (standing.seen_at, standing.seen_outcome, standing.seen_status) == (at(120), "failed", 503)
    assert (standing.seen_ms, standing.detail) == (2.5, "no")
    assert standing.next_due_at is not None


def test_spans_are_cut_to_the_window_and_to_now(monitor):
    deliver(monitor, 0, 60, 120, 180, 240)
    deliver(monitor, 300, 360, outcome=Outcome.FAILED)
    told = intervals(monitor, at(200), at(9999), at(390))
    assert [(span.state, span.start, span.end, span.is_open) for span in told] == [
        (State.UP, at(200), at(300), False),
        (State.DOWN, at(300), at(390), True),
    ]
    assert intervals(monitor, at(-500), at(-100), at(390)) == []


def test_the_open_span_ends_where_its_last_result_ends_once_that_is_old(monitor):
    deliver(monitor, 0)
    assert [(s.state, s.end) for s in intervals(monitor, T0, at(9999), at(130))] == [(State.UP, at(130))]
    told = intervals(monitor, T0, at(9999), at(600))
    assert [(s.state, s.start, s.end) for s in told] == [
        (State.UP, at(0), at(60)),
        (State.UNKNOWN, at(60), at(600)),
    ]


def test_a_service_shows_its_worst_monitor(shop, monitor):
    other = builders.monitor("Other", service=shop, now=T0)
    deliver(other, 0)
    deliver(monitor, 0, 60, outcome=Outcome.FAILED)
    builders.service("Empty", now=T0)
    told = {one.service.name: (one.state, one.counts) for one in service_states(at(61))}
    assert told == {"Empty": (State.UNKNOWN, {}), "Shop": (State.DOWN, {State.DOWN: 1, State.UP: 1})}


def test_a_paused_monitor_says_nothing_of_a_service_that_others_watch(shop, monitor):
    other = builders.monitor("Other", service=shop, now=T0)
    deliver(monitor, 0, 60)
    pause_monitor(other, now=at(30), reason="Moved")
    assert worst_states(now=at(61)) == {shop.pk: "up"}


def test_lists_leave_out_what_is_retired(shop, monitor):
    builders.monitor("Other", service=shop, now=T0)
    retire_monitor(monitor, now=T0, reason="gone")
    assert [one.name for one in monitors_in_force()] == ["Other"]
    assert [one.name for one in monitors_in_force(shop)] == ["Other"]
    assert [one.name for one in services_in_force()] == ["Shop"]


def test_the_last_failure_is_found(monitor):
    assert last_failure(monitor) is None
    deliver(monitor, 0, 120, outcome=Outcome.FAILED)
    deliver(monitor, 180, 40 * 86_400)
    assert last_failure(monitor).planned_at == at(120)


def test_signals_wait_in_order_and_are_claimed_once(monitor):
    assert oldest_unclaimed_signal() is None
    opening, closing = builders.signal(monitor, at=at(0)), builders.signal(monitor, opens=False, at=at(60))
    assert [one.pk for one in unclaimed_signals(10)] == [opening.pk, closing.pk]
    assert len(unclaimed_signals(1)) == 1
    assert oldest_unclaimed_signal() == at(0)
    assert (earlier_unclaimed(opening), earlier_unclaimed(closing)) == (False, True)
    assert (claim_signal(opening, at(61)), claim_signal(opening, at(62))) == (True, False)
    assert not earlier_unclaimed(closing)
    assert Signal.objects.get(pk=opening.pk).claimed_at == at(61)


@pytest.mark.parametrize("count", [2, 20])
def test_many_monitors_cost_no_more_queries(shop, count, django_assert_num_queries):
    made = [builders.monitor(f"Monitor {n}", service=shop, now=T0) for n in range(count)]
    for one in made:
        deliver(one, 0, 60)
    ids = [one.pk for one in made]
    with django_assert_num_queries(2):
        assert len(standings(ids, now=at(61))) == count
    with django_assert_num_queries(2):
        assert len(spans(ids, T0, at(100), now=at(61))) == count
    with django_assert_num_queries(4):
        service_states(at(61))


class TestCheckOnce:
    def test_it_returns_the_trace_and_stores_nothing(self, site, loopback, django_assert_num_queries):
        with django_assert_num_queries(2):  # allowed networks, before and while
            trace = check_once("http", {"url": site.url, "keyword": "well"}, now=T0)
        assert (trace.ok, trace.status, trace.sample) == (True, 200, "all is well")
        assert trace.certificate_days is None

    def test_a_failure_has_its_sentence(self, site, loopback):
        site.status = 500
        assert check_once("http", {"url": site.url}, now=T0).sentence == "Answered 500, expected 200-299."

    @pytest.mark.parametrize(
        ("url", "words"),
        [
            ("not an address", "You wrote not an address"),
            ("http://169.254.169.254/", "cloud metadata address"),
            ("http://127.0.0.1/", "An admin can allow it"),
        ],
    )
    def test_what_may_not_be_called_is_refused_before_it_is(self, db, url, words):
        with pytest.raises(ValidationError, match=words):
            check_once("http", {"url": url}, now=T0)

    def test_a_redirect_to_metadata_is_told(self, site, loopback):
        site.redirect("/", "http://169.254.169.254/latest/")
        assert "cloud metadata address" in check_once("http", {"url": site.url}, now=T0).sentence

    def test_secrets_are_sent(self, site, loopback):
        check_once("http", {"url": site.url, "method": "POST"}, secrets={"bearer": "t0ken", "body": "x"}, now=T0)
        assert site.seen[0][2]["Authorization"] == "Bearer t0ken"
