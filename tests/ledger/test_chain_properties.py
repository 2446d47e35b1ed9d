"""Whatever is done to a chained ledger, it is seen: any byte, any line removed, moved or put in between."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.link import GENESIS, chain, link_entries
from ledger.models import Entry
from ledger.record import record
from ledger.verify import verify

pytestmark = pytest.mark.django_db
by_example = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
facts = st.lists(
    st.dictionaries(words, words | st.integers(-(2**53), 2**53) | st.booleans(), max_size=3), min_size=2, max_size=6
)


class Undone(Exception):
    """Ends an example, so that the next begins with an empty ledger."""


def ledger_of(facts, at):
    for n, data in enumerate(facts):
        record("test.said", [("test", f"tst_{n}")], data, now=at(1, n))
    link_entries()
    assert verify().holds


def example(story):
    """Run one example in a savepoint that is rolled back."""
    try:
        with transaction.atomic():
            story()
            raise Undone
    except Undone:
        return


@by_example
@given(facts=facts, data=st.data())
def test_any_changed_character_is_seen(at, tamper, facts, data):
    def story():
        ledger_of(facts, at)
        entry = Entry.objects.get(seq=data.draw(st.integers(1, len(facts)), label="line"))
        place = data.draw(st.integers(0, len(entry.line) - 1), label="place")
        other = data.draw(st.characters(exclude_categories=["Cs"], exclude_characters="\0" + entry.line[place]))
        tamper(
            "UPDATE ledger_entry SET line = %s WHERE id = %s",
            [entry.line[:place] + other + entry.line[place + 1 :], entry.pk],
        )
        (fault,) = verify().faults
        assert fault.startswith(f"line {entry.seq} ")

    example(story)


@by_example
@given(facts=facts, data=st.data())
def test_any_removed_line_is_seen(at, tamper, facts, data):
    def story():
        ledger_of(facts, at)
        seq = data.draw(st.integers(1, len(facts)), label="line")
        entry = Entry.objects.get(seq=seq)
        tamper("DELETE FROM ledger_ledgersubject WHERE entry_id = %s", [entry.pk], table="ledger_ledgersubject")
        tamper("DELETE FROM ledger_entry WHERE id = %s", [entry.pk])
        assert not verify().holds

    example(story)


@by_example
@given(facts=facts, data=st.data())
def test_any_two_lines_that_change_places_are_seen(at, tamper, facts, data):
    def story():
        ledger_of(facts, at)
        one, other = data.draw(st.permutations(range(1, len(facts) + 1)), label="lines")[:2]
        tamper(
            "UPDATE ledger_entry SET seq = CASE seq WHEN %s THEN %s ELSE %s END WHERE seq IN (%s, %s)",
            [one, -other, -one, one, other],
        )
        tamper("UPDATE ledger_entry SET seq = -seq WHERE seq < 0")
        assert not verify().holds

    example(story)


@by_example
@given(facts=facts, data=st.data())
def test_any_line_put_in_between_is_seen_even_with_a_hash_that_fits(at, tamper, facts, data):
    def story():
        ledger_of(facts, at)
        after = data.draw(st.integers(0, len(facts) - 1), label="after line")
        tamper("UPDATE ledger_entry SET seq = -seq - 1 WHERE seq > %s", [after])
        tamper("UPDATE ledger_entry SET seq = -seq WHERE seq < 0")
        previous = Entry.objects.get(seq=after).hash if after else GENESIS
        forged = Entry.objects.first()
        tamper(
            "INSERT INTO ledger_entry (recorded_at, kind, line, seq, hash) VALUES (%s, %s, %s, %s, %s)",
            [forged.recorded_at, forged.kind, forged.line, after + 1, chain(previous, forged.line)],
        )
        assert not verify().holds

    example(story)


@by_example
@given(facts=facts)
def test_an_untouched_ledger_always_holds_whatever_was_said(at, facts):
    example(lambda: ledger_of(facts, at))
