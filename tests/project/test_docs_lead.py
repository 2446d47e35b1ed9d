"""The pages of docs/ lead to each other, and what they tell people to type, press and expect is what is there."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.db.migrations.loader import MigrationLoader

from accounts.durations import parse_duration
from config import first_run
from config.docs.render import PAGE_LINK, PICTURE_LINK, render
from ledger.clock import now as clock_now
from monitors.forms.monitor import AddMonitorForm, initial_of_new
from monitors.kinds import KINDS
from oncall.escalation.policy import MAX_PEOPLE_PER_STEP, MAX_REPEAT, MAX_STEPS
from tests import builders as make
from tests.api import cast
from tests.project.test_docs import APPS

ROOT = Path(__file__).resolve().parents[2]
DOCS = {path.stem: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
WALKS = ("first-monitor", "first-rotation")
# what people read on the screen: templates, and the labels in forms and in the chrome
SCREENS = " ".join(
    path.read_text()
    for app in APPS
    for pattern in ("templates/**/*.html", "forms/*.py", "kinds/*.py", "page.py", "views/setup.py")
    for path in (ROOT / app).glob(pattern)
)
FIELDS = {
    "Check every": "interval_s", "Give up after": "timeout_s", "Down when failing for": "confirmation_s",
    "Up again when good for": "recovery_s", "Severity": "severity", "Good answers": "accepted_status",
}  # fmt: skip


def links(text):
    """Targets of Markdown links and pictures, outside examples."""
    prose = re.sub(r"^```.*?^```|^ {4}.*?$|`[^`]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", prose)


@pytest.mark.parametrize("name", DOCS)
def test_every_link_leads_to_a_page_and_a_heading_that_are_there(name):
    for target in links(DOCS[name]):
        if picture := PICTURE_LINK.fullmatch(target):
            assert (ROOT / "docs" / "pictures" / picture["name"]).is_file()
            continue
        anchor_only = target.startswith("#")
        found = None if anchor_only else PAGE_LINK.fullmatch(target)
        assert anchor_only or found, f"{target} leads out of docs/"
        page = name if found is None else found["name"]
        assert page in DOCS, target
        anchor = target[1:] if anchor_only else (found["anchor"] or "#")[1:] if found else ""
        assert not anchor or anchor in {one.anchor for one in render(DOCS[page]).headings}, target


def test_links_of_the_readme_lead_to_pages_and_headings_too():
    for target in links((ROOT / "README.md").read_text()):
        path, _, anchor = target.partition("#")
        assert (ROOT / path).is_file(), target
        assert not anchor or anchor in {one.anchor for one in render((ROOT / path).read_text()).headings}, target


def test_links_of_our_pages_into_the_docs_lead_to_a_heading():
    found = re.findall(r'"/docs/([a-z-]+)/#([\w-]+)"', SCREENS)
    assert found
    for name, anchor in found:
        assert anchor in {one.anchor for one in render(DOCS[name]).headings}


def test_every_page_is_reached_from_the_index():
    led = [found["name"] for target in links(DOCS["index"]) if (found := PAGE_LINK.fullmatch(target))]
    assert sorted(led) == sorted(set(DOCS) - {"index"})


@pytest.mark.parametrize("name", DOCS)
def test_a_page_has_one_title_and_headings_that_step_down_one_by_one(name):
    text = re.sub(r"^```.*?^```", "", DOCS[name], flags=re.MULTILINE | re.DOTALL)
    levels = [len(mark) for mark in re.findall(r"^(#+) ", text, re.MULTILINE)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", DOCS)
def test_every_command_that_is_named_exists(name):
    named = set(re.findall(r"manage\.py ([a-z_]+)\b(?!\.)", DOCS[name]))
    assert named <= set(get_commands())


@pytest.mark.parametrize("name", WALKS)
def test_every_bold_word_of_a_walk_is_read_on_a_screen(name):
    said = set(re.findall(r"\*\*([^*]+)\*\*", DOCS[name])) - {"escalation policy"}
    screens = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]+>", " ", SCREENS)
    shown = re.sub(r"\s+", " ", f"{screens} {SCREENS}").lower()
    names = re.findall(r"^    (\w+) = forms\.", SCREENS, re.MULTILINE)
    shown += " ".join(names).lower()
    assert {word for word in said if word.rstrip("?").lower() not in shown and not re.match(r"Step \d", word)} == set()


def test_the_defaults_of_a_monitor_are_those_of_the_form():
    rows = dict(re.findall(r"^\| \*\*([^*]+)\*\* \| ([^|]+) \|", DOCS["first-monitor"], re.MULTILINE))
    assert set(rows) == set(FIELDS)
    form = AddMonitorForm(kind=KINDS["http"], services=[])
    for label, written in rows.items():
        field = FIELDS[label]
        kept = initial_of_new(KINDS["http"])[field]
        assert (form.fields[field].label or field.capitalize()) == label
        if field.endswith("_s"):
            assert parse_duration(written.strip()) == kept
        else:
            assert written.strip().removeprefix("SEV") == str(kept)


def test_the_bounds_of_a_policy_are_those_of_the_code():
    text = re.sub(r"\s+", " ", DOCS["first-rotation"])
    assert f"up to {MAX_PEOPLE_PER_STEP} people, a policy up to {MAX_STEPS} steps" in text
    assert f"up to {MAX_REPEAT} times" in text
    assert (first_run.POLICY, first_run.REPEAT + 1) == ("Everything", 3)


@pytest.mark.django_db
def test_the_calls_of_the_walks_are_taken(now):
    ana = make.person("Ana Duarte", "admin", now=now)
    policy = make.policy(ana, team=make.team("Platform", now=now), now=now)
    service = make.service("Shop", now=now).public_id
    caller = cast.client(ana)
    done = []
    for name in WALKS:
        for request in re.findall(r"curl (.*?-d '[^']*')", DOCS[name], re.DOTALL):
            body = re.search(r"-d '([^']*)'", request)[1].replace("svc_…", service).replace("usr_…", ana.public_id)
            path = re.search(r"example\.com(/\S+)", request)[1].replace("pol_…", policy.public_id)
            method = caller.patch if "-X PATCH" in request else caller.post
            sent = json.loads(body)
            answer = method(path, {**sent, "name": "Shop two"} if path.endswith("services/") else sent, format="json")
            done.append((path, answer.status_code))
    assert [status for _, status in done] == [201, 201, 200], done
    day = clock_now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert caller.get(f"/api/v1/policies/{policy.public_id}/history/?as_of={day}").status_code == 200


def test_every_migration_of_ours_can_be_undone():
    loader = MigrationLoader(None)
    stuck = [
        f"{app}.{name}"
        for (app, name), migration in loader.disk_migrations.items()
        if app in APPS and not all(operation.reversible for operation in migration.operations)
    ]
    assert stuck == []


def test_the_upgrade_page_names_what_a_start_really_does():
    bootstrap = (ROOT / "config" / "bootstrap.py").read_text()
    prepare = (ROOT / "config" / "management" / "commands" / "prepare.py").read_text()
    text = DOCS["upgrade"]
    assert "`requirements.lock`" in text
    assert "--require-hashes" in bootstrap
    assert '"prepare"' in bootstrap
    for done in ("migrate()", "collect_static(", "upsert_beat_table()"):
        assert done in prepare
    assert "it already runs in" in bootstrap
    assert "A second start in the same folder is refused" in text


def test_the_backup_page_names_the_files_that_make_an_installation(settings):
    text = DOCS["backup"]
    assert "`DATA_DIR/watchbook.sqlite3`" in text
    for option in ("--out", "--keys-out"):
        assert option in text
        assert f'"{option}"' in (ROOT / "config" / "management" / "commands" / "backup.py").read_text()
    assert 'data_dir / "watchbook.sqlite3"' in (ROOT / "config" / "databases.py").read_text()
