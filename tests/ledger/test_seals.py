"""A day of the chain is closed once, in order, quiet days too; seals tile the chain; a changed seal is found."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import seal_keys, seal_text
from ledger.link import GENESIS, link_entries
from ledger.models import Entry, Seal, SealKey
from ledger.record import record
from ledger.seal_text import NO_SEAL, DayFacts
from ledger.seals import day_due, lines_between, read_day, write_seal
from ledger.verify import verify

pytestmark = pytest.mark.django_db
FIRST = date(2026, 11, 22)
FACTS = DayFacts(
    "org_1 Larkspur Logistics", "0.1.0", monitors=3, checks_expected=10, checks_executed=9, longest_gap_s=0
)


def on(day, hour=12, minute=0, second=0):
    """An instant of the n-th day."""
    return datetime(2026, 11, 22, hour, minute, second, tzinfo=UTC) + timedelta(days=day)


def note(at, n=1):
    """A fact recorded at an instant."""
    record("test.counted", [("test", f"tst_{n}")], {"n": n, "who": "Zoë"}, now=at)


def close(day, *, now=None):
    """Seal the n-th day as its night does."""
    chosen = FIRST + timedelta(days=day)
    lines = read_day(chosen)
    return None if lines is None else write_seal(lines, FACTS, now=now or seal_text.ready_at(chosen))


def catch_up(now):
    """Seal every day that is due."""
    made = []
    while (day := day_due(now)) is not None:
        made.append(close((day - FIRST).days, now=now))
    return made


def test_a_seal_says_which_lines_and_what_they_come_to():
    note(on(0), 1)
    note(on(0), 2)
    seal = close(0)
    said = seal_text.read(seal.text)
    assert (said["day"], said["first"], said["last"], said["entries"]) == ("2026-11-22", "1", "2", "2")
    assert said["head"] == Entry.objects.get(seq=2).hash
    assert (said["start"], said["previous"]) == (GENESIS, NO_SEAL)
    assert (said["checks_expected"], said["checks_executed"], said["demo"]) == ("10", "9", "no")
    assert said["key"] == seal_keys.fingerprint()
    assert seal_keys.holds(seal.key.pem, seal.signature_bytes, seal.text.encode())


def test_nothing_is_due_before_ten_past_midnight_utc():
    note(on(0))
    assert day_due(on(1, 0, 9, 59)) is None
    assert day_due(on(1, 0, 10)) == FIRST
    with pytest.raises(ValueError, match="2026-11-22 is sealed from 2026-11-23 00:10 UTC on"):
        write_seal(read_day(FIRST), FACTS, now=on(1, 0, 9))


def test_nothing_is_due_while_nothing_was_ever_recorded():
    assert day_due(on(5)) is None


def test_a_quiet_day_gets_a_seal_of_its_own_that_says_so():
    note(on(0))
    busy, quiet = close(0), close(1)
    assert (busy.quiet, busy.entries) == (False, 1)
    assert quiet.quiet, "there is nothing but the lines about the seal before and its key"
    assert (quiet.first_seq, quiet.entries) == (2, 2)


def test_a_day_without_any_line_has_an_empty_file_and_the_head_of_the_day_before():
    note(on(0))
    first, second = catch_up(on(2, 0, 10))
    assert (second.first_seq, second.last_seq, second.entries) == (2, 1, 0), (
        "the lines about seals are of the third day"
    )
    assert second.head == first.head
    assert second.day_sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert second.quiet


def test_after_an_outage_every_missed_day_is_sealed_in_order():
    note(on(0))
    seals = catch_up(on(6, 9))
    assert [seal.day for seal in seals] == [FIRST + timedelta(days=n) for n in range(6)]
    assert [seal.previous_sha256 for seal in seals] == [NO_SEAL, *(seal.sha256 for seal in seals[:-1])]
    assert {seal.sealed_at for seal in seals} == {on(6, 9)}, "and says when it was made"
    assert catch_up(on(6, 9)) == []


def test_a_day_is_sealed_once_whoever_tries():
    note(on(0))
    lines = read_day(FIRST)
    assert write_seal(lines, FACTS, now=on(1)) is not None
    assert write_seal(lines, FACTS, now=on(1)) is None
    assert Seal.objects.count() == 1


def test_a_line_that_comes_between_reading_and_writing_is_not_lost():
    note(on(0))
    lines = read_day(FIRST)
    note(on(0, 23), 2)
    assert write_seal(lines, FACTS, now=on(1)) is None, "the day has a line without number"
    link_entries()
    assert write_seal(lines, FACTS, now=on(1)) is None, "the day has a line that was not read"
    assert close(0).entries == 2


def test_a_line_committed_after_the_seal_of_its_day_is_in_the_next_seal():
    note(on(0), 1)
    first = close(0)
    note(on(0, 23, 59), 2)
    note(on(1), 3)
    second = close(1)
    late = Entry.objects.get(line__contains='"n":2')
    assert first.last_seq < late.seq
    assert second.first_seq <= late.seq <= second.last_seq


def test_a_line_stamped_tomorrow_by_a_wrong_clock_holds_nothing_up():
    note(on(0), 1)
    note(on(400), 2)
    note(on(0), 3)
    assert close(0).entries == 3
    note(on(400), 4)
    note(on(1), 5)
    second = close(1)
    assert Entry.objects.get(line__contains='"n":5').seq == second.last_seq


def test_the_key_that_signed_stays_when_the_key_is_changed(settings):
    note(on(0))
    close(0)
    settings.SEAL_KEY = b"n" * 32
    second = close(1)
    assert SealKey.objects.count() == 2
    assert seal_text.read(second.text)["key"] == seal_keys.fingerprint()
    assert Entry.objects.filter(kind="seal.key_first_used").count() == 2
    link_entries()
    assert verify().faults == ()


def test_the_fingerprint_is_that_of_the_public_key():
    assert seal_keys.fingerprint_of(seal_keys.public_pem()) == seal_keys.fingerprint()
    assert not seal_keys.holds(seal_keys.public_pem(), seal_keys.sign(b"one"), b"two")
    with pytest.raises(ValueError, match="."):
        seal_keys.fingerprint_of("no key")


def test_a_name_with_a_line_break_adds_no_line_to_a_seal():
    note(on(0))
    facts = DayFacts("org_1 Lark\ndemo no\nspur", "0.1.0", demo=True)
    text = seal_text.write(read_day(FIRST), facts, sealed_at=on(1), key="k")
    assert seal_text.read(text)["demo"] == "yes"
    assert seal_text.read(text)["organisation"] == "org_1 Lark demo no spur"
    assert seal_text.read(text)["checks_executed"] == "unknown"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("note"), st.integers(0, 4), st.integers(0, 23)),
            st.tuples(st.just("link"), st.just(0), st.just(0)),
            st.tuples(st.just("seal"), st.integers(0, 6), st.integers(0, 23)),
        ),
        max_size=25,
    )
)
def test_seals_tile_the_chain_whatever_comes_when(db, steps):
    """Lines with any clock, chained at any time, sealed at any time: every number is in exactly one seal."""
    sid = transaction.savepoint()
    try:
        note(on(0, 0))
        for what, day, hour in steps:
            if what == "note":
                note(on(day, hour))
            elif what == "link":
                link_entries()
            else:
                catch_up(on(day, hour))
        catch_up(on(8))
        seals = list(Seal.objects.order_by("day"))
        numbers = [n for seal in seals for n in range(seal.first_seq, seal.last_seq + 1)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert [seal.day for seal in seals] == [FIRST + timedelta(days=n) for n in range(len(seals))]
        assert not Entry.objects.filter(seq__gt=len(numbers)).exclude(kind__startswith="seal.").exists()
        assert sum(1 for seal in seals for _ in lines_between(seal.first_seq, seal.last_seq)) == len(numbers)
        link_entries()
        assert verify().faults == ()
    finally:
        transaction.savepoint_rollback(sid)


@pytest.fixture
def sealed():
    """Three sealed days."""
    for day in range(3):
        note(on(day), day)
        close(day)
    link_entries()


SPOILT = {
    "a changed text": (
        "UPDATE ledger_seal SET text = replace(text, 'monitors 3', 'monitors 4') WHERE day = '2026-11-23'",
        ("seal of 2026-11-23: its text was changed", "seal of 2026-11-23: its signature does not fit its text"),
    ),
    "a changed column": (
        "UPDATE ledger_seal SET entries = 7 WHERE day = '2026-11-22'",
        (
            "seal of 2026-11-22: its columns say something else than its text",
            "seal of 2026-11-22: its lines 1 to 1 are not those that were sealed",
        ),
    ),
    "a removed seal": (
        "DELETE FROM ledger_seal WHERE day = '2026-11-23'",
        (
            "seal of 2026-11-24: the days between 2026-11-22 and 2026-11-24 have no seal",
            "seal of 2026-11-24: it does not follow the seal before it",
            "seal of 2026-11-24: its lines do not begin where those of the seal before it end",
            "seal of 2026-11-24: the chain does not begin or end that day at the hash that was sealed",
        ),
    ),
    "a damaged signature": (
        "UPDATE ledger_seal SET signature = 'AAAA' WHERE day = '2026-11-24'",
        ("seal of 2026-11-24: its signature does not fit its text",),
    ),
    "a damaged key": (
        "UPDATE ledger_sealkey SET pem = 'none'",
        tuple(f"seal of 2026-11-2{n}: a stored value cannot be read" for n in (2, 3, 4)),
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_verification_finds(sealed, tamper, what):
    sql, expected = SPOILT[what]
    tamper(sql, table="ledger_sealkey" if "sealkey" in sql else "ledger_seal")
    faults = [fault for fault in verify().faults if "was made and is gone" not in fault]
    assert len(faults) == len(expected), faults
    for fault, begins in zip(faults, expected, strict=True):
        assert fault.startswith(begins)


def test_the_newest_seal_cannot_go_unseen(sealed, tamper):
    tamper("DELETE FROM ledger_seal WHERE day = '2026-11-24'", table="ledger_seal")
    (fault,) = verify().faults
    assert fault.endswith("was made and is gone")


def test_a_rewritten_chain_does_not_fit_its_seal(sealed, tamper):
    tamper("UPDATE ledger_entry SET line = replace(line, '\"n\":0', '\"n\":9') WHERE seq = 1")
    assert "seal of 2026-11-22: its lines 1 to 1 are not those that were sealed" in verify().faults


def test_untouched_seals_hold(sealed):
    assert (verify().faults, verify().seals) == ((), 3)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_no_day_is_sealed_while_the_linker_is_at_work(django_db_blocker):
    note_in_transaction(on(0))
    lines = read_day(FIRST)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [0x57424C4B])
        assert write_seal(lines, FACTS, now=on(1)) is None
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [0x57424C4B])
    finally:
        other.close()
    assert write_seal(lines, FACTS, now=on(1)) is not None


def note_in_transaction(at):
    with transaction.atomic():
        note(at)
