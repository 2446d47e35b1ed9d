"""verify finds every change of what was recorded, and says where it is."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Team
from ledger.link import link_entries
from ledger.models import Entry, Head
from ledger.record import record
from ledger.verify import verify

pytestmark = pytest.mark.django_db
LINES = 5


@pytest.fixture
def ledger(at):
    """Five chained lines, each about one subject."""
    for n in range(1, LINES + 1):
        record("test.counted", [("test", f"tst_{n}")], {"n": n, "who": "Zoë"}, now=at(1, n))
    link_entries()


@pytest.fixture
def team(at):
    team = Team(name="Payments")
    team.save(now=at(2), reason="They take the money")
    team.name = "Money"
    team.save(now=at(3), reason="")
    link_entries()
    return team


def test_an_untouched_ledger_holds(ledger):
    result = verify()
    assert result.holds
    assert (result.linked, result.unlinked) == (LINES, 0)
    assert result.head == Entry.objects.get(seq=LINES).hash


def test_an_empty_ledger_holds():
    assert verify().holds


def test_lines_not_yet_linked_are_counted_and_are_no_fault(ledger, at):
    record("test.counted", [], {}, now=at(4))
    assert (verify().holds, verify().unlinked) == (True, 1)


@pytest.mark.parametrize("seq", range(1, LINES + 1))
def test_a_changed_line_is_named(ledger, tamper, seq):
    tamper("UPDATE ledger_entry SET line = replace(line, '\"n\":', '\"N\":') WHERE seq = %s", [seq])
    (fault,) = verify().faults
    assert fault == f"line {seq} (test.counted, 2026-11-22 01:0{seq}:00{_offset()} UTC) does not match its hash"


def _offset():
    return "+00:00" if connection.vendor == "postgresql" else ""


@pytest.mark.parametrize("seq", range(1, LINES + 1))
def test_a_changed_hash_breaks_its_line_and_the_next(ledger, tamper, seq):
    tamper("UPDATE ledger_entry SET hash = %s WHERE seq = %s", ["0" * 64, seq])
    faults = verify().faults
    assert faults[0].startswith(f"line {seq} ")
    assert any(fault.startswith(f"line {seq + 1} ") for fault in faults) or seq == LINES


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("kind", "test.forged", "its column says 'test.forged', the line says 'test.counted'"),
        ("recorded_at", "2026-11-22 09:00:00", "the line says 2026-11-22T01:02:00.000Z"),
    ],
)
def test_a_column_that_says_something_else_than_the_line_is_named(ledger, tamper, column, value, says):
    tamper(f"UPDATE ledger_entry SET {column} = %s WHERE seq = 2", [value])
    (fault,) = verify().faults
    assert says in fault


def test_a_subject_that_was_changed_is_named(ledger, tamper):
    tamper(
        "UPDATE ledger_ledgersubject SET object_id = 'tst_9' WHERE object_id = 'tst_2'", table="ledger_ledgersubject"
    )
    (fault,) = verify().faults
    assert fault.endswith("its subjects are test:tst_9, the line says test:tst_2")


def test_a_subject_that_was_added_is_named(ledger, tamper):
    entry = Entry.objects.get(seq=2)
    entry.subjects.create(kind="test", object_id="tst_9")
    (fault,) = verify().faults
    assert fault.endswith("its subjects are test:tst_2, test:tst_9, the line says test:tst_2")


def remove(tamper, seq):
    tamper(
        "DELETE FROM ledger_ledgersubject WHERE entry_id IN (SELECT id FROM ledger_entry WHERE seq = %s)",
        [seq],
        table="ledger_ledgersubject",
    )
    tamper("DELETE FROM ledger_entry WHERE seq = %s", [seq])


@pytest.mark.parametrize("seq", range(1, LINES))
def test_a_removed_line_is_named(ledger, tamper, seq):
    remove(tamper, seq)
    assert verify().faults == (f"line {seq} is missing: the next stored line is {seq + 1}",)


def test_a_removed_end_is_seen_because_the_linker_remembers_it(ledger, tamper):
    remove(tamper, LINES)
    assert verify().faults == ("the end is missing: line 5 was noted, the last stored line is 4",)


def test_a_removed_end_that_the_linker_was_made_to_forget_is_seen_by_who_noted_it_elsewhere(ledger, tamper):
    noted = (LINES, Entry.objects.get(seq=LINES).hash)
    remove(tamper, LINES)
    Head.objects.update(seq=LINES - 1, hash=Entry.objects.get(seq=LINES - 1).hash)
    assert verify().holds, "nothing inside this database remembers: docs/ledger.md says so"
    assert not verify(remembered=[noted]).holds


def test_a_chain_that_was_recomputed_as_a_whole_is_seen_by_who_noted_a_line(ledger, tamper):
    noted = (3, Entry.objects.get(seq=3).hash)
    tamper("UPDATE ledger_entry SET line = replace(line, '\"n\":1', '\"n\":7') WHERE seq = 1")
    tamper("UPDATE ledger_entry SET seq = NULL, hash = NULL")
    Head.objects.all().delete()
    link_entries()
    assert verify().holds
    assert verify(remembered=[noted]).faults[0].endswith(f"is not the line whose hash was noted: {noted[1][:16]}…")


def test_two_lines_that_changed_places_are_named(ledger, tamper):
    tamper("UPDATE ledger_entry SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3)")
    tamper("UPDATE ledger_entry SET seq = -seq WHERE seq < 0")
    assert len(verify().faults) >= 2


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL refuses to store what is no text")
def test_damage_that_is_no_text_any_more_is_a_fault_and_no_crash(ledger, tamper):
    tamper("UPDATE ledger_entry SET line = CAST(x'7bff7d' AS TEXT) WHERE seq = 2")
    (fault,) = verify().faults
    assert fault.startswith("line 2 ")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL refuses to store what is no time")
def test_a_time_that_cannot_be_read_is_a_fault_and_no_crash(ledger, tamper):
    tamper("UPDATE ledger_entry SET recorded_at = 'noon' WHERE seq = 2")
    (fault,) = verify().faults
    assert fault.endswith("its column of the time cannot be read")


def test_many_faults_are_cut_off(ledger, tamper):
    tamper("UPDATE ledger_entry SET hash = %s", ["0" * 64])
    assert len(verify(most_faults=2).faults) == 2


# Configuration ------------------------------------------------------------------------------------


def test_a_configuration_and_its_history_hold(team):
    assert verify().faults == ()


def test_a_configuration_changed_around_its_history_is_named(team, tamper):
    tamper("UPDATE accounts_team SET name = 'Mine'", table="accounts_team")
    assert verify().faults == (f"{team.public_id} is not what its history says: it was changed around the record",)


def test_a_change_around_the_history_is_named_also_after_a_rightful_one_covered_it(team, tamper, at):
    tamper("UPDATE accounts_team SET name = 'Mine'", table="accounts_team")
    team.refresh_from_db()
    team.name = "Money again"
    team.save(now=at(4), reason="")
    link_entries()
    assert verify().faults == (
        f"{team.public_id} version 3 began from another state than its last version: it was changed around the record",
    )


def test_a_configuration_row_that_was_deleted_is_named(team, tamper):
    tamper("DELETE FROM accounts_team", table="accounts_team")
    assert verify().faults == (f"{team.public_id} has a history and is gone",)


@pytest.mark.parametrize("column", ["name", "state", "state_sha256"])
def test_a_changed_history_is_named(team, tamper, column):
    tamper(f"UPDATE accounts_historicalteam SET {column} = 'x' WHERE version = 1", table="accounts_historicalteam")
    assert verify().faults[0] == f"the history of {team.public_id} version 1 was changed after it was written"


def test_a_removed_version_is_named(team, tamper):
    tamper("DELETE FROM accounts_historicalteam WHERE version = 1", table="accounts_historicalteam")
    assert f"the history of {team.public_id} version 1 is missing" in verify().faults


def test_an_invented_version_is_named(team, tamper):
    row = team.history.get(version=2)
    row.pk, row.version, row.state, row.state_sha256 = None, 3, row.state.replace('"version":2', '"version":3'), ""
    row.save()
    assert f"the history of {team.public_id} version 3 has no line in the ledger" in verify().faults


# The command --------------------------------------------------------------------------------------


def test_the_command_says_that_it_holds_and_where_it_ends(ledger):
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    head = Entry.objects.get(seq=LINES).hash
    assert out.getvalue() == f"The ledger holds: 5 lines, head 5:{head}, daily seals 0.\n"
    call_command("verify_ledger", noted=[f"5:{head}"], stdout=out)


def test_the_command_fails_with_the_faults_in_words(ledger, tamper):
    tamper("UPDATE ledger_entry SET line = line || ' ' WHERE seq = 4")
    with pytest.raises(CommandError, match=r"does not hold.\n  line 4 .* does not match its hash"):
        call_command("verify_ledger")


def test_the_command_chains_what_waits_before_it_verifies(ledger, at):
    record("test.counted", [], {}, now=at(4))
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    assert "6 lines" in out.getvalue()


def test_a_note_that_is_none_is_refused_in_a_sentence(ledger):
    with pytest.raises(CommandError, match="is not LINE:HASH"):
        call_command("verify_ledger", noted=["yesterday"])
