"""What is in an incident's pack: every row with its lines, configuration as it was, masks, and nothing of today."""

import csv
import json
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from evidence.models import Pack
from evidence.services.packs import OutputRefused, make_incident_pack
from incidents.services.work import add_note, declare
from ledger import seal_keys
from ledger.actors import Actor
from ledger.cells import csv_line
from ledger.models import Entry, Seal
from ledger.redaction import redact
from ledger.texts import REMOVED, text_hash
from ledger.verify import verify
from monitors.evidence import redacted
from monitors.services import change_monitor
from oncall.services import change_policy
from tests import builders
from tests.world import NUMBERS

NOTE = "=HYPERLINK(1) said Mr Featherstone"


pytestmark = pytest.mark.django_db
kept = {}


@pytest.fixture
def fresh(night, tmp_path):
    """The pack of the night, made after its policy and monitor were changed and a note was added."""
    ada = night.people["Ada"]
    actor = Actor("user", ada.public_id, label=ada.name, via="screen")
    add_note(night.incident, NOTE, actor=actor, person=ada, how="screen", now=night.now)
    policy = night.policy
    change_policy(
        policy, name="Quite another", team=policy.team, repeat=3, steps=policy.steps, now=night.now, reason="Test"
    )
    monitor = night.monitors["Checkout API"]
    change_monitor(monitor, {"interval_s": 300}, now=night.now, reason="Test")
    return make_incident_pack(night.incident, tmp_path / "out", now=night.now)


@pytest.fixture
def made(request):
    """The same pack, made once for all tests that only read it, with what they ask of the record beside it."""
    if "pack" not in kept:
        pack, night = request.getfixturevalue("fresh"), request.getfixturevalue("night")
        people = night.people.values()
        kept["pack"] = SimpleNamespace(
            folder=pack.folder,
            lines=dict(Entry.objects.filter(seq__isnull=False).values_list("seq", "line")),
            hidden=[*NUMBERS.values(), *(p.name for p in people), *(p.email for p in people)],
            newest=Seal.objects.order_by("-day").first(),
            sealed_until=pack.pack.sealed_until,
        )
    return kept["pack"]


