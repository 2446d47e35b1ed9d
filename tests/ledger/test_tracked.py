"""Configuration: every change is one version, one history row and one line, and nothing goes around it."""

import json

import pytest
from django.db import transaction

from accounts.models import AllowedNetwork, ContactMethod, Team, User
from ledger.actors import Actor, acting_as
from ledger.models import Entry
from ledger.texts import text_hash
from ledger.tracked import StaleVersion, TrackedOnly, as_of, differences, version_of
from ledger.verify import verify

pytestmark = pytest.mark.django_db
ALICE = Actor("user", "usr_alice", label="Alice", via="screen", network="192.0.2.0/24", request_id="req_1")


@pytest.fixture
def team(at):
    team = Team(name="Payments")
    with acting_as(ALICE):
        team.save(now=at(1), reason="They take the money")
    return team


@pytest.fixture
def user(at):
    return User.objects.create_user("ben@example.com", "a long password", name="Ben Okafor", now=at(1))


def lines(kind):
    return [json.loads(line) for line in Entry.objects.filter(kind=kind).order_by("id").values_list("line", flat=True)]


def test_creating_writes_version_one_its_history_and_its_line(team, at):
    (row,) = team.history.all()
    (line,) = lines("config.team.created")
    assert (team.version, row.version, row.history_type, row.history_date) == (1, 1, "+", at(1))
    assert line["subjects"] == [f"team:{team.public_id}"]
    assert line["data"]["version"] == 1
    assert line["data"]["before"] == ""
    assert line["data"]["after"] == row.state_sha256 == text_hash(row.state)


def test_history_knows_who_acted_from_where_and_why(team):
    (row,) = team.history.all()
    assert (row.actor_kind, row.actor_id, row.actor_via) == ("user", "usr_alice", "screen")
    assert (row.actor_network, row.request_id, row.reason) == ("192.0.2.0/24", "req_1", "They take the money")


def test_the_reason_enters_history_and_ledger_as_its_hash_only(team):
    (row,) = team.history.all()
    (line,) = lines("config.team.created")
    assert row.history_change_reason == line["data"]["reason"] == text_hash("They take the money")


def test_a_change_names_the_fields_and_both_states(team, at):
    team.name = "Money"
    team.save(now=at(2), reason="")
    before, after = team.history.order_by("version")
    (line,) = lines("config.team.changed")
    assert line["data"]["fields"] == ["name"]
    assert (line["data"]["before"], line["data"]["after"]) == (before.state_sha256, after.state_sha256)
    assert (team.version, line["data"]["version"]) == (2, 2)


def test_saving_without_a_change_writes_nothing(team, at):
    team.save(now=at(2), reason="just looking")
    assert (team.version, team.history.count(), Entry.objects.count()) == (1, 1, 1)


def test_retiring_takes_it_out_of_force_and_keeps_everything(team, at):
    team.retire(now=at(2), reason="Merged into Money")
    assert not Team.objects.in_force().exists()
    assert Team.objects.get().retired_at == at(2)
    assert len(lines("config.team.retired")) == 1


def test_a_change_of_an_untracked_field_makes_no_version(user, at):
    user.theme = "dark"
    user.save(now=at(2), reason="")
    assert User.objects.get().theme == "dark"
    assert (user.version, user.history.count(), Entry.objects.count()) == (1, 1, 1)


def test_a_changed_address_makes_a_version_that_shows_only_the_mask(user, at):
    contact = ContactMethod(user=user, kind="phone", address="+447700900080")
    contact.save(now=at(2), reason="")
    contact.address = "+447700900081"
    contact.save(now=at(3), reason="")
    newest = contact.history.latest("version")
    assert (newest.version, newest.address_mask) == (2, "+44 … 81")
    assert not hasattr(newest, "address")


def test_a_stale_version_saves_nothing(team, at):
    mine = Team.objects.get()
    team.name = "Money"
    team.save(now=at(2), reason="", expected_version=1)
    mine.name = "Treasury"
    with pytest.raises(StaleVersion, match="you saw version 1, version 2 is in force"):
        mine.save(now=at(3), reason="", expected_version=1)
    assert Team.objects.get().name == "Money"


