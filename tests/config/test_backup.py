"""`manage.py backup`: a copy taken while we work, restored somewhere else, and proved by its ledger."""

import io
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from config.backup import BackupRefused, copy_database
from config.keys import ensure_keys
from ledger.models import Entry
from ledger.record import record
from tests import builders as make

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def embedded():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL is copied by pg_dump")


@pytest.fixture
def house(now):
    make.organisation(now=now)
    return make.person("Ana Duarte", "admin", now=now)


def backup(*arguments):
    said = io.StringIO()
    call_command("backup", *map(str, arguments), stdout=said)
    return said.getvalue()


def restored(folder, copy, *arguments):
    """A command of an installation that was restored from the copy."""
    folder.mkdir()
    shutil.copy2(copy, folder / "watchbook.sqlite3")
    environ = {**os.environ, "DATA_DIR": str(folder), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, cwd=ROOT)


def test_a_restored_copy_verifies_up_to_the_line_that_was_noted(embedded, house, tmp_path, now):
    said = backup("--out", tmp_path / "copy.sqlite3")
    noted = said.split("ends at ")[1].split(". Note")[0]
    with transaction.atomic():  # what happens after the copy is not in it, and does not harm it
        record("test.later", [], {}, now=now)
    done = restored(tmp_path / "elsewhere", tmp_path / "copy.sqlite3", "verify_ledger", "--noted", noted)
    assert done.returncode == 0, done.stderr
    assert f"head {noted}," in done.stdout


def test_a_copy_changed_on_the_way_is_found(embedded, house, tmp_path):
    copy = tmp_path / "copy.sqlite3"
    backup("--out", copy)
    copy.write_bytes(copy.read_bytes().replace(b"config.user.created", b"config.user.creates", 1))
    done = restored(tmp_path / "elsewhere", copy, "verify_ledger")
    assert done.returncode == 1
    assert "The ledger does not hold." in done.stderr


def test_it_is_one_file_for_its_owner_and_is_recorded(embedded, house, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    said = backup("--out", folder / "copy.sqlite3")
    assert [path.name for path in folder.iterdir()] == ["copy.sqlite3"]
    assert stat.S_IMODE((folder / "copy.sqlite3").stat().st_mode) == 0o600
    entry = Entry.objects.get(kind="backup.made")
    assert f'"sha256":"{said.split("SHA-256 ")[1][:64]}"' in entry.line
    assert '"via":"manage.py backup"' in entry.line


def test_keys_go_to_a_place_of_their_own(embedded, house, tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    ensure_keys(settings.DATA_DIR)
    backup("--out", tmp_path / "copy.sqlite3", "--keys-out", tmp_path / "keys")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    for key in (settings.DATA_DIR / "secrets").iterdir():
        kept = tmp_path / "keys" / key.name
        assert kept.read_text() == key.read_text()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert key.read_bytes().strip() not in (tmp_path / "copy.sqlite3").read_bytes()


def test_it_never_overwrites_and_leaves_nothing_half_done(embedded, house, tmp_path, settings):
    (tmp_path / "there").write_text("an older copy")
    with pytest.raises(CommandError, match="is there already; nothing was overwritten"):
        backup("--out", tmp_path / "there")
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        backup("--out", tmp_path / "nowhere" / "copy.sqlite3")
    settings.DATA_DIR = tmp_path / "data"
    ensure_keys(settings.DATA_DIR)
    (tmp_path / "keys").mkdir()
    with pytest.raises(CommandError, match="is there already; nothing was overwritten"):
        backup("--out", tmp_path / "copy.sqlite3", "--keys-out", tmp_path / "keys")
    assert (tmp_path / "there").read_text() == "an older copy"
    assert not (tmp_path / "copy.sqlite3").exists()
    assert not Entry.objects.filter(kind="backup.made").exists()


def test_keys_that_the_environment_holds_are_not_looked_for_elsewhere(embedded, house, tmp_path):
    with pytest.raises(CommandError, match="Not all keys are files in"):
        backup("--out", tmp_path / "copy.sqlite3", "--keys-out", tmp_path / "keys")
    assert list(tmp_path.iterdir()) == []


def test_postgresql_is_left_to_its_own_tool(house, tmp_path, monkeypatch, now):
    monkeypatch.setattr(connection, "vendor", "postgresql")
    with pytest.raises(BackupRefused, match="copy it with pg_dump"):
        copy_database(tmp_path / "copy.sqlite3", now=now)
