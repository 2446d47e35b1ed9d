"""Hints go out after the commit, once each, and losing one loses nothing."""

import pytest
from django.db import transaction

from ledger.hints import hint, set_publisher

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def published():
    names = []
    set_publisher(names.append)
    yield names
    set_publisher(None)


def test_a_hint_waits_for_the_commit(published):
    with transaction.atomic():
        hint("plan")
        assert published == []
    assert published == ["plan"]


def test_many_of_one_name_are_one(published):
    with transaction.atomic():
        for _ in range(5):
            hint("plan")
            hint("send")
    assert sorted(published) == ["plan", "send"]


def test_outside_a_transaction_it_goes_out_at_once(published):
    hint("link")
    assert published == ["link"]


def test_what_was_rolled_back_gives_no_hint_and_the_next_transaction_does(published):
    with pytest.raises(RuntimeError), transaction.atomic():
        hint("plan")
        raise RuntimeError
    with transaction.atomic():
        hint("send")
        hint("plan")
    assert published == ["send", "plan"]


def test_a_hint_lost_with_its_savepoint_can_be_given_again(published):
    with transaction.atomic():
        with pytest.raises(RuntimeError), transaction.atomic():
            hint("plan")
            raise RuntimeError
        hint("send")
        hint("plan")
    assert published == ["send", "plan"]


def test_a_dead_broker_costs_a_log_line_and_no_more(published, caplog):
    def broken(name):
        raise ConnectionError

    set_publisher(broken)
    hint("plan")
    assert "hint_lost" in caplog.text


def test_a_process_that_may_not_publish_publishes_nothing():
    set_publisher(None)
    hint("plan")


def test_an_unknown_name_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="unknown hint"):
        hint("dinner")