def test_update_fields_may_save_an_untracked_field_of_a_stale_object(user, at):
    stale = User.objects.get()
    user.role = "admin"
    user.save(now=at(2), reason="")
    stale.last_login = at(3)
    stale.save(update_fields=["last_login"])
    assert (User.objects.get().role, User.objects.get().version) == ("admin", 2)


def test_update_fields_may_not_save_half_a_change(user, at):
    user.name = "Benedict Okafor"
    user.timezone = "Europe/London"
    with pytest.raises(TrackedOnly, match="leaves out the changed"):
        user.save(now=at(2), reason="", update_fields=["timezone"])
    assert User.objects.get().timezone == "UTC"


def test_update_fields_may_save_a_whole_change(user, at):
    user.role = "manager"
    user.save(now=at(2), reason="", update_fields=["role"])
    assert (User.objects.get().role, User.objects.get().version) == ("manager", 2)
    assert verify().holds


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: Team.objects.update(name="x"),
        lambda: Team.objects.filter(pk=1).update(name="x"),
        lambda: Team.objects.bulk_create([Team(name="x")]),
        lambda: Team.objects.bulk_update([], ["name"]),
        lambda: Team.objects.all().delete(),
        lambda: Team.objects.update_or_create(name="x"),
        lambda: User.objects.update(name="x"),
        lambda: Team.objects.get().delete(),
    ],
)
def test_writing_around_the_record_is_refused(team, attempt):
    with pytest.raises(TrackedOnly):
        attempt()


def test_values_are_the_same_before_and_after_the_database(at):
    network = AllowedNetwork(cidr="10.0.0.0/8")
    network.save(now=at(1), reason="Our own")
    assert network.state_text() == AllowedNetwork.objects.get().state_text() == network.history.get().state


def test_a_failed_save_leaves_no_history_and_no_line(team, at):
    with pytest.raises(RuntimeError), transaction.atomic():
        team.name = "Money"
        team.save(now=at(2), reason="")
        raise RuntimeError
    assert (team.history.count(), Entry.objects.count()) == (1, 1)


class TestAsOf:
    """The past is read from history, never from what is there today."""

    def test_before_it_was_made_there_is_nothing(self, team, at):
        assert as_of(Team, at(0, 59)) == []

    def test_a_change_counts_from_its_own_instant(self, team, at):
        team.name = "Money"
        team.save(now=at(2), reason="")
        assert [row.name for row in as_of(Team, at(1, 59, 59))] == ["Payments"]
        assert [row.name for row in as_of(Team, at(2))] == ["Money"]

    def test_what_was_retired_later_was_still_in_force(self, team, at):
        team.retire(now=at(5), reason="Merged")
        assert [row.retired_at for row in as_of(Team, at(4))] == [None]
        assert [row.retired_at for row in as_of(Team, at(5))] == [at(5)]

    def test_two_changes_in_one_instant_count_as_the_later_version(self, team, at):
        for name in ("Money", "Treasury"):
            team.name = name
            team.save(now=at(2), reason="")
        assert [row.name for row in as_of(Team, at(2))] == ["Treasury"]

    def test_it_needs_one_query_however_many_versions(self, team, at, django_assert_num_queries):
        for n in range(10):
            team.name = f"Payments {n}"
            team.save(now=at(2, n), reason="")
        with django_assert_num_queries(1):
            assert [row.name for row in as_of(Team, at(3))] == ["Payments 9"]

    def test_one_version_can_be_asked_for(self, team, at):
        team.name = "Money"
        team.save(now=at(2), reason="")
        assert version_of(team, 1).name == "Payments"

    def test_two_versions_differ_where_they_differ(self, team, at):
        team.name = "Money"
        team.save(now=at(2), reason="")
        (difference,) = differences(version_of(team, 1), version_of(team, 2))
        assert (difference.field, difference.before, difference.after) == ("name", "Payments", "Money")

    def test_the_first_version_differs_from_nothing(self, team):
        assert {d.field for d in differences(None, version_of(team, 1))} == {"name", "public_id"}
