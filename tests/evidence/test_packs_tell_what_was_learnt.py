"""What an incident's pack says of its aftermath: what customers were told, what was learnt, what was promised."""

import json
from datetime import timedelta

import pytest

from evidence.services.packs import make_incident_pack, make_period_pack
from ledger.models import Entry
from postmortems.services.actions import finish, verify
from postmortems.services.review import publish, submit
from statuspage.services import change_page, correct_update, publish_update
from statuspage.services.updates import Said
from tests import builders
from tests.evidence.test_packs_hold_the_incident import table
from tests.postmortems.desk import Desk, fault

pytestmark = pytest.mark.django_db


@pytest.fixture
def aftermath(world):
    """Customers were told, wrongly at first; Alice wrote the post-mortem and Mona approved it; Bob verified the item."""
    page = builders.status_page(team=world.team, now=world.now)
    world.component = builders.component(page, world.service, now=world.now)
    world.page = page
    incident = fault(world)
    alice, mona, bob = (Desk(world, name) for name in ("Alice", "Mona", "Bob"))
    who = {**alice.by, "how": "screen"}
    impact = {world.component.public_id: "down"}
    wrong = publish_update(page, incident, Said("identified", "A disk is full.", "No orders", impact), **who)
    world.advance(minutes=1)
    correct_update(wrong, Said("identified", "We know why."), reason="Not a disk", **{**alice.by, "how": "screen"})
    draft = alice.writes_all(alice.starts(incident))
    alice.does(submit, draft)
    mona.does(publish, draft, how="screen")
    item = draft.actions.get()
    alice.does(finish, item, evidence="Drill of Tuesday")
    bob.does(verify, item)
    world.desks = (alice, mona, bob)
    return world


@pytest.fixture
def made(aftermath, tmp_path):
    """The pack of it, made after the page got another name."""
    change_page(aftermath.page, {"name": "Quite another"}, now=aftermath.now + timedelta(hours=1), reason="Test")
    return make_incident_pack(aftermath.incident, tmp_path / "out", now=aftermath.now + timedelta(hours=2))


def test_what_customers_read_is_there_with_the_update_that_was_wrong(aftermath, made):
    wrong, right = table(made, "09_communication/status_updates")
    assert (wrong["text"], wrong["edited"], right["edited"]) == ("A disk is full.", "true", "false")
    assert (right["supersedes"], right["reason"]) == (wrong["update_id"], "Not a disk")
    assert right["previous_text_sha256"] == wrong["text_sha256"]
    assert (wrong["backdated_s"], right["backdated_s"]) == ("0", "60"), "shown beside the time of the wrong one"
    assert json.loads(wrong["component_states"]) == {aftermath.component.public_id: "down"}
    assert int(wrong["ledger_seq_last"]) == int(right["ledger_seq_first"]) > int(wrong["ledger_seq_first"])


def test_the_page_is_as_it_was_and_says_what_it_showed(aftermath, made):
    (page,) = table(made, "09_communication/status_pages_as_of")
    assert (page["name"], page["version"], page["channel_public"]) == ("Larkspur status", "1", "true")
    (component,) = table(made, "09_communication/components_as_of")
    assert (component["service_id"], component["name"]) == (aftermath.service.public_id, "Placing orders")


def test_what_was_learnt_and_promised_is_there_and_its_people_are_explained(aftermath, made):
    alice, mona, bob = (desk.person.public_id for desk in aftermath.desks)
    (learnt,) = table(made, "05_incidents/postmortems")
    assert (learnt["incident_id"], learnt["status"], learnt["approved_by"]) == (
        aftermath.incident.number, "published", mona,
    )  # fmt: skip
    assert learnt["root_cause"] == "What root cause was."
    (item,) = table(made, "05_incidents/action_items")
    assert (item["source_id"], item["owner_user_id"], item["verified_by"]) == (learnt["pm_id"], alice, bob)
    assert {alice, mona, bob} <= {row["user_id"] for row in table(made, "07_oncall/people")}


def test_the_lines_about_them_are_lines_of_the_pack(made):
    kinds = {row["kind"] for row in table(made, "ledger/lines")}
    assert {"incident.customer_update", "postmortem.published", "action.verified"} <= kinds
    lines = dict(Entry.objects.values_list("seq", "line"))
    for name, column in (
        ("05_incidents/postmortems", "pm_id"), ("05_incidents/action_items", "action_id"),
        ("09_communication/status_updates", "update_id"),
    ):  # fmt: skip
        for row in table(made, name):
            assert row[column] in lines[int(row["ledger_seq_first"])]
            assert row[column] in lines[int(row["ledger_seq_last"])]


def test_the_pack_of_a_period_has_them_too(aftermath, tmp_path):
    day = aftermath.now.date()
    made = make_period_pack(day, day, tmp_path / "out", now=aftermath.now + timedelta(hours=1))
    for name, rows in (
        ("05_incidents/postmortems", 1), ("05_incidents/action_items", 1), ("09_communication/status_updates", 2),
        ("09_communication/status_pages_as_of", 1), ("09_communication/components_as_of", 1),
    ):  # fmt: skip
        assert len(table(made, name)) == rows, name
