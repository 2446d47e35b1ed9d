"""oncall's retry table: what each answer of a provider means, and when a page is tried again."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from oncall.notify.retry import Failure, judge_twilio, next_attempt
from oncall.notify.statuses import is_final, is_newer, meaning_of

NOW = datetime(2026, 3, 17, 3, tzinfo=UTC)
DELAYS = (15, 45, 120)
TEMPORARY, PERMANENT, CONTACT = Failure(), Failure(permanent=True), Failure(permanent=True, blames_contact=True)


@pytest.mark.parametrize(
    "http, code, permanent, blames",
    [
        (429, 20429, False, False),
        (429, 0, False, False),
        (500, 0, False, False),
        (503, 20503, False, False),
        (408, 0, False, False),
        (401, 20003, False, False),
        (403, 0, False, False),
        (0, 30001, False, False),
        (0, 30008, False, False),
        (0, 30003, True, False),
        (0, 30007, True, False),
        (400, 21211, True, True),
        (400, 21610, True, True),
        (400, 21614, True, True),
        (0, 30004, True, True),
        (0, 30005, True, True),
        (0, 30006, True, True),
        (0, 30034, True, True),
        (400, 21606, True, False),
        (0, 30450, True, False),
        (404, 20404, True, False),
    ],
)
def test_what_twilio_means(http, code, permanent, blames):
    failure = judge_twilio(http, code)
    assert (failure.permanent, failure.blames_contact, failure.ambiguous) == (permanent, blames, False)
    assert failure.code == str(code or http)


@pytest.mark.parametrize("attempts, wait", [(1, 15), (2, 45), (3, 120)])
def test_a_temporary_failure_is_tried_again_after_15_45_and_120_seconds(attempts, wait):
    verdict = next_attempt(attempts, TEMPORARY, NOW, delays_s=DELAYS, not_after=None)
    assert (verdict.at, verdict.reason) == (NOW + timedelta(seconds=wait), "retry")


def test_it_is_tried_again_at_most_three_times():
    verdict = next_attempt(4, TEMPORARY, NOW, delays_s=DELAYS, not_after=None)
    assert (verdict.at, verdict.reason) == (None, "retries_exhausted")


def test_it_is_never_tried_again_past_the_next_step():
    due = NOW + timedelta(seconds=44)
    assert next_attempt(1, TEMPORARY, NOW, delays_s=DELAYS, not_after=due).at == NOW + timedelta(seconds=15)
    verdict = next_attempt(2, TEMPORARY, NOW, delays_s=DELAYS, not_after=due)
    assert (verdict.at, verdict.reason) == (None, "next_step_due")


@pytest.mark.parametrize("failure, reason", [(PERMANENT, "permanent"), (CONTACT, "contact")])
def test_a_permanent_failure_is_not_tried_again(failure, reason):
    verdict = next_attempt(1, failure, NOW, delays_s=DELAYS, not_after=None)
    assert (verdict.at, verdict.reason) == (None, reason)


@pytest.mark.parametrize(
    "status, truth",
    [
        ("accepted", "accepted"),
        ("queued", "accepted"),
        ("sending", "accepted"),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("read", "answered"),
    ],
)
def test_what_a_status_says(status, truth):
    assert meaning_of(status, "").truth == truth


def test_undelivered_is_never_counted_as_sent():
    meaning = meaning_of("undelivered", "30005")
    assert meaning.truth == ""
    assert meaning.failure.permanent and meaning.failure.blames_contact


def test_failed_with_a_retryable_code_stays_retryable():
    assert meaning_of("failed", "30008").failure == Failure(code="30008")
    assert not meaning_of("failed", "").failure.permanent


def test_a_word_nobody_knows_means_nothing():
    assert meaning_of("transmogrified", "") == meaning_of("", "")
    assert not is_newer("transmogrified", "queued")


def test_words_are_ranked_and_a_receipt_corrects_a_failure():
    order = ["", "accepted", "queued", "sending", "sent", "undelivered", "delivered", "read"]
    for older, newer in itertools.pairwise(order):
        assert is_newer(newer, older) and not is_newer(older, newer)
    assert not is_newer("failed", "delivered")
    assert [status for status in order if is_final(status)] == ["undelivered", "delivered", "read"]
