"""When a webhook is sent again: the table of docs/webhooks.md, and what holds for every answer."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.webhooks.retry import AGAIN, DELIVERED, GIVE_UP, GONE, LONGEST_WAIT_S, Answer, judge, life_s
from tests.builders import NIGHT

DELAYS = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)
ERRORS = ("refused", "dns", "connect", "tls", "timeout", "too_large", "other", "internal")


def verdict(answer, tries=1):
    return judge(answer, tries, NIGHT, delays_s=DELAYS)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_delivered(status):
    assert verdict(Answer(status)).what == DELIVERED


@pytest.mark.parametrize("answer", [Answer(408), Answer(425), Answer(429), Answer(500), Answer(502), Answer(599)])
def test_answers_that_pass_are_tried_again_after_each_delay_and_then_given_up(answer):
    waits = [(verdict(answer, tries).at - NIGHT).total_seconds() for tries in range(1, 11)]
    assert waits == list(DELAYS)
    assert verdict(answer, 11) == judge(answer, 11, NIGHT, delays_s=DELAYS)
    assert (verdict(answer, 11).what, verdict(answer, 11).reason) == (GIVE_UP, "retries_exhausted")


@pytest.mark.parametrize("answer", [Answer(400), Answer(401), Answer(404), Answer(301), Answer(308), Answer(100)])
def test_refusals_are_tried_four_times_in_all(answer):
    assert [verdict(answer, tries).what for tries in (1, 2, 3, 4)] == [AGAIN, AGAIN, AGAIN, GIVE_UP]
    assert verdict(answer, 4).reason == "refused"


def test_an_address_we_do_not_call_is_tried_four_times_a_broken_line_for_a_day():
    assert verdict(Answer(error="refused"), 4).what == GIVE_UP
    assert verdict(Answer(error="timeout"), 4).what == AGAIN


def test_410_ends_it_at_once():
    assert verdict(Answer(410)).what == GONE


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("90", 90), ("2", 5), ("99999999999999999999", LONGEST_WAIT_S), ("soon", 5), ("-3", 5), ("", 5), ("¹²", 5)],
)
def test_retry_after_is_waited_for_within_reason(said, seconds):
    assert verdict(Answer(503, retry_after=said)).at == NIGHT + timedelta(seconds=seconds)


def test_the_retries_last_about_a_day():
    assert 23 * 3600 < sum(DELAYS) < life_s(DELAYS) < 25 * 3600


@given(
    status=st.integers(0, 999), error=st.sampled_from(("", *ERRORS)), tries=st.integers(1, 50),
    delays=st.lists(st.floats(0, 1e6), max_size=12), said=st.text(max_size=30),
)  # fmt: skip
def test_every_delivery_comes_to_an_end(status, error, tries, delays, said):
    found = judge(Answer(status, error, said), tries, NIGHT, delays_s=delays)
    assert (found.at is not None) == (found.what == AGAIN)
    if tries > len(delays):
        assert found.what != AGAIN
    if found.at is not None:
        assert found.at >= NIGHT
