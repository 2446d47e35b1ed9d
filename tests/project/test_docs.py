"""What the code reads, offers and says is in the documentation."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from config import settings as configured

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
INSTALL = (ROOT / "docs" / "install.md").read_text()
APPS = ("config", "ledger", "accounts", "monitors", "oncall", "incidents", "postmortems", "statuspage", "evidence")
# how the documentation writes a default that depends on this run's environment
DEFAULTS = {"DATA_DIR": "data", "PUBLIC_URL": "http://127.0.0.1:8000", "EMAIL_FROM": "watchbook@localhost"}


def rows():
    """name → (kind, default) of every row of the settings tables."""
    found = re.findall(r"^\| `([A-Z_]+)` \| ([^|]+)\|([^|]*)\|", SETTINGS, re.MULTILINE)
    return {name: (kind.strip(), default.strip().strip("`")) for name, kind, default in found}


def known():
    return {name: one for name, one in configured.env.known.items() if not name.endswith("_FILE")}


def test_every_setting_is_documented_and_every_documented_setting_exists():
    assert set(rows()) == set(known())


@pytest.mark.parametrize("name", sorted(known()))
def test_the_documented_kind_and_default_are_those_of_the_code(name):
    kind, default = rows()[name]
    assert kind == known()[name].kind
    assert default == DEFAULTS.get(name, known()[name].default)


def test_every_secret_can_come_from_a_file():
    for name, one in known().items():
        assert (one.kind == "secret") == (f"{name}_FILE" in configured.env.known)


def test_every_check_id_is_documented():
    in_code = set(re.findall(r'id="(watchbook\.[EW]\d{3})"', (ROOT / "config" / "checks.py").read_text()))
    for app in APPS:
        for path in (ROOT / app).rglob("checks.py"):
            in_code |= set(re.findall(r'id="(watchbook\.[EW]\d{3})"', path.read_text()))
    assert in_code == set(re.findall(r"`(watchbook\.[EW]\d{3})`", SETTINGS))


def test_check_ids_are_used_once():
    numbers = re.findall(r"watchbook\.[EW](\d{3})`", SETTINGS)
    assert len(numbers) == len(set(numbers))


def test_every_command_is_documented_and_every_documented_command_exists():
    ours = {name for name, app in get_commands().items() if app in APPS}
    documented = set(
        re.findall(r"^\| `([a-z_]+)` \|", INSTALL.split("## Commands")[1].split("## What")[0], re.MULTILINE)
    )
    assert documented == ours


def test_no_document_names_an_address_outside():
    """Examples use example.com, this machine, and the providers' own defaults; nothing is fetched from elsewhere."""
    for path in (ROOT / "docs").glob("*.md"):
        for host in re.findall(r"https?://([^/\s`:)\"']+)", path.read_text()):
            assert re.search(
                r"(example\.(com|org|net)|127\.0\.0\.1|localhost|api\.twilio\.com|events\.pagerduty\.com|slack\.com|\.test|…)$",
                host,
            ), (
                path,
                host,
            )
