"""Storms: a contact gets so many pages and no more, what waits goes out together, and accounts are not asked for more than they take."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.models import Entry
from oncall.escalation import services as escalation
from oncall.models import Attempt, Page
from oncall.notify.limits import next_allowed, take_turn
from oncall.notify.storm import carried_by
from oncall.stopwatch import Stopwatch
from tests import builders
from tests.builders import NIGHT

ANA, BEN, MARA = "+447700900001", "+447700900002", "+447700900003"
WINDOWS = ((1, 60), (3, 900), (7, 3600))


def at(seconds):
    return NIGHT + timedelta(seconds=seconds)


# --- the rules by themselves


@pytest.mark.parametrize(
    ("sent", "now", "allowed"),
    [
        ([], 0, None),
        ([0], 59, 60),
        ([0], 60, None),
        ([0, 100, 200], 300, 900),  # three in fifteen minutes: the first must grow old
        ([0, 100, 200], 900, None),
        ([0, 100, 880], 890, 940),  # the minute is longer than what the quarter still asks for
        ([0, 300, 600, 900, 1200, 1500, 1800], 2000, 3600),  # seven in an hour outlast three in a quarter
    ],
)
def test_a_window_that_is_full_says_when_it_has_room(sent, now, allowed):
    found = next_allowed(WINDOWS, [at(s) for s in sent], at(now))
    assert found == (None if allowed is None else at(allowed))


@given(st.lists(st.integers(0, 7200), max_size=40))
def test_whoever_waits_as_long_as_told_never_breaks_a_window(wishes):
    sent = []
    for wish in sorted(wishes):
        now = max(at(wish), sent[-1] if sent else at(0))
        until = next_allowed(WINDOWS, sent, now)
        assert next_allowed(WINDOWS, sent, until or now) is None  # one wait is enough
        sent.append(until or now)
    for most, within_s in WINDOWS:
        for first, last in zip(sent, sent[most:], strict=False):
            assert last - first >= timedelta(seconds=within_s)


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60), st.sampled_from([(1.0, 1), (1.0, 5), (0.5, 2), (10.0, 3)]))
def test_an_account_is_never_asked_for_more_than_it_takes(wishes, pace):
    per_s, burst = pace
    next_at, taken = None, []
    for wish in sorted(wishes):
        wait_until, next_at = take_turn(next_at, at(wish), per_s=per_s, burst=burst)
        if wait_until is None:
            taken.append(wish)
        else:
            assert take_turn(next_at, wait_until, per_s=per_s, burst=burst)[0] is None
    for first, last in zip(taken, taken[burst:], strict=False):
        assert last - first >= 1 / per_s - 0.001


# --- in the engine


@pytest.fixture
def storm(world):
    """Ana by phone; five incidents of Checkout within the same second."""
    world.ana = world.person("Ana Duarte", phone=ANA, mail=False)
    world.chain = world.policy(world.ana, delay_s=3600)
    for n in range(1, 6):
        world.begin(world.chain, number=f"INC-2026-000{n}", title=f"Fault {n}", severity=1 if n == 4 else 3)
    world.settle()
    return world


def test_the_first_page_of_a_service_goes_at_once_and_the_others_wait_with_their_time(storm):
    storm.twilio.expect(ANA, "SEV3", "Fault 1")
    held = storm.pages(state="planned")
    assert [(page.run.subject_id[-1], page.reason) for page in held] == [(n, "throttled") for n in "2345"]
    assert {round((page.due_at - page.planned_at).total_seconds()) for page in held} == {60}
    assert Entry.objects.filter(kind="page.held").count() == 4


def test_what_waited_goes_out_as_one_message_that_names_count_worst_and_oldest(storm):
    storm.twilio.expect(ANA, "Fault 1")
    storm.advance(seconds=70)
    storm.twilio.expect(ANA, "4 incidents, oldest 03:00, worst SEV1", "Fault 4", "Reply 4=ack all", "/a/")
    bundle = Page.objects.get(origin="bundle")
    carried = carried_by(bundle)
    assert [page.run.subject_id[-1] for page in carried] == ["4", "2", "3", "5"]  # worst first, then oldest
    assert {page.state for page in carried} == {bundle.state} == {"accepted"}
    assert Attempt.objects.filter(page=bundle).count() == 1
    assert not Attempt.objects.filter(page__in=carried).exists()  # they share the bundle's


def test_what_is_known_of_a_bundle_is_known_of_each_page_in_it(storm):
    storm.twilio.expect(ANA, "Fault 1")
    storm.advance(seconds=70)
    storm.report(storm.twilio.expect(ANA, "4 incidents"), "delivered")
    storm.settle()
    pages = storm.pages(carried_by__isnull=False)
    assert [(page.state, page.delivered_at is not None, page.ended_at is not None) for page in pages] == [
        ("delivered", True, True)
    ] * 4


def test_an_answer_meanwhile_takes_its_page_out_of_what_waits(storm):
    storm.twilio.expect(ANA, "Fault 1")
    storm.stop("acknowledged", number="INC-2026-0004")
    storm.advance(seconds=70)
    storm.twilio.expect(ANA, "3 incidents", "worst SEV3")
    gone = Page.objects.get(run__subject_id="INC-2026-0004", origin="step")
    assert (gone.state, gone.reason, gone.carried_by) == ("cancelled", "acknowledged", None)


def test_a_bundle_that_is_refused_for_good_fails_each_of_its_pages_and_hurries_each_run(storm):
    ben = storm.person("Ben Okafor", phone=BEN, mail=False)
    chain = storm.policy(storm.ana, ben, name="Two", delay_s=3600)
    storm.twilio.expect(ANA, "Fault 1")
    for n in (7, 8):
        storm.begin(chain, number=f"INC-2026-000{n}", title=f"Fault {n}")
    storm.stop("resolved", number="INC-2026-0002")
    storm.stop("resolved", number="INC-2026-0003")
    storm.stop("resolved", number="INC-2026-0004")
    storm.stop("resolved", number="INC-2026-0005")
    storm.settle()
    storm.twilio.fail_next(http=400, code=21211)
    storm.advance(seconds=70)
    storm.twilio.expect(BEN, "Fault 7")  # the step of each run had nobody else, so the next is taken now
    failed = storm.pages(carried_by__isnull=False)
    assert [(page.state, page.reason, page.run.subject_id[-1]) for page in failed] == [
        ("failed_permanent", "contact", "7"),
        ("failed_permanent", "contact", "8"),
    ]
    assert {page.run.step for page in failed} == {3}
    storm.advance(seconds=70)
    storm.twilio.expect(BEN, "Fault 8")


def test_a_retry_of_a_bundle_says_only_what_is_still_open(storm):
    storm.twilio.expect(ANA, "Fault 1")
    storm.settle()
    storm.twilio.fail_next(http=503, code=20503)
    storm.advance(seconds=62)
    assert {page.state for page in storm.pages(carried_by__isnull=False)} == {"planned"}
    storm.stop("acknowledged", number="INC-2026-0002")
    storm.advance(seconds=20)
    storm.twilio.expect(ANA, "3 incidents", "Fault 4")
    assert Page.objects.get(origin="bundle").attempts_made == 2


def test_another_service_is_news_and_waits_for_nothing(storm):
    storm.twilio.expect(ANA, "Fault 1")
    other = storm.subject("INC-2026-0009", title="Search is down")
    escalation.start(replace(other, service_key="svc_search"), storm.chain, now=storm.now)
    storm.settle()
    storm.twilio.expect(ANA, "Search is down")


def test_no_window_is_ever_broken_in_a_night_of_one_service(world):
    ana = world.person("Ana Duarte", phone=ANA, mail=False)
    chain = world.policy(ana, delay_s=86_400)
    for n in range(60):
        world.begin(chain, number=f"INC-2026-{n:04}", title=f"Fault {n}")
        world.advance(seconds=45)
    sent = sorted(Attempt.objects.values_list("begun_at", flat=True))
    for most, within_s in world.settings.PAGE_LIMITS["sms"]:
        assert all(b - a >= timedelta(seconds=within_s) for a, b in zip(sent, sent[most:], strict=False))
    world.advance(hours=1)
    assert not world.pages(state="planned")  # nothing was dropped, nothing waits any more
    assert {page.state for page in world.pages(origin="step")} == {"accepted"}
    world.twilio.texts.clear()


def test_calls_leave_one_a_second_the_most_urgent_first(world, monkeypatch):
    monkeypatch.setattr(Stopwatch, "elapsed_s", lambda self: 0.0)  # the world's clock alone, however busy the machine
    people = [world.person(f"{name} Person", mail=False) for name in ("Una", "Duo", "Tre")]
    for n, person in enumerate(people):
        builders.contact(person, "voice", f"+44770090010{n}", now=world.now)
    low = world.policy(*people[:1], name="Low")
    high = world.policy(*people[1:2], name="High")
    higher = world.policy(*people[2:3], name="Higher")
    world.begin(low, number="INC-2026-0001", urgency="low")
    world.begin(high, number="INC-2026-0002")
    world.begin(higher, number="INC-2026-0003")
    world.advance(seconds=4)
    begun = list(Attempt.objects.order_by("begun_at").values_list("begun_at", "page__urgency"))
    assert [urgency for _, urgency in begun] == ["high", "high", "low"]
    assert all(b - a >= timedelta(seconds=1) for (a, _), (b, _) in pairwise(begun))
    world.twilio.calls.clear()
