"""Free text can be taken away; that it was there, and what it hashed to, cannot."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Team
from ledger.link import link_entries
from ledger.models import Entry, Text
from ledger.redaction import NothingToRedact, redact
from ledger.texts import REMOVED, keep, read, read_many, text_hash
from ledger.verify import verify

pytestmark = pytest.mark.django_db
WORDS = "Alice's number is on the fridge"


def test_the_same_words_are_kept_once(at):
    assert keep(WORDS, now=at(1)) == keep(WORDS, now=at(2)) == text_hash(WORDS)
    assert (Text.objects.get().body, Text.objects.get().recorded_at) == (WORDS, at(1))


def test_no_words_have_no_hash(at):
    assert (keep("", now=at(1)), read("")) == ("", "")
    assert not Text.objects.exists()


def test_words_never_kept_are_said_to_be_gone():
    assert read("0" * 64) == REMOVED


def test_many_are_read_with_one_query(at, django_assert_num_queries):
    shas = {keep(f"Reason {n}", now=at(1)) for n in range(5)}
    with django_assert_num_queries(1):
        assert set(read_many(shas).values()) == {f"Reason {n}" for n in range(5)}


class TestRedaction:
    @pytest.fixture
    def team(self, at):
        team = Team(name="Payments")
        team.save(now=at(1), reason=WORDS)
        return team

    def test_the_words_are_gone_everywhere_and_ledger_and_history_still_verify(self, team, at):
        link_entries()
        before = verify().head
        redact(text_hash(WORDS), reason="She asked for it", now=at(2))
        assert team.history.get().reason == REMOVED
        assert not Text.objects.filter(body__contains="fridge").exists()
        link_entries()
        after = verify()
        assert after.holds
        assert Entry.objects.get(seq=1).hash == before, "the old line did not move"

    def test_it_is_itself_on_the_record_with_its_reason(self, team, at):
        redact(text_hash(WORDS), reason="She asked for it", now=at(2))
        line = json.loads(Entry.objects.get(kind="text.redacted").line)
        assert line["data"] == {"sha256": text_hash(WORDS), "reason": text_hash("She asked for it")}
        assert read(line["data"]["reason"]) == "She asked for it"

    def test_the_same_words_written_again_stay_redacted(self, team, at):
        redact(text_hash(WORDS), reason="She asked for it", now=at(2))
        assert read(keep(WORDS, now=at(3))) == REMOVED

    def test_what_is_gone_cannot_be_taken_away_again(self, team, at):
        redact(text_hash(WORDS), reason="She asked for it", now=at(2))
        with pytest.raises(NothingToRedact):
            redact(text_hash(WORDS), reason="Again", now=at(3))

    def test_it_wants_a_reason(self, team, at):
        with pytest.raises(ValueError, match="needs a reason"):
            redact(text_hash(WORDS), reason=" ", now=at(2))
        assert read(text_hash(WORDS)) == WORDS

    def test_the_command_does_it_and_says_so(self, team):
        out = StringIO()
        call_command("redact_text", text_hash(WORDS), reason="She asked for it", stdout=out)
        assert "The text is gone" in out.getvalue()
        assert read(text_hash(WORDS)) == REMOVED
        said = json.loads(Entry.objects.get(kind="text.redacted").line)["actor"]
        assert said == {"kind": "command", "id": "", "via": "manage.py redact_text"}

    def test_the_command_says_when_there_was_nothing(self):
        with pytest.raises(CommandError, match="no readable text"):
            call_command("redact_text", "0" * 64, reason="Mistake")
