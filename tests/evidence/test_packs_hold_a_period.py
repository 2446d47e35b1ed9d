"""The pack of a period: what was in force at its end, what happened in it, and every line of its days."""

import csv
import json
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command

from evidence.models import Pack
from evidence.services.packs import OutputRefused, make_incident_pack, make_period_pack
from ledger.link import link_entries
from ledger.models import Entry, Seal
from monitors.services import change_monitor, pause_monitor

pytestmark = pytest.mark.django_db


def table(folder, name):
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def made(night, tmp_path):
    day = night.now.date()
    return make_period_pack(day - timedelta(days=40), day, tmp_path / "out", now=night.now)


def test_it_holds_the_incidents_and_the_configuration_of_the_period(night, made):
    assert [row["incident_id"] for row in table(made.folder, "05_incidents/incidents")] == [night.incident.number]
    assert table(made.folder, "05_incidents/incident_timeline")
    monitors = {row["monitor_id"] for row in table(made.folder, "02_config/checks_as_of")}
    assert night.monitors["Checkout API"].public_id in monitors
    assert {row["monitor_id"] for row in table(made.folder, "03_availability/state_intervals")} <= monitors


def test_rules_say_whether_they_judged_anything_at_the_end_of_it(night, made, tmp_path):
    assert {row["enabled"] for row in table(made.folder, "02_config/alert_rules_as_of")} == {"true"}
    paused = night.monitors["Checkout API"]
    paused.refresh_from_db()
    change_monitor(paused, {"tags": ["prod"]}, now=night.now, reason="Sorted")
    pause_monitor(paused, now=night.now, reason="Being moved")
    day = night.now.date()
    folder = make_period_pack(day - timedelta(days=40), day, tmp_path / "later", now=night.now).folder
    checks = {row["monitor_id"]: row for row in table(folder, "02_config/checks_as_of")}
    rules = table(folder, "02_config/alert_rules_as_of")
    assert checks[paused.public_id]["tags"] == '["prod"]'
    for rule in rules:
        check = checks[rule["monitor_id"]]
        assert (rule["enabled"], rule["muted_since"]) == (check["enabled"], check["paused_at"])
    assert {rule["enabled"] for rule in rules if rule["monitor_id"] == paused.public_id} == {"false"}


def test_a_period_before_anything_happened_says_so_with_empty_tables(night, tmp_path):
    before = night.now.date() - timedelta(days=400)
    folder = make_period_pack(before, before + timedelta(days=9), tmp_path / "out", now=night.now).folder
    assert table(folder, "05_incidents/incidents") == []
    header = (folder / "05_incidents/incidents.csv").read_text().splitlines()
    assert header[0].startswith("incident_id,")
    assert not list(folder.glob("ledger/*.jsonl"))


def test_every_line_of_its_days_is_in_it_once_and_in_order(night, made):
    lines = [
        json.loads(line)
        for path in [*sorted(made.folder.glob("ledger/2*.jsonl")), *made.folder.glob("ledger/unsealed.jsonl")]
        for line in path.read_text().splitlines()
    ]
    index = [int(row["seq"]) for row in table(made.folder, "ledger/lines")]
    assert index == list(range(index[0], index[0] + len(lines)))
    assert len(lines) == len(index)
    link_entries()
    assert Entry.objects.get(kind="pack.created").seq == index[-1] + 1, "all that was chained when it was made"


def test_its_record_names_the_days_and_the_incident_pack_is_still_its_own(night, made, tmp_path):
    pack = Pack.objects.get(public_id=made.pack.public_id)
    assert (pack.kind, pack.subject) == ("period", f"{night.now.date() - timedelta(days=40)}_{night.now.date()}")
    newest = Seal.objects.order_by("-day").first()
    assert pack.sealed_until == (newest.day if newest else None)
    other = make_incident_pack(night.incident, tmp_path / "other", now=night.now).pack
    assert (other.kind, other.subject) == ("incident", night.incident.number)


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        (date(2026, 5, 2), date(2026, 5, 1), "before it begins"),
        (date(2999, 1, 1), date(2999, 1, 31), "nothing of it has happened"),
    ],
)
def test_a_period_that_cannot_be_is_refused_and_writes_nothing(night, tmp_path, first, last, says):
    with pytest.raises(OutputRefused, match=says):
        make_period_pack(first, last, tmp_path / "out", now=night.now)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options",
    [{}, {"incident": "INC-2026-0001", "first": "2026-01-01"}, {"first": "January", "last": "2026-01-31"}],
    ids=["nothing", "both", "no day"],
)
def test_the_command_says_what_it_needs(night, tmp_path, options):
    with pytest.raises(CommandError, match=r"2026-10-01"):
        call_command("evidence_pack", out=tmp_path / "out", **options)
