"""Packs tell who would have been called, who was, and over what: each figure is counted again here, from the rows."""

import csv
import json
from collections import Counter
from datetime import timedelta

import pytest
from django.db.models import Q

from evidence.services.packs import make_incident_pack, make_period_pack
from incidents.queries import route_for
from ledger.link import link_entries
from ledger.tables import told
from oncall.models import OnCallInterval, Page, StepExecution
from oncall.services import change_policy
from oncall.services.overrides import make_override
from oncall.services.schedules import set_members
from oncall.ticks import duty
from tests import builders
from tests.builders import NIGHT, REASON

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def table(folder, name):
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def of_period(tmp_path, now, *, name="period"):
    link_entries()
    return make_period_pack(NIGHT.date(), now.date(), tmp_path / name, now=now).folder


@pytest.fixture
def shifted(world):
    """Alice has the week, Bob takes over this night by an override; the policy calls who is on call, then Alice."""
    alice, bob = world.people["Alice"], world.people["Bob"]
    shop = builders.schedule(alice, team=world.team, now=NIGHT)
    quiet = builders.schedule(bob, name="Elsewhere", team=world.team, now=NIGHT)
    taken = make_override(shop, kind="replace", end_at=NIGHT + DAY, by=bob, who=bob, now=NIGHT + MINUTE, reason=REASON)
    steps = [{"delay_s": 300, "people": [shop.public_id]}, {"delay_s": 300, "people": [alice.public_id]}]
    change_policy(
        world.policy, name=world.policy.name, team=world.team, repeat=0, steps=steps, now=NIGHT + MINUTE, reason=REASON
    )
    world.now = NIGHT + MINUTE
    duty(world.now)
    world.shop, world.quiet, world.taken = shop, quiet, taken
    return world


@pytest.fixture
def told_of(shifted):
    """Checkout broke, Bob was paged and has it; everything about the schedule is changed an hour later."""
    world = shifted
    world.breaks("Checkout API")
    world.advance(minutes=3)
    world.phone("Bob").expect_sms("is down")
    world.mailbox("Bob").expect("is down")
    world.phone("Bob").reply("4")
    world.now += HOUR
    set_members(
        world.shop.layers.get(), people=[world.people["Mona"].public_id], at_once=True, now=world.now, reason=REASON
    )
    duty(world.now)
    return world


def test_an_incident_holds_the_schedule_and_the_override_that_decided_who_was_called(told_of, tmp_path):
    world = told_of
    alice, bob = world.people["Alice"], world.people["Bob"]
    folder = make_incident_pack(world.incident, tmp_path / "out", now=world.now).folder
    assert [row["schedule_id"] for row in table(folder, "02_config/schedules_as_of")] == [world.shop.public_id]
    assert [row["user_id"] for row in table(folder, "02_config/schedule_members_as_of")] == [alice.public_id]
    (override,) = table(folder, "07_oncall/overrides")
    assert (override["override_id"], override["user_id"]) == (world.taken.public_id, bob.public_id)
    lived = table(folder, "07_oncall/oncall_actual")
    assert [(row["user_id"], row["source"]) for row in lived] == [
        (alice.public_id, "rotation"), (bob.public_id, "override"),
    ]  # fmt: skip
    (step,) = [row for row in table(folder, "02_config/policies_as_of") if row["step_no"] == "1"]
    assert (step["target_id"], step["resolved_user_id"]) == (world.shop.public_id, bob.public_id)
    pages = table(folder, "06_alerts/pages")
    assert {(row["recipient_user_id"], row["was_on_call"], row["shift_ids"]) for row in pages} == {
        (bob.public_id, "true", json.dumps(_shifts(bob), separators=(",", ":")))
    }
    lines = {row["seq"] for row in table(folder, "ledger/lines")}
    assert {row["ledger_seq_first"] for row in lived} <= lines
    assert {row["user_id"] for row in table(folder, "07_oncall/people")} >= {alice.public_id, bob.public_id}


def _shifts(person):
    """What somebody was on call for, in every schedule."""
    rows = OnCallInterval.objects.filter(person=person).order_by("started_at", "pk")
    return [row.public_id for row in rows]


def test_notifications_and_escalations_of_a_period_are_the_rows_of_the_engine(told_of, tmp_path):
    world = told_of
    folder = of_period(tmp_path, world.now)
    pages, steps = table(folder, "06_alerts/pages"), table(folder, "06_alerts/escalations")
    held = {page.public_id: page for page in Page.objects.filter(run__isnull=False)}
    assert len(held) == len(pages) > 0
    for row in pages:
        page = held[row["notification_id"]]
        for column in ("accepted_at", "delivered_at", "confirmed_at", "ended_at"):
            assert row[column] == (told(getattr(page, column)) if getattr(page, column) else ""), column
        assert (row["final_status"], row["reason"], row["address_masked"].lstrip("'")) == (
            page.state, page.reason, page.to_mask,
        )  # fmt: skip
    assert Counter(row["run_id"] for row in pages) == Counter(p.run.public_id for p in held.values())
    done = {step.public_id: step for step in StepExecution.objects.all()}
    assert {row["escalation_id"]: (row["outcome"], int(row["lateness_ms"])) for row in steps} == {
        key: (step.outcome, step.lateness_ms) for key, step in done.items()
    }
    runs = {row["run_id"] for row in table(folder, "06_alerts/escalation_runs")}
    assert runs == {row["run_id"] for row in pages} | {row["run_id"] for row in steps}


