"""The installation makes its own keys once, for its owner only, and never silently a second set."""

import stat
import threading

import pytest

from config import keys
from config.env import Env, SettingError


def test_all_keys_are_made_readable_by_the_owner_only(tmp_path):
    folder = tmp_path / "data"
    assert sorted(keys.ensure_keys(folder)) == sorted(keys.NAMES)
    assert stat.S_IMODE((folder / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / "secrets").iterdir()} == {0o600}


def test_a_second_start_keeps_them(tmp_path):
    keys.ensure_keys(tmp_path)
    before = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert keys.ensure_keys(tmp_path) == []
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == before


def test_two_processes_that_start_together_agree(tmp_path):
    made = []
    threads = [threading.Thread(target=lambda: made.append(keys.ensure_keys(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(name for names in made for name in names) == sorted(keys.NAMES)
    assert sorted(path.name for path in (tmp_path / "secrets").iterdir()) == sorted(keys.NAMES)


def test_the_environment_wins_over_the_file(tmp_path):
    keys.ensure_keys(tmp_path)
    assert keys.read_key(Env({"SECRET_KEY": "mine"}), tmp_path, "secret_key") == "mine"


def test_with_a_shared_database_a_missing_key_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(SettingError, match="SIGNING_KEY is not set. With DATABASE_URL every process needs the same"):
        keys.require_key(Env({}), tmp_path, "signing_key", may_make=False)


def test_a_key_of_the_wrong_length_is_refused_without_showing_it():
    with pytest.raises(SettingError) as caught:
        keys.as_bytes("signing_key", "c2hvcnQ=")
    assert str(caught.value) == "SIGNING_KEY must be 32 bytes in base64."


def test_a_ring_keeps_the_order_so_that_the_first_key_encrypts(tmp_path):
    one, two = keys._fresh("signing_key"), keys._fresh("signing_key")
    assert [key_id for key_id, _ in keys.as_key_ring("encryption_keys", f"k2:{two}, k1:{one}")] == ["k2", "k1"]


def test_a_ring_without_an_id_is_refused():
    with pytest.raises(SettingError, match="ENCRYPTION_KEYS must be written id:key"):
        keys.as_key_ring("encryption_keys", keys._fresh("signing_key"))


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="The keys cannot be written to"):
        keys.ensure_keys(tmp_path / "file")
