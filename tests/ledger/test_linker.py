"""The linker gives committed entries their gapless number and their place in the chain, once."""

import hashlib

import pytest

from ledger.link import GENESIS, chain, link_entries
from ledger.models import Entry, Head
from ledger.record import record
from ledger.verify import verify

pytestmark = pytest.mark.django_db


def write(count, now):
    return [record("test.counted", [("test", f"tst_{n}")], {"n": n}, now=now) for n in range(count)]


def chained():
    return list(Entry.objects.filter(seq__isnull=False).order_by("seq").values_list("seq", "hash", "line"))


def test_the_hash_is_what_sha256sum_says_of_the_hash_before_a_newline_the_line_and_a_newline():
    assert chain("ab", "line") == hashlib.sha256(b"ab\nline\n").hexdigest()


def test_it_numbers_entries_from_one_without_a_gap(at):
    write(3, at(1))
    assert link_entries() == 3
    assert [seq for seq, _, _ in chained()] == [1, 2, 3]


def test_each_hash_covers_the_one_before(at):
    write(3, at(1))
    link_entries()
    previous = GENESIS
    for _, stored, line in chained():
        previous = chain(previous, line)
        assert stored == previous


def test_it_goes_on_where_it_stopped(at):
    write(2, at(1))
    link_entries()
    write(2, at(2))
    assert link_entries() == 2
    assert [seq for seq, _, _ in chained()] == [1, 2, 3, 4]
    assert verify().holds


def test_it_takes_no_more_than_it_is_told(at):
    write(5, at(1))
    assert [link_entries(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert verify().holds


def test_nothing_to_link_costs_one_look(at, django_assert_num_queries):
    write(1, at(1))
    link_entries()
    with django_assert_num_queries(1):
        assert link_entries() == 0


def test_it_remembers_where_the_chain_ends(at):
    write(2, at(1))
    link_entries()
    assert Head.objects.values_list("seq", "hash").get() == chained()[-1][:2]


def test_after_the_end_was_removed_the_chain_goes_on_behind_a_hole_that_stays_visible(at, tamper):
    write(3, at(1))
    link_entries()
    tamper(
        "DELETE FROM ledger_ledgersubject WHERE entry_id IN (SELECT id FROM ledger_entry WHERE seq = 3)",
        table="ledger_ledgersubject",
    )
    tamper("DELETE FROM ledger_entry WHERE seq = 3")
    write(1, at(2))
    link_entries()
    assert [seq for seq, _, _ in chained()] == [1, 2, 4]
    assert verify().faults == ("line 3 is missing: the next stored line is 4",)
