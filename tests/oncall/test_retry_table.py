"""oncall's retry table: what each answer of a provider means, and when a page is tried again."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from oncall.notify.retry import Failure, after_busy, judge_bounce, judge_call, judge_twilio, next_attempt
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


# calls


@pytest.mark.parametrize(
    "code, permanent, blames",
    [
        ("", False, False),
        ("sip404", True, True),
        ("sip410", True, True),
        ("sip484", True, True),
        ("sip604", True, True),
        ("sip408", False, False),
        ("sip480", False, False),
        ("sip486", False, False),
        ("sip503", False, False),
        ("sip600", False, False),
        ("sip403", True, False),
        ("sip603", True, False),
        ("sipnonsense", True, False),
        ("13224", True, True),
        ("31000", True, False),
        ("0", False, False),
    ],
)
def test_why_a_call_failed(code, permanent, blames):
    failure = judge_call(code)
    assert (failure.permanent, failure.blames_contact, failure.ambiguous) == (permanent, blames, False)


def test_a_busy_line_is_called_once_more_after_a_minute_and_not_past_the_next_step():
    minute = NOW + timedelta(seconds=60)
    assert after_busy(1, NOW, not_after=None) == minute
    assert after_busy(1, NOW, not_after=minute) == minute
    assert after_busy(1, NOW, not_after=NOW + timedelta(seconds=59)) is None
    assert after_busy(2, NOW, not_after=None) is None


@pytest.mark.parametrize(
    "status, truth, ended",
    [
        ("queued", "accepted", ""),
        ("initiated", "sent", ""),
        ("ringing", "delivered", ""),
        ("in-progress", "answered", ""),
        ("completed", "answered", "no_key"),
        ("no-answer", "", "no_answer"),
        ("busy", "", "busy"),
        ("canceled", "", "canceled"),
        ("transmogrified", "", ""),
    ],
)
def test_what_is_said_of_a_call(status, truth, ended):
    meaning = meaning_of(status, "", "voice")
    assert (meaning.truth, meaning.ended, meaning.failure) == (truth, ended, None)


def test_nothing_that_is_said_of_a_call_confirms_it():
    words = ["queued", "initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "canceled", "failed"]
    assert "confirmed" not in {meaning_of(status, "", "voice").truth for status in words}


def test_the_words_of_a_call_are_ranked_and_its_ends_are_final():
    order = ["", "queued", "initiated", "ringing", "in-progress", "completed"]
    for older, newer in itertools.pairwise(order):
        assert is_newer(newer, older) and not is_newer(older, newer)
    assert all(is_newer(end, "ringing") and is_final(end) for end in ("busy", "no-answer", "failed", "canceled"))
    assert not any(is_final(status) for status in order[:-1])


# letters


@pytest.mark.parametrize("code, blames", [("5.1.1", True), ("5.2.2", True), ("4.4.7", False), ("", False)])
def test_a_letter_that_came_back_is_not_sent_there_again(code, blames):
    failure = judge_bounce(code)
    assert (failure.permanent, failure.blames_contact) == (True, blames)


def test_what_a_mail_server_says():
    assert meaning_of("bounced", "5.1.1", "email").failure.blames_contact
    assert meaning_of("delivered", "", "email").truth == "delivered"
    assert all(meaning_of(word, "", "email").noted for word in ("delayed", "relayed", "expanded", "replied"))
    assert is_newer("bounced", "delayed") and is_newer("delayed", "accepted") and not is_newer("bounced", "delivered")