def table(made, name):
    with (made.folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def tables(made):
    return sorted(p.relative_to(made.folder).with_suffix("") for p in made.folder.rglob("*.json"))


def test_every_table_is_there_as_csv_and_as_json_with_the_same_rows(made):
    for name in tables(made):
        rows, twin = table(made, name), json.loads((made.folder / f"{name}.json").read_text())
        assert len(rows) == len(twin), name
        assert all(list(row) == list(other) for row, other in zip(rows, twin, strict=True))


def test_every_row_ends_with_its_lines_and_they_are_about_it(made):
    checked = 0
    for name in tables(made):
        for row in table(made, name):
            assert list(row)[-2:] == ["ledger_seq_first", "ledger_seq_last"], name
            named = row.get("notification_id") or next((row[c] for c in row if c.endswith("_id") and row[c]), "")
            for column in ("ledger_seq_first", "ledger_seq_last"):
                if row[column] and named:
                    assert named in made.lines[int(row[column])] or name.name == "incident_timeline", (name, row)
                    checked += 1
    assert checked > 30


def test_configuration_is_what_it_was_when_the_incident_was_recorded(made):
    (check,) = table(made, "02_config/checks_as_of")
    assert (check["interval_s"], check["version"]) == ("60", "1")
    (checked_from,) = table(made, "02_config/checked_from_as_of")
    (place,) = table(made, "02_config/locations_as_of")
    assert (checked_from["monitor_id"], checked_from["location_id"]) == (check["monitor_id"], place["location_id"])
    assert (checked_from["locations_configured"], checked_from["locations_needed"]) == ("1", "1")
    assert {row["location_id"] for row in table(made, "03_availability/results")} == {place["location_id"]}
    steps = table(made, "02_config/policies_as_of")
    assert {row["name"] for row in steps} == {"Checkout critical"}
    assert {row["repeat"] for row in steps} == {"0"}
    (run,) = table(made, "06_alerts/escalation_runs")
    assert json.loads(run["policy_frozen"])["name"] == "Checkout critical"


def test_the_story_of_the_night_is_there(made):
    (incident,) = table(made, "05_incidents/incidents")
    assert (incident["incident_id"], incident["state"], incident["ttd_s"]) == ("INC-2026-0001", "resolved", "40")
    kinds = [row["kind"] for row in table(made, "05_incidents/incident_timeline")]
    assert kinds == ["opened", "paging", "acknowledged", "alert_closed", "recovered", "stood_down", "note"]
    pages = table(made, "06_alerts/pages")
    assert [(row["origin"], row["final_status"]) for row in pages] == [
        ("step", "confirmed"),
        ("stand_down", "accepted"),
    ]
    assert all(row["provider_message_id"].startswith("SM") for row in table(made, "06_alerts/attempts"))
    assert [row["state"] for row in table(made, "03_availability/state_intervals")][1] == "down"
    assert {row["outcome"] for row in table(made, "03_availability/results")} == {"ok", "failed"}


def test_no_name_and_no_address_is_in_any_file(made):
    for path in made.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [word for word in made.hidden if word.encode() in data], path
    assert {row["name_mask"] for row in table(made, "07_oncall/people")} == {"A. A.", "B. B."}


def test_free_text_is_safe_in_a_spreadsheet_and_as_it_was_in_json(made):
    assert table(made, "05_incidents/incident_timeline")[-1]["text"] == "'" + NOTE
    assert json.loads((made.folder / "05_incidents/incident_timeline.json").read_text())[-1]["text"] == NOTE
    sheet = {row["file"]: row for row in table(made, "ipe")}
    assert sheet["05_incidents/incident_timeline.csv"]["escaped_cells"] == "1"
    assert sheet["06_alerts/pages.csv"]["rows"] == "2"
    assert json.loads(sheet["02_config/checks_as_of.csv"]["parameters"])["incident"] == "INC-2026-0001"


def test_what_was_redacted_stays_redacted(fresh, night, tmp_path):
    redact(text_hash(NOTE), reason="A customer's name", now=night.now)
    again = make_incident_pack(night.incident, tmp_path / "again", now=night.now)
    row = table(again, "05_incidents/incident_timeline")[-1]
    assert (row["text"], row["text_sha256"]) == (REMOVED, text_hash(NOTE))
    assert "1 text was redacted" in (again.folder / "README.md").read_text()
    assert b"Featherstone" not in b"".join(p.read_bytes() for p in again.folder.rglob("*") if p.is_file())


def test_the_days_of_the_incident_and_every_seal_since_are_there(made):
    days = sorted(p.stem for p in (made.folder / "ledger").glob("2026-*.jsonl"))
    assert days == ["2026-03-17"]
    assert sorted(p.stem for p in (made.folder / "seals").glob("*.seal")) == [f"2026-03-{n}" for n in (17, 18, 19, 20)]
    assert made.sealed_until == made.newest.day


def test_lines_that_are_not_sealed_yet_are_there_and_named_as_a_gap(made):
    head = (made.folder / "ledger" / "unsealed.head").read_text()
    assert head.startswith(f"first {made.newest.last_seq + 1}\n")
    readme = (made.folder / "README.md").read_text()
    assert readme.index("chained and not sealed yet") < readme.index("## What it shows"), "gaps come first"


def test_that_a_pack_was_made_is_recorded_with_the_hash_of_its_list(fresh):
    pack = Pack.objects.get()
    entry = Entry.objects.get(kind="pack.created")
    assert pack.sums_sha256 in entry.line
    assert text_hash((fresh.folder / "SHA256SUMS").read_text()) == pack.sums_sha256
    assert pack.key_fingerprint == seal_keys.fingerprint()
    assert pack.files == sum(p.is_file() for p in fresh.folder.rglob("*")) - 2
    assert verify().faults == ()


def test_two_packs_of_the_same_record_differ_only_in_who_made_them_and_when(fresh, night, tmp_path):
    again = make_incident_pack(night.incident, tmp_path / "again", now=fresh.pack.made_at)
    lists = [(one.folder / "SHA256SUMS").read_text().splitlines() for one in (fresh, again)]
    old, new = (dict(reversed(line.split("  ")) for line in listing) for listing in lists)
    assert set(old) == set(new)
    differing = {path.rpartition(".")[0] for path in old if old[path] != new[path]}
    # the second pack knows the line about the first
    assert differing <= {"README", "ipe", "ledger/lines", "ledger/unsealed", "05_incidents/incidents"}


def test_an_incident_that_somebody_declared_has_its_empty_tables(world, tmp_path):
    ada = world.people["Ada"]
    incident = declare(
        title="+44 cannot call", severity=3, service=None, actor=Actor("user", ada.public_id), person=ada, how="screen",
        now=world.now,
    )  # fmt: skip
    made = make_incident_pack(incident, tmp_path, now=world.now)
    assert table(made, "06_alerts/alerts") == []
    assert (made.folder / "06_alerts/alerts.csv").read_text().startswith("alert_id,incident_id,")
    assert json.loads((made.folder / "06_alerts/alerts.json").read_text()) == []
    assert table(made, "05_incidents/incidents")[0]["title"] == "'+44 cannot call"
    assert "No day is sealed yet" in (made.folder / "README.md").read_text()


def test_an_older_incidents_pack_says_that_single_checks_are_gone(world, tmp_path):
    ada = world.people["Ada"]
    incident = declare(
        title="Slow", severity=3, service=world.service, actor=Actor("user", ada.public_id), person=ada, how="screen",
        now=world.now,
    )  # fmt: skip
    made = make_incident_pack(incident, tmp_path, now=world.now + timedelta(days=3))
    assert "kept one by one for 48 hours only" in (made.folder / "README.md").read_text()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@cmd", "'@cmd"),
        ("\tx", "'\tx"),
        ("-1", "'-1"),
        (-1, "-1"),
        ("a,b", '"a,b"'),
        ('say "no"', '"say ""no"""'),
        ("two\nlines", '"two\nlines"'),
        ("\rx", '"\'\rx"'),
        (None, ""),
        (True, "true"),
        (["b", "a"], '"[""b"",""a""]"'),
        ({"b": 1, "a": None}, '"{""a"":null,""b"":1}"'),
        ("Zoë", "Zoë"),
    ],
)
def test_a_cell_is_written_so_that_every_reader_reads_the_same(value, cell):
    line, _ = csv_line([value])
    assert line == f"{cell}\n"
    assert (
        next(csv.reader(StringIO(line, newline="")), [""]) == [next(csv.reader(StringIO(cell, newline="")), [""])[0]]
        or not cell
    )