def test_every_cell_of_the_matrix_is_followed_to_people_as_the_engine_would(shifted, tmp_path):
    world = shifted
    alice, bob, ada = (world.people[one] for one in ("Alice", "Bob", "Ada"))
    other = builders.service("Warehouse", team=world.team, now=world.now)
    worst = builders.policy(alice, name="The worst", team=world.team, now=world.now)
    builders.route(worst, service=other, severity=1, now=world.now)
    cells = table(of_period(tmp_path, world.now + HOUR), "02_config/routing_resolved_as_of")
    assert {(row["service_id"], row["severity"]) for row in cells} == {
        (one.public_id, str(severity)) for one in (world.service, other) for severity in (1, 2, 3, 4)
    }
    for service in (world.service, other):
        for severity in (1, 2, 3, 4):
            mine = [r for r in cells if (r["service_id"], r["severity"]) == (service.public_id, str(severity))]
            assert {row["policy_id"] for row in mine} == {route_for(service, severity).policy.public_id}
    first = [r for r in cells if r["service_id"] == world.service.public_id and r["severity"] == "2"]
    assert [(r["target_type"], r["resolved_user_id"], r["resolved_channel_kinds_high"]) for r in first] == [
        ("schedule", bob.public_id, "email@0 sms@0"), ("user", alice.public_id, "sms@0"),
    ]  # fmt: skip
    world.route.retire(now=world.now + 2 * HOUR, reason=REASON)
    later = table(of_period(tmp_path, world.now + 3 * HOUR, name="later"), "02_config/routing_resolved_as_of")
    lost = [r for r in later if r["service_id"] == world.service.public_id]
    assert {(r["target_type"], r["policy_id"], r["resolved_user_id"]) for r in lost} == {
        ("catch_all", "", ada.public_id)
    }


def test_contacts_say_when_they_last_worked_and_which_policies_count_on_them(told_of, tmp_path):
    world = told_of
    bob = world.people["Bob"]
    rows = table(of_period(tmp_path, world.now), "06_alerts/contacts")
    phone = bob.contact_methods.get(kind="phone")
    (mine,) = [row for row in rows if row["contact_id"] == phone.public_id]
    page = Page.objects.get(contact=phone)
    assert (mine["last_accepted_at"], mine["last_confirmed_at"]) == (told(page.accepted_at), told(page.confirmed_at))
    assert (mine["last_proved_at"], mine["last_failed_at"]) == (told(page.confirmed_at), "")
    assert (mine["active"], mine["verified_at"]) == ("true", told(phone.verified_at))
    alice, mona = world.people["Alice"].public_id, world.people["Mona"].public_id
    used = {row["user_id"]: json.loads(row["used_in_policies"]) for row in rows}
    assert used[alice] == used[bob.public_id] == [world.policy.public_id]
    assert used[mona] == [], "the week is hers, but Bob's override still holds"


def test_escalations_that_began_while_nobody_was_on_call_are_counted_with_the_gap(world, tmp_path):
    office = [{"starts": "09:00", "ends": "17:00", "days": [0, 1, 2, 3, 4]}]
    alice = world.people["Alice"]
    shop = builders.schedule(alice, team=world.team, restrictions=office, now=NIGHT)
    steps = [{"delay_s": 300, "people": [shop.public_id]}, {"delay_s": 300, "people": [alice.public_id]}]
    change_policy(
        world.policy, name=world.policy.name, team=world.team, repeat=0, steps=steps, now=NIGHT, reason=REASON
    )
    duty(NIGHT + MINUTE)
    world.breaks("Checkout API")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("is down")
    (gap,) = table(of_period(tmp_path, world.now), "07_oncall/oncall_gaps")
    assert (gap["runs_begun"], gap["cause"], int(gap["duration_s"])) == (
        "1", "outside_hours", int((world.now - NIGHT).total_seconds()),
    )  # fmt: skip


def test_shifts_of_a_period_are_the_rows_of_the_record(told_of, tmp_path):
    world = told_of
    folder = of_period(tmp_path, world.now)
    held = OnCallInterval.objects.exclude(Q(person=None) | Q(ended_at=NIGHT)).order_by("started_at", "pk")
    rows = table(folder, "07_oncall/oncall_actual")
    assert {row["shift_id"] for row in rows} == {one.public_id for one in held if one.ended_at != one.started_at}
    counted = Counter(page.person.public_id for page in Page.objects.filter(origin="step"))
    assert sum(int(row["pages"]) for row in rows if row["schedule_id"] == world.shop.public_id) == counted.total()
    assert sum(int(row["pages_confirmed"]) for row in rows if row["schedule_id"] == world.shop.public_id) == 1
