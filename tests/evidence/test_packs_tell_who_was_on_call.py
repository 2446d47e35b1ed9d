"""The pack of a period says who was planned, who was on call and when nobody was, each on its own and by the ledger."""

import csv
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from evidence.services.packs import make_period_pack
from ledger.link import link_entries
from oncall.models import Page, Run
from oncall.services.overrides import end_override, make_override
from oncall.services.schedules import set_members
from oncall.ticks import duty
from tests import builders
from tests.builders import NIGHT, REASON
from tests.oncall.rota_cast import utc

pytestmark = pytest.mark.django_db
END = utc(2026, 4, 7)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFICE = [{"starts": "09:00", "ends": "17:00", "days": [0, 1, 2, 3, 4]}]


@pytest.fixture
def cast(db):
    builders.organisation()
    team = builders.team()
    return team, [builders.person(name, team=team) for name in ("Ana", "Ben", "Cid")]


@pytest.fixture
def shop(cast):
    team, people = cast
    return builders.schedule(*people[:2], team=team)


def pack(tmp_path, first=date(2026, 3, 1), last=date(2026, 4, 6)):
    link_entries()
    return make_period_pack(first, last, tmp_path / "out", now=END).folder


def table(folder, name):
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read(text):
    return datetime.fromisoformat(text)


def test_what_was_lived_is_told_with_its_source_and_its_lines(shop, cast, tmp_path):
    _, (ana, ben, cid) = cast
    taken = make_override(shop, kind="replace", end_at=NIGHT + DAY, by=cid, who=cid, now=NIGHT + HOUR, reason=REASON)
    duty(END - HOUR)
    rows = table(pack(tmp_path), "07_oncall/oncall_actual")
    assert [(row["user_id"], row["source"], row["turn"]) for row in rows] == [
        (ana.public_id, "rotation", "1"), (cid.public_id, "override", "1"), (ana.public_id, "rotation", "1"),
        (ben.public_id, "rotation", "2"), (ana.public_id, "rotation", "3"), (ben.public_id, "rotation", "4"),
    ]  # fmt: skip
    assert (rows[1]["override_id"], rows[1]["override_by"]) == (taken.public_id, cid.public_id)
    assert rows[-1]["end_at"] == ""
    assert all(one["end_at"] == two["start_at"] for one, two in pairwise(rows))
    assert all(int(row["ledger_seq_first"]) <= int(row["ledger_seq_last"]) for row in rows)
    assert rows[2]["recorded_at"] == rows[3]["recorded_at"] != rows[3]["start_at"], "it was written late, and says so"


def test_the_plan_is_the_one_that_was_published_before_the_month_began(shop, cast, tmp_path):
    _, (ana, ben, cid) = cast
    duty(utc(2026, 4, 2))
    set_members(shop.layers.get(), people=[cid.public_id], at_once=True, now=utc(2026, 4, 2), reason=REASON)
    duty(END - HOUR)
    folder = pack(tmp_path)
    planned = table(folder, "07_oncall/schedule_as_planned")
    assert {row["as_of"] for row in planned} == {"2026-04-01T00:00:00.000Z"}, "in March it did not exist yet"
    assert [(row["user_id"], row["kind"], row["version"]) for row in planned] == [
        (ana.public_id, "rotation", "2"), (ben.public_id, "rotation", "2"),
    ]  # fmt: skip
    assert planned[1]["local_start"] == "2026-04-06T09:00:00+02:00"
    assert (planned[0]["start_at"], planned[-1]["end_at"]) == ("2026-04-01T00:00:00.000Z", "2026-04-07T00:00:00.000Z")
    lived = [row["user_id"] for row in table(folder, "07_oncall/oncall_actual")]
    assert lived[-2:] == [cid.public_id, cid.public_id]


def test_time_with_nobody_is_a_table_of_its_own_and_adds_up_with_the_rest(cast, tmp_path):
    team, (ana, *_) = cast
    builders.schedule(ana, team=team, restrictions=OFFICE)
    duty(END)
    folder = pack(tmp_path)
    gaps, lived = table(folder, "07_oncall/oncall_gaps"), table(folder, "07_oncall/oncall_actual")
    assert {row["cause"] for row in gaps} == {"outside_hours"}
    on_call = sum((read(row["end_at"]) - read(row["start_at"])).total_seconds() for row in lived)
    assert on_call == 15 * 8 * 3600
    assert on_call + sum(int(row["duration_s"]) for row in gaps) == (END - NIGHT).total_seconds()


def test_configuration_and_overrides_are_told_those_taken_back_too(shop, cast, tmp_path):
    _, (ana, ben, cid) = cast
    later = {"kind": "replace", "by": ana, "who": cid, "whom": ben, "now": NIGHT, "reason": REASON}
    gone = make_override(shop, start_at=NIGHT + 9 * DAY, end_at=NIGHT + 10 * DAY, **later)
    end_override(gone, now=NIGHT + HOUR, reason=REASON)
    set_members(shop.layers.get(), people=[], since=NIGHT + 30 * DAY, now=NIGHT + HOUR, reason=REASON)
    folder = pack(tmp_path)
    (schedule,) = table(folder, "02_config/schedules_as_of")
    (layer,) = table(folder, "02_config/schedule_layers_as_of")
    assert (schedule["name"], schedule["tz"], layer["lengths"], layer["first_hand_off"]) == (
        "Shop", "Europe/Berlin", "[1]", "2026-03-16T09:00",
    )  # fmt: skip
    members = table(folder, "02_config/schedule_members_as_of")
    assert [(row["turn_order"], row["user_id"]) for row in members] == [
        ("1", ana.public_id), ("2", ben.public_id), ("1", ""),
    ]  # fmt: skip
    (override,) = table(folder, "07_oncall/overrides")
    assert (override["user_id"], override["instead_of_user_id"], override["override_by"]) == (
        cid.public_id, ben.public_id, ana.public_id,
    )  # fmt: skip
    assert override["retired_at"]


def test_pages_are_counted_with_the_shift_in_which_they_were_planned(shop, cast, tmp_path):
    team, (ana, ben, _) = cast
    duty(END - HOUR)
    policy = builders.policy(ana, team=team)
    run = Run.objects.create(
        subject_kind="incident", subject_id="INC-2026-0001", policy=policy, policy_version=1, policy_frozen={},
        policy_sha256="0" * 64, severity=2, urgency="high", title="x", started_at=NIGHT, last_progress_at=NIGHT,
    )  # fmt: skip
    for number, (at, confirmed) in enumerate(((NIGHT + HOUR, None), (utc(2026, 3, 24), utc(2026, 3, 24, 1)))):
        Page.objects.create(
            run=run, origin="step", person=ana if number == 0 else ben, contact=(ana if number == 0 else ben).contact_methods.get(),
            kind="email", priority=1, key=f"{number}", to_mask="x", urgency="high", planned_at=at, due_at=at, confirmed_at=confirmed,
        )  # fmt: skip
    rows = table(pack(tmp_path), "07_oncall/oncall_actual")
    assert [(row["pages"], row["pages_confirmed"]) for row in rows] == [("1", "0"), ("1", "1"), ("0", "0"), ("0", "0")]
