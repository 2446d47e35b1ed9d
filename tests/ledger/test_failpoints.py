"""Fail-points kill only where they were told to, and only when the settings allow it."""

import os
import signal

import pytest

from ledger.failpoints import NAMES, fail_point


@pytest.fixture
def killed(monkeypatch, settings):
    settings.FAIL_POINTS_ENABLED = True
    signals = []
    monkeypatch.setattr(os, "kill", lambda pid, number: signals.append((pid, number)))
    return signals


def test_the_named_place_kills(killed, monkeypatch):
    monkeypatch.setenv("WATCHBOOK_FAIL_POINT", "plan.after_commit")
    fail_point("plan.before_commit")
    assert killed == []
    fail_point("plan.after_commit")
    assert killed == [(os.getpid(), signal.SIGKILL)]


def test_a_file_arms_a_running_process_once(killed, monkeypatch, tmp_path):
    armed = tmp_path / "fail"
    monkeypatch.setenv("WATCHBOOK_FAIL_POINT_FILE", str(armed))
    fail_point("plan.after_commit")
    armed.write_text("plan.after_commit")
    fail_point("plan.before_commit")
    assert killed == []
    fail_point("plan.after_commit")
    fail_point("plan.after_commit")
    assert len(killed) == 1
    assert (tmp_path / f"fail.plan.after_commit.{os.getpid()}").exists()


def test_it_is_off_unless_the_settings_allow_it(killed, monkeypatch, settings):
    settings.FAIL_POINTS_ENABLED = False
    monkeypatch.setenv("WATCHBOOK_FAIL_POINT", "plan.after_commit")
    fail_point("plan.after_commit")
    assert killed == []


def test_a_name_nobody_listed_is_a_mistake_of_ours(killed):
    with pytest.raises(ValueError, match="unknown fail-point"):
        fail_point("somewhere")


def test_there_are_enough_of_them_and_each_is_named_once():
    assert len(NAMES) == len(set(NAMES)) >= 15