def test_an_address_keeps_host_and_path_and_loses_what_may_be_secret(db):
    told = redacted("https://ana:pw@shop.example:8443/health?key=s3cret#top")
    assert told.startswith("https://shop.example:8443/health?redacted-")
    assert "s3cret" not in told
    assert redacted("https://shop.example/health") == "https://shop.example/health"


def test_the_command_names_the_folder(night, tmp_path):
    said = StringIO()
    call_command("evidence_pack", incident="inc-2026-0001", out=tmp_path / "new" / "folder", stdout=said)
    (folder,) = (tmp_path / "new" / "folder").iterdir()
    assert said.getvalue().startswith(f"{folder}\n")
    assert folder.name.startswith("evidence_larkspur-logistics_INC-2026-0001_pck_")


def test_the_command_refuses_with_one_sentence_and_leaves_nothing(night, tmp_path):
    with pytest.raises(CommandError, match="There is no incident INC-2026-0099"):
        call_command("evidence_pack", incident="INC-2026-0099", out=tmp_path / "x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(CommandError, match="full is not empty"):
        call_command("evidence_pack", incident="INC-2026-0001", out=tmp_path / "full")
    with pytest.raises(OutputRefused, match="cannot be written|is not empty"):
        make_incident_pack(night.incident, tmp_path / "full" / "mine.txt" / "sub", now=night.now)
    assert not Pack.objects.exists()
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_a_pack_that_cannot_be_finished_leaves_nothing_behind(night, tmp_path, monkeypatch):
    def full(data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ledger.seal_keys.sign", full)
    with pytest.raises(OutputRefused, match="No space left on device"):
        make_incident_pack(night.incident, tmp_path / "out", now=night.now)
    assert list((tmp_path / "out").iterdir()) == []
    assert not Pack.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_pack_is_read_as_of_one_instant_outside_any_transaction(tmp_path):
    now = builders.NIGHT
    builders.organisation(now=now)
    ada = builders.person("Ada Admin", "admin", now=now)
    incident = declare(
        title="Slow", severity=3, service=None, actor=Actor("user", ada.public_id), person=ada, how="screen", now=now
    )
    made = make_incident_pack(incident, tmp_path / "out", now=now)
    assert len(table(made, "05_incidents/incident_timeline")) >= 1
    assert verify().faults == ()
