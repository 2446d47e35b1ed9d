"""The history of names in DNS: values are kept as they change, and somebody is told of those never seen."""

from datetime import timedelta

import pytest

from ledger import clock
from ledger.models import Entry
from monitors.engine.findings import Finding
from monitors.engine.observing import observe
from monitors.engine.ticks import claim
from monitors.models import DnsObservation, MonitorState, Rule, Signal
from monitors.probes.trace import Answers, Trace
from monitors.queries import open_conditions
from monitors.registers import values_seen
from monitors.services import change_monitor, create_monitor
from tests.builders import NIGHT
from tests.fakes.dns import FakeDns
from tests.monitors.conftest import settle

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"


@pytest.fixture
def monitor(shop):
    return watch(shop)


def watch(shop, name="Name", **target):
    given = {"domain": "shop.example", **target}
    return create_monitor(service=shop, name=name, kind="dns", target=given, now=NIGHT, reason="Test")


def see(monitor, at, *values, expected=True):
    name = monitor.target["domain"]
    answers = Answers(name, monitor.target["record"], "the system's resolver", tuple(sorted(values)), expected)
    finding = Finding(monitor.pk, monitor.version, 1, at, False, 0, Trace(answers=answers))
    observe([finding], now=at + timedelta(seconds=1))


def kept(monitor):
    return [(row.values, row.first_seen_at - NIGHT, row.last_seen_at - NIGHT) for row in reversed(values_seen(monitor))]


def told(monitor):
    return [(signal.opens, signal.reason) for signal in Signal.objects.filter(monitor=monitor).order_by("pk")]


def test_the_same_values_are_one_row_from_first_to_last(monitor):
    for hours in (0, 1, 2, 400):
        see(monitor, NIGHT + hours * HOUR, A, B)
    assert kept(monitor) == [([A, B], 0 * HOUR, 400 * HOUR)]
    assert told(monitor) == []
    line = Entry.objects.get(kind="dns.values_seen").line
    assert A not in line
    assert '"values":2' in line


def test_a_change_is_a_row_and_is_told_with_both_sets(monitor):
    see(monitor, NIGHT, A)
    see(monitor, NIGHT + HOUR, B, C)
    assert kept(monitor) == [([A], 0 * HOUR, 0 * HOUR), ([B, C], HOUR, HOUR)]
    assert told(monitor) == [
        (True, "The A records of shop.example changed from 192.0.2.1 to 192.0.2.2, 192.0.2.3."),
    ]


def test_a_name_that_is_gone_is_a_change_too(monitor):
    see(monitor, NIGHT, A)
    see(monitor, NIGHT + HOUR, expected=False)
    assert kept(monitor)[-1][0] == []
    assert told(monitor)[-1][1].endswith("changed from 192.0.2.1 to nothing.")


def test_values_that_are_back_are_said_to_be(monitor):
    for minutes, value in ((0, A), (1, B), (2, A)):
        see(monitor, NIGHT + minutes * MINUTE, value)
    assert told(monitor)[-1] == (False, "The values are back to what they were.")
    assert open_conditions([monitor]) == {}


def test_values_that_stay_for_a_day_become_the_usual_ones(monitor):
    see(monitor, NIGHT, A)
    see(monitor, NIGHT + HOUR, B)
    see(monitor, NIGHT + DAY, B)
    assert open_conditions([monitor])
    see(monitor, NIGHT + HOUR + DAY, B)
    assert told(monitor)[-1] == (False, "The values have stayed as they are for a day.")


def test_a_second_change_is_told_anew(monitor):
    for hours, value in enumerate((A, B, C)):
        see(monitor, NIGHT + hours * HOUR, value)
    assert [opens for opens, _ in told(monitor)] == [True, False, True]
    assert told(monitor)[1][1] == "They changed again."


def test_a_name_that_turns_in_a_circle_is_told_once_and_fills_nothing(monitor):
    for turn in range(30):
        see(monitor, NIGHT + turn * MINUTE, (A, B)[turn % 2])
    assert kept(monitor) == [([A], 0 * MINUTE, 28 * MINUTE), ([B], MINUTE, 29 * MINUTE)]
    assert [opens for opens, _ in told(monitor)] == [True, False]


def test_values_that_come_back_after_a_day_are_a_row_of_their_own(monitor):
    see(monitor, NIGHT, A)
    see(monitor, NIGHT + HOUR, B)
    see(monitor, NIGHT + 3 * DAY, B)
    see(monitor, NIGHT + 3 * DAY + HOUR, A)
    assert [values for values, _, _ in kept(monitor)] == [[A], [B], [A]]
    assert told(monitor)[-1][0] is True


def test_changes_that_nobody_wants_to_hear_of_are_only_written_down(shop):
    quiet = watch(shop, "Quiet", tell_changes=False)
    see(quiet, NIGHT, A)
    see(quiet, NIGHT + HOUR, B)
    assert len(kept(quiet)) == 2
    assert told(quiet) == []


def test_an_answer_that_comes_late_changes_nothing(monitor):
    see(monitor, NIGHT + HOUR, B)
    see(monitor, NIGHT, A)
    assert kept(monitor) == [([B], HOUR, HOUR)]


def test_another_question_begins_anew(monitor):
    see(monitor, NIGHT, A)
    see(monitor, NIGHT + HOUR, B)
    monitor = change_monitor(monitor, {"target": {"domain": "new.example"}}, now=NIGHT + 2 * HOUR, reason="Test")
    see(monitor, NIGHT + 3 * HOUR, C)
    assert told(monitor)[-1] == (False, "Another name or record is asked for now.")
    assert DnsObservation.objects.get(name="new.example").monitor_version == monitor.version


def test_a_dns_monitor_has_its_rule_from_the_beginning(monitor):
    assert set(Rule.objects.filter(monitor=monitor).values_list("condition", flat=True)) == {"down", "dns_changed"}


@pytest.mark.django_db(transaction=True)
def test_the_engine_keeps_what_a_real_resolver_answers(engine, loopback, shop):
    now = clock.now()
    with FakeDns() as server:
        server.say("shop.example", "A", B, A)
        target = {"domain": "shop.example", "resolver": f"127.0.0.1:{server.port}", "match": "equals", "expected": [A]}
        made = create_monitor(service=shop, name="Real", kind="dns", target=target, now=now, reason="Test")
        claim(now)
        settle()
    assert MonitorState.objects.get(pk=made.pk).seen_code == "value"
    row = DnsObservation.objects.get()
    assert (row.values, row.expected, row.resolver) == ([A, B], False, f"127.0.0.1:{server.port}")
