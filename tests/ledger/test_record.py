"""One line for each fact, in the transaction of the fact, by the one writer there is."""

import json

import pytest
from django.db import transaction

from accounts.models import Team
from ledger.actors import Actor, acting_as
from ledger.models import Entry, LedgerSubject
from ledger.record import OutsideTransaction, record

pytestmark = pytest.mark.django_db


def test_it_writes_one_line_with_the_instant_the_kind_the_actor_and_the_subjects(at):
    with transaction.atomic(), acting_as(Actor("user", "usr_alice", label="Alice", via="screen")):
        entry = record(
            "incident.acknowledged",
            [("incident", "INC-2026-0001"), ("user", "usr_alice")],
            {"how": "screen"},
            now=at(3),
        )
    assert json.loads(entry.line) == {
        "at": "2026-11-22T03:00:00.000Z",
        "kind": "incident.acknowledged",
        "actor": {"kind": "user", "id": "usr_alice", "via": "screen"},
        "subjects": ["incident:INC-2026-0001", "user:usr_alice"],
        "data": {"how": "screen"},
    }
    stored = Entry.objects.get()
    assert (stored.pk, stored.line, stored.kind, stored.recorded_at) == (entry.pk, entry.line, entry.kind, at(3))
    assert list(LedgerSubject.objects.order_by("id").values_list("entry", "kind", "object_id")) == [
        (entry.pk, "incident", "INC-2026-0001"),
        (entry.pk, "user", "usr_alice"),
    ]


def test_the_name_of_the_actor_stays_out(at):
    with acting_as(Actor("user", "usr_alice", label="Alice Liddell", via="screen")):
        assert "Alice" not in record("incident.opened", [], {}, now=at(3)).line


def test_an_object_is_named_by_its_kind_and_public_id(at):
    team = Team(name="Payments")
    team.save(now=at(1), reason="")
    entry = record("team.noticed", [team], {}, now=at(2))
    assert json.loads(entry.line)["subjects"] == [f"team:{team.public_id}"]


def test_an_entry_without_subjects_is_an_entry(at):
    record("ledger.day_began", [], {}, now=at(0))
    assert Entry.objects.count() == 1
    assert LedgerSubject.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_write_outside_the_transaction_of_the_fact(at):
    with pytest.raises(OutsideTransaction):
        record("incident.opened", [], {}, now=at(3))
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_leaves_no_line(at):
    with pytest.raises(RuntimeError), transaction.atomic():
        record("incident.opened", [("incident", "INC-2026-0001")], {}, now=at(3))
        raise RuntimeError
    assert not Entry.objects.exists()
    assert not LedgerSubject.objects.exists()


def test_half_a_surrogate_pair_is_kept_as_its_escape(at):
    entry = record("monitor.named", [], {"url": "http://x/\ud83d"}, now=at(3))
    assert json.loads(Entry.objects.get().line)["data"] == {"url": "http://x/\ud83d"}
    assert "\\ud83d" in entry.line


def test_a_number_that_is_no_number_is_refused(at):
    with pytest.raises(ValueError, match="JSON"):
        record("monitor.measured", [], {"ms": float("nan")}, now=at(3))
